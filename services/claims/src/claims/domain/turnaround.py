"""How long each step of a claim took, in working days, read from its history (domain 4.2, 10)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

FILING_TO_MONEY, PAYMENT = "FILING_TO_MONEY", "PAYMENT"
"""From the filing until all has arrived, and its last part from the decision on; the papers' time is in the former."""
STOPS = ("PAPERS_REQUESTED", "CLOSED_INCOMPLETE", "WITHDRAWN", "REJECTED", "APPROVED", "PAID")


@dataclass(frozen=True)
class Passage:
    """One transition of a claim: what, to which step ("" to none), on which day in Asia/Shanghai."""

    what: str
    next_step: str
    on: date


@dataclass
class Times:
    """Working days of one step of all claims, and how often the step came too late."""

    days: list[int] = field(default_factory=list)
    overdue: int = 0


def working_days_of(
    passages: Sequence[Passage], between: Callable[[date, date], int]
) -> tuple[dict[str, int], list[str]]:
    """Working days by step that the claim has left, and the steps that were overdue.

    A step that is entered again goes on counting; while papers are awaited no step counts.
    """
    days: dict[str, int] = {}
    overdue: list[str] = []
    step, since, filed, approved = "", passages[0].on, passages[0].on, None
    for passage in passages:
        if passage.what == "OVERDUE":
            overdue.append(passage.next_step)
            continue
        moves = passage.what in STOPS or (passage.next_step and passage.next_step != step)
        if not moves:
            continue
        if step:
            days[step] = days.get(step, 0) + between(since, passage.on)
        step, since = ("" if passage.what in STOPS else passage.next_step), passage.on
        if passage.what == "APPROVED":
            approved = passage.on
        if passage.what == "PAID" and approved is not None:
            days[PAYMENT] = between(approved, passage.on)
            days[FILING_TO_MONEY] = between(filed, passage.on)
    return days, overdue


def quantile(days: Iterable[int], percent: int) -> int:
    """The smallest number that at least so many percent do not exceed (nearest rank)."""
    ordered = sorted(days)
    return ordered[max(-(-len(ordered) * percent // 100), 1) - 1] if ordered else 0
