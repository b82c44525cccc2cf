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
from claims.domain.contesting import LEVELS, UPHELD, check_outcome, contest, settle_contest
from claims.domain.reviews import OFFICE_RECHECK
from claims.domain.side_commands import DecideObjection, FileObjection
from claims.domain.standing import closed, unknown
from claims.domain.supplementing import payee_ids
from contracts.claims.process import ObjectionDecided, ObjectionFiled


def file_objection(command: FileObjection, claim: Claim) -> list[ClaimEvent]:
    """Against a refusal or a grant, in time, at the level that has not been decided yet."""
    match claim:
        case Refused(filed, _, _, beside, decided_on):
            if beside.objected >= LEVELS:
                raise Rejected("objections-spent", "The second objection was the last.")
            # A refusal from before the day was recorded can be objected to without limit.
            if decided_on and command.today > command.until:
                raise Rejected("objection-late", "The time to object is over.")
            if command.note is None:
                raise Rejected("reason-missing", "An objection states its reason.", "reason")
            return [
                ObjectionFiled(
                    claim_id=filed.claim_id,
                    claim_no=filed.claim_no,
                    person_id=filed.person_id,
                    payee_ids=payee_ids(filed),
                    level=beside.objected + 1,
                    note=command.note,
                    filed_on=command.today,
                    due_on=command.due_on,
                    by=command.by,
                )
            ]
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
            if command.level != objection.level:
                raise Rejected("objection-level", f"The objection is at level {objection.level}.")
            if command.by in refused.hands.all() or command.by == objection.by:
                raise Rejected("objection-own-decision", "An objection is decided by somebody without part in it.")
            check_outcome(command)
            step = OFFICE_RECHECK if command.lines else ""
            return [
                ObjectionDecided(
                    claim_id=objection.claim_id,
                    claim_no=objection.claim_no,
                    person_id=objection.person_id,
                    payee_ids=objection.payee_ids,
                    level=objection.level,
                    outcome=command.outcome,
                    lines=command.lines,
                    next_step=step,
                    note=command.note,
                    decided_on=command.today,
                    by=command.by,
                    due_on=command.due.get(step, ""),
                )
            ]
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
