"""The draw of a quiz as plain functions, so that anyone can make it again from what is published (domain 8.3).

All texts are UTF-8, all hashes SHA-256 in lower-case hexadecimal, `seed` and `salt` hexadecimal of 32 bytes.
Nobody may choose an entry's id, and each rank depends on the seed and on all entries: knowing one is of no use.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
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


def head(quiz_id: str, person_id: str) -> str:
    """Who entered, under a name of this quiz's alone: of `huzhu-quiz-head-1`, quiz and person, a line each."""
    return sha256(f"huzhu-quiz-head-1\n{quiz_id}\n{person_id}".encode()).hexdigest()


def entry_of(head: str, day: str) -> str:
    """An entry's id: of `huzhu-quiz-entry-2`, the head and the ISO day, a line each."""
    return sha256(f"huzhu-quiz-entry-2\n{head}\n{day}".encode()).hexdigest()


def entry_id(quiz_id: str, person_id: str, day: str) -> str:
    """The id of a person's entry of an ISO day."""
    return entry_of(head(quiz_id, person_id), day)


def heads_by_entry(heads: Iterable[str], days: Collection[str]) -> dict[str, str]:
    """Whose an entry is, for every entry that these heads can have made on these days."""
    return {entry_of(head, day): head for head in heads for day in days}


def entries_hash(entries: Collection[str]) -> str:
    """Of `huzhu-quiz-entries-1` and the sorted ids, a line each; an id counts once."""
    return sha256("\n".join(["huzhu-quiz-entries-1", *sorted(set(entries))]).encode()).hexdigest()


def winners(seed: str, entries: Collection[str], prizes: int, heads: Mapping[str, str] | None = None) -> Sequence[str]:
    """The `prizes` entries with the least rank, least first: all of them when there are no more.

    A rank is the hash of `huzhu-quiz-draw-1`, the seed, the hash of all entries and the entry's id, a line each. An
    entry whose head, by `heads`, has won is passed over. The heads of the winners are enough to draw again: before the
    prizes are gone only a winner is passed over.
    """
    everyone = entries_hash(entries)

    def rank(entry: str) -> str:
        return sha256(f"huzhu-quiz-draw-1\n{seed}\n{everyone}\n{entry}".encode()).hexdigest()

    first: dict[str, str] = {}
    for entry in sorted(set(entries), key=rank):
        first.setdefault((heads or {}).get(entry, entry), entry)
    return [*first.values()][:prizes]
