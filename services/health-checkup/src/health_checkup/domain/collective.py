"""What a stop found, in numbers that tell of nobody: small cells are left out before it is published (8.2, 10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.health_checkup.records import CollectiveReportIssued, ItemCount

WITHHELD = -1
"""Stands for a number that would tell."""


def shown(measured: int, abnormal: int, small_cell: int) -> int:
    """The number, or WITHHELD: where 1 to `small_cell` - 1 are concerned, and where so few are not."""
    few_are = 0 < abnormal < small_cell
    few_are_not = abnormal > 0 and measured - abnormal < small_cell
    return WITHHELD if few_are or few_are_not else abnormal


def counted(measured: Mapping[str, int], abnormal: Mapping[str, int], small_cell: int) -> tuple[ItemCount, ...]:
    """One line an item that enough people were measured for, in the order given."""
    return tuple(
        ItemCount(item=item, measured=number, abnormal=shown(number, abnormal.get(item, 0), small_cell))
        for item, number in measured.items()
        if number >= small_cell
    )


@dataclass(frozen=True)
class Unissued:
    """None yet."""


@dataclass(frozen=True)
class Issued:
    """The newest issue, and on how many people it rests."""

    issue: int
    examined: int
    items: tuple[ItemCount, ...]
    findings: tuple[ItemCount, ...]


Collective: TypeAlias = Unissued | Issued


def evolve(collective: Collective, event: CollectiveReportIssued) -> Collective:
    """Fold one event."""
    del collective
    return Issued(event.issue, event.examined, event.items, event.findings)


@dataclass(frozen=True)
class IssueReport:
    """The provider gives the union the numbers of a stop; they come in counted, with nobody's name."""

    stop_id: str
    campaign: str
    org_path: str
    examined: int
    small_cell: int
    items: tuple[ItemCount, ...]
    findings: tuple[ItemCount, ...]
    today: str
    by: str


def decide(command: IssueReport, collective: Collective) -> list[CollectiveReportIssued]:
    """A later issue rests on enough more people that the difference of two tells of nobody."""
    if command.examined < command.small_cell:
        raise Rejected("too-few-examined", f"A report rests on at least {command.small_cell} people's results.")
    issue = 1
    if isinstance(collective, Issued):
        if (command.examined, command.items, command.findings) == (
            collective.examined, collective.items, collective.findings
        ):  # fmt: skip
            return []
        if command.examined - collective.examined < command.small_cell:
            sentence = f"Another issue needs the results of at least {command.small_cell} more people."
            raise Rejected("too-few-more", sentence)
        issue = collective.issue + 1
    return [
        CollectiveReportIssued(
            stop_id=command.stop_id,
            campaign=command.campaign,
            org_path=command.org_path,
            issue=issue,
            examined=command.examined,
            small_cell=command.small_cell,
            items=command.items,
            findings=command.findings,
            issued_on=command.today,
            by=command.by,
        )
    ]


COLLECTIVE: Decider[IssueReport, Collective, CollectiveReportIssued] = Decider(
    "stop-report", Unissued(), evolve, decide
)
