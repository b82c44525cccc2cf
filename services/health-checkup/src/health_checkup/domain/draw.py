"""The draw of a quiz as plain functions, so that anyone can make it again from what is published (domain 8.3).

All texts are UTF-8, all hashes SHA-256 in lower-case hexadecimal, `seed` and `salt` hexadecimal of 32 bytes.
Nobody may choose an entry's id, and each rank depends on the seed and on all entries: knowing one is of no use.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hashlib import sha256


def seed_hash(seed: str) -> str:
    """What is published at the opening: of the seed's bytes. Raises ValueError for no hexadecimal."""
    return sha256(bytes.fromhex(seed)).hexdigest()


def answer_hash(salt: str, question: int, choice: int) -> str:
    """Of the salt's bytes and `|<question>|<choice>`, both counted from 0."""
    return sha256(bytes.fromhex(salt) + f"|{question}|{choice}".encode()).hexdigest()


def right_choice(salt: str, question: int, choices: int, published: str) -> int:
    """Which choice a published hash stands for. Raises ValueError when none fits."""
    return [answer_hash(salt, question, choice) for choice in range(choices)].index(published)


def entry_id(quiz_id: str, person_id: str, day: str) -> str:
    """Of `huzhu-quiz-entry-1`, quiz, person and ISO day, a line each."""
    return sha256(f"huzhu-quiz-entry-1\n{quiz_id}\n{person_id}\n{day}".encode()).hexdigest()


def entries_hash(entries: Collection[str]) -> str:
    """Of `huzhu-quiz-entries-1` and the sorted ids, a line each; an id counts once."""
    return sha256("\n".join(["huzhu-quiz-entries-1", *sorted(set(entries))]).encode()).hexdigest()


def winners(seed: str, entries: Collection[str], prizes: int) -> Sequence[str]:
    """The `prizes` entries with the least rank, least first: all of them when there are no more.

    A rank is the hash of `huzhu-quiz-draw-1`, the seed, the hash of all entries and the entry's id, a line each.
    """
    everyone = entries_hash(entries)

    def rank(entry: str) -> str:
        return sha256(f"huzhu-quiz-draw-1\n{seed}\n{everyone}\n{entry}".encode()).hexdigest()

    return sorted(set(entries), key=rank)[:prizes]
