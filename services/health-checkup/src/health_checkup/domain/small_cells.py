"""Which counts of people may be told: none of a few, and none that subtraction would find (domain 8.2, 10)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """So many people of so many: `count` is told or not, `of` is known to whoever asks."""

    count: int
    of: int


@dataclass(frozen=True)
class Told:
    """Whether the whole is told, and which of its parts."""

    whole: bool
    parts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ToldTwice:
    """The same for parts that lie in groups, whose own counts are told in another answer."""

    whole: bool
    groups: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()


def tells_of_few(part: Part, least: int) -> bool:
    """Whether fewer than `least` people are counted, or are the rest of the others."""
    return not least <= part.count <= part.of - least


def whole_of(parts: Collection[Part]) -> Part:
    """All of them together."""
    return Part(sum(part.count for part in parts), sum(part.of for part in parts))


def protect(parts: Mapping[str, Part], least: int, closed: Collection[str] = frozenset()) -> Told:
    """What may be told of some parts beside their sum; `closed` are left out whatever they count.

    What is left out must stay uncertain by `least` people, or by all that the part has: other parts are left out with
    it, the smallest first, and where that is not enough the sum is left out as well, and everything with it.
    """
    if tells_of_few(whole_of([*parts.values()]), least):
        return Told(whole=False)
    guarded = {key for key, part in parts.items() if part.of and (key in closed or tells_of_few(part, least))}
    hidden = set(guarded)
    others = sorted(
        (key for key, part in parts.items() if part.of and key not in hidden), key=lambda key: (parts[key].of, key)
    )
    while not all(_uncertain(parts, hidden, key, least) for key in guarded):
        if not others:
            return Told(whole=False)
        hidden.add(others.pop(0))
    return Told(whole=True, parts=frozenset(parts) - hidden)


def _uncertain(parts: Mapping[str, Part], hidden: Collection[str], key: str, least: int) -> bool:
    """Whether the sum of all that is hidden leaves this one open: what is shown says how many they are together."""
    together = whole_of([parts[one] for one in hidden])
    part = parts[key]
    most = min(part.of, together.count)
    fewest = max(0, together.count - (together.of - part.of))
    return most - fewest >= min(part.of, least)


def protect_twice(groups: Mapping[str, Mapping[str, Part]], least: int) -> ToldTwice:
    """What may be told of parts, of the groups that they lie in, and of the whole, so that no two of these tell more.

    A group that cannot be told beside its own parts is closed; of a group that is left out every part is left out.
    """
    inside = {name: protect(parts, least) for name, parts in groups.items()}
    sums = {name: whole_of([*parts.values()]) for name, parts in groups.items()}
    outside = protect(sums, least, {name for name, told in inside.items() if not told.whole})
    parts = frozenset(key for name in outside.parts for key in inside[name].parts)
    return ToldTwice(outside.whole, outside.parts, parts)


def protect_counts(counts: Mapping[str, int], least: int) -> Told:
    """What may be told of people counts and of their sum; nought is nobody, and is told.

    Who asks knows that each of those left out is one person at least.
    """
    total = sum(counts.values())
    hidden = {key for key, count in counts.items() if 0 < count < least}
    others = sorted((key for key, count in counts.items() if count >= least), key=lambda key: (counts[key], key))
    while hidden and others and _spare(counts, hidden) < least - 1:
        hidden.add(others.pop(0))
    certain = bool(hidden) and _spare(counts, hidden) < least - 1
    return Told(not certain and not 0 < total < least, frozenset(counts) - hidden)


def _spare(counts: Mapping[str, int], hidden: Collection[str]) -> int:
    """How many people any of the hidden may have beyond its one."""
    return sum(counts[key] for key in hidden) - len(hidden)


def steps_told(counts: tuple[int, int, int], least: int) -> tuple[int | None, int | None]:
    """Of findings raised, followed up and ended, the latter two as far as they tell of nobody waiting or under way."""
    raised, followed_up, ended = counts
    above, told = raised, []
    for count in (followed_up, ended):
        tells = count < least or 0 < above - count < least
        told.append(None if tells else count)
        above = above if tells else count
    return told[0], told[1]
