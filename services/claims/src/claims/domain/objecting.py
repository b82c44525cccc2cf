"""Objections (domain 4.8): two levels, each decided by somebody without part in what was decided."""

from __future__ import annotations

from chassis.decider import Rejected
from claims.domain.claim_stages import (
    Absent,
    Approved,
    Assessed,
    AtOffice,
    AtUnion,
    AwaitingPapers,
    Claim,
    ClaimEvent,
    ClosedIncomplete,
    Objected,
    Paid,
    Rechecked,
    Refused,
    Withdrawn,
    granted_of,
)
from claims.domain.contesting import REFUSAL, UPHELD, check_decision, contest, decision, objected, settle_contest
from claims.domain.reviews import OFFICE_RECHECK
from claims.domain.side_commands import DecideObjection, FileObjection
from claims.domain.standing import closed, unknown


def file_objection(command: FileObjection, claim: Claim) -> list[ClaimEvent]:
    """Against a refusal or a grant, in time, at the level that has not been decided yet."""
    match claim:
        case Refused(filed, _, _, beside, decided_on):
            # A refusal from before the day was recorded can be objected to without limit.
            late = bool(decided_on) and command.today > command.until
            return objected(command, filed, beside.objected, late=late, against=REFUSAL)
        case Objected(objection=objection):
            if objection.by == command.by:
                return []
            raise Rejected("objection-open", "An objection is being decided.")
        case Approved() | Paid():
            return contest(command, granted_of(claim))
        case Absent():
            raise unknown()
        case AtUnion() | AtOffice() | Assessed() | Rechecked() | AwaitingPapers():
            raise Rejected("claim-not-refused", "Only a decision can be objected to.")
        case ClosedIncomplete() | Withdrawn():
            raise closed()


def decide_objection(command: DecideObjection, claim: Claim) -> list[ClaimEvent]:
    """UPHELD leaves the refusal; OVERTURNED and PARTLY bring lines to the office's recheck, by other hands."""
    match claim:
        case Objected(refused, objection):
            check_decision(command, objection, refused.hands.all())
            return [decision(command, objection, command.lines, OFFICE_RECHECK)]
        case Refused(beside=beside):
            if beside.objected == command.level and command.outcome == UPHELD:
                return []
            raise Rejected("objection-missing", "There is no objection to decide.")
        case Approved() | Paid():
            return settle_contest(command, granted_of(claim))
        case Absent():
            raise unknown()
        case AtUnion() | AtOffice() | Assessed() | Rechecked() | AwaitingPapers():
            raise Rejected("objection-missing", "There is no objection to decide.")
        case ClosedIncomplete() | Withdrawn():
            raise closed()
