"""Papers of a relief case: asked for, handed in, reminded of; a case closed for want of them, and reopened."""

from __future__ import annotations

from chassis.decider import Rejected
from claims.domain.relief_commands import AskReliefPapers, FollowUpReliefPapers, ReopenRelief, SupplyReliefPapers
from claims.domain.relief_stages import (
    Absent,
    Agreed,
    AtCounty,
    ClosedIncomplete,
    Dossier,
    Granted,
    Paid,
    Refused,
    Relief,
    ReliefEvent,
    Verified,
    Withdrawn,
)
from claims.domain.reminding import day_due, next_on
from contracts.claims.relief import (
    ReliefClosedIncomplete,
    ReliefPapersAsked,
    ReliefPapersReminded,
    ReliefPapersSupplied,
    ReliefReopened,
)


def ask(command: AskReliefPapers, relief: Relief) -> list[ReliefEvent]:
    """The county asks; the same asked again is quiet."""
    match relief:
        case AtCounty(dossier, asked):
            if not command.needs:
                raise Rejected("needs-missing", "Say which papers are needed.", "needs")
            if asked == command.needs:
                return []
            not_filer(dossier, command.by)
            filed = dossier.filed
            return [
                ReliefPapersAsked(
                    relief_id=filed.relief_id,
                    relief_no=filed.relief_no,
                    person_id=filed.person_id,
                    needs=command.needs,
                    due_on=command.due_on,
                    by=command.by,
                    asked_on=command.today,
                    remind_days=command.remind_days,
                    next_on=next_on(command.today, command.remind_days, (), command.due_on),
                )
            ]
        case Verified() | Agreed():
            raise Rejected("relief-step-not-due", "The county has looked into it already.")
        case Absent() | ClosedIncomplete() | Granted() | Paid() | Refused() | Withdrawn():
            raise over(relief)


def supply(command: SupplyReliefPapers, relief: Relief) -> list[ReliefEvent]:
    """What is there already is quiet; while papers are asked for, another picture of a kind counts."""
    match relief:
        case AtCounty(dossier, asked):
            kinds = {document.kind for document in command.documents}
            digests = {document.sha256 for document in command.documents}
            if kinds <= dossier.papers and not (asked and digests - dossier.digests):
                return []
            return [ReliefPapersSupplied(relief_id=dossier.filed.relief_id, documents=command.documents, by=command.by)]
        case ClosedIncomplete():
            raise Rejected("reopen-first", "The case was closed for want of papers: reopen it with them.")
        case Verified() | Agreed():
            raise Rejected("relief-step-not-due", "The county has looked into it already.")
        case Absent() | Granted() | Paid() | Refused() | Withdrawn():
            raise over(relief)


def follow_up(command: FollowUpReliefPapers, relief: Relief) -> list[ReliefEvent]:
    """The reminder that is due, each day's once, the latest of several; after the last day the case is closed."""
    if not isinstance(relief, AtCounty) or relief.request is None:
        return []
    asked = relief.request
    if command.today > asked.due_on:
        return [
            ReliefClosedIncomplete(
                relief_id=asked.relief_id,
                relief_no=asked.relief_no,
                person_id=asked.person_id,
                closed_on=command.today,
            )
        ]
    if not asked.asked_on:
        return []
    day = day_due(asked.asked_on, asked.remind_days, relief.reminded, command.today)
    if not day:
        return []
    return [
        ReliefPapersReminded(
            relief_id=asked.relief_id,
            relief_no=asked.relief_no,
            person_id=asked.person_id,
            day=day,
            next_on=next_on(asked.asked_on, asked.remind_days, relief.reminded | {day}, asked.due_on),
            due_on=asked.due_on,
        )
    ]


def reopen(command: ReopenRelief, relief: Relief) -> list[ReliefEvent]:
    """A case closed for want of papers goes on when they come, within the plan's days."""
    match relief:
        case ClosedIncomplete(dossier):
            if not command.documents:
                raise Rejected("papers-missing", "At least one paper is handed in.", "documents")
            if command.today > command.until:
                raise Rejected("relief-late", "The time for asking is over.")
            return [ReliefReopened(relief_id=dossier.filed.relief_id, documents=command.documents, by=command.by)]
        case AtCounty(dossier):
            digests = {document.sha256 for document in command.documents}
            if digests and digests <= dossier.digests:
                return []
            raise Rejected("relief-not-closed", "The case is open.")
        case Verified() | Agreed():
            raise Rejected("relief-not-closed", "The case is open.")
        case Absent() | Granted() | Paid() | Refused() | Withdrawn():
            raise over(relief)


def not_filer(dossier: Dossier, by: str) -> None:
    """Raises Rejected filer-verifies."""
    if by == dossier.filed.by:
        raise Rejected("filer-verifies", "Who filed the case does not look into it.")


def over(relief: Relief) -> Rejected:
    """Nothing more can be done with the case."""
    if isinstance(relief, Absent):
        return Rejected("relief-unknown", "No such relief case.")
    return Rejected("relief-closed", "The case has been decided, closed or taken back.")
