"""Objections to a grant (domain 4.8): its amount may rise by another person's signature, and never falls."""

from __future__ import annotations

from collections.abc import Collection

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
from claims.domain.reviews import HEAD_APPROVAL
from claims.domain.side_commands import DecideObjection, FileObjection, RaiseGrant
from claims.domain.standing import unknown
from claims.domain.supplementing import payee_ids
from contracts.claims.process import LargeSumReported, ObjectionDecided, ObjectionFiled
from contracts.claims.v1 import BenefitLine, ClaimApproved, ClaimFiled
from contracts.envelope import changed

LEVELS = 2
UPHELD, OVERTURNED, PARTLY = "UPHELD", "OVERTURNED", "PARTLY"
REFUSAL, GRANT = "REFUSAL", "GRANT"


def contest(command: FileObjection, granted: Approved) -> list[ClaimEvent]:
    """In time, at the level that has not been decided yet; what is owed goes on being paid."""
    said, approved = granted.contest, granted.approved
    if said.open is not None:
        if said.open.by == command.by:
            return []
        raise Rejected("objection-open", "An objection is being decided.")
    if said.raised:
        raise Rejected("objection-open", "What the last objection has won waits for a signature.")
    return objected(command, approved, said.levels, late=command.today > command.until, against=GRANT)


def objected(
    command: FileObjection, about: ClaimFiled | ClaimApproved, decided: int, *, late: bool, against: str
) -> list[ClaimEvent]:
    """The objection, at the level after those that are `decided`. Raises Rejected."""
    if decided >= LEVELS:
        raise Rejected("objections-spent", "The second objection was the last.")
    if late:
        raise Rejected("objection-late", "The time to object is over.")
    if command.note is None:
        raise Rejected("reason-missing", "An objection states its reason.", "reason")
    return [
        ObjectionFiled(
            claim_id=about.claim_id,
            claim_no=about.claim_no,
            person_id=about.person_id,
            payee_ids=payee_ids(about),
            level=decided + 1,
            note=command.note,
            filed_on=command.today,
            due_on=command.due_on,
            by=command.by,
            against=against,
        )
    ]


def settle_contest(command: DecideObjection, granted: Approved) -> list[ClaimEvent]:
    """UPHELD leaves the grant; OVERTURNED and PARTLY name lines that give more, for another person to sign."""
    said, approved = granted.contest, granted.approved
    if said.open is None:
        if said.levels == command.level and command.outcome == UPHELD and not said.raised:
            return []
        raise Rejected("objection-missing", "There is no objection to decide.")
    check_decision(command, said.open, (*approved.reviewed_by, *said.by))
    lines = tuple(_raised(approved, line, command.level) for line in command.lines)
    return [decision(command, said.open, lines, HEAD_APPROVAL)]


def check_decision(command: DecideObjection, objection: ObjectionFiled, hands: Collection[str]) -> None:
    """Raises Rejected objection-level, objection-own-decision, and what `check_outcome` does."""
    if command.level != objection.level:
        raise Rejected("objection-level", f"The objection is at level {objection.level}.")
    if command.by in hands or command.by == objection.by:
        raise Rejected("objection-own-decision", "An objection is decided by somebody without part in it.")
    check_outcome(command)


def decision(
    command: DecideObjection, objection: ObjectionFiled, lines: tuple[BenefitLine, ...], step_of_lines: str
) -> ObjectionDecided:
    """What is decided about an objection; what it grants goes on to a step by other hands."""
    step = step_of_lines if lines else ""
    return ObjectionDecided(
        claim_id=objection.claim_id,
        claim_no=objection.claim_no,
        person_id=objection.person_id,
        payee_ids=objection.payee_ids,
        level=objection.level,
        outcome=command.outcome,
        lines=lines,
        next_step=step,
        note=command.note,
        decided_on=command.today,
        by=command.by,
        due_on=command.due.get(step, ""),
        against=objection.against,
        facts=command.facts,
    )


def _raised(approved: ClaimApproved, line: BenefitLine, level: int) -> BenefitLine:
    """The line whole, less what was granted of it: its difference is a payout of its own, so it has its own id."""
    before = next((one for one in approved.lines if one.benefit_code == line.benefit_code), None)
    if before is None:
        return line
    if line.amount_fen <= before.amount_fen:
        raise Rejected("not-in-favour", "An objection gives the member more than before.", "benefit_codes")
    return changed(
        line,
        line_id=f"{line.line_id}.raised{level}",
        advanced_fen=before.amount_fen,
        offset_fen=before.offset_fen,
        replaced_fen=before.replaced_fen,
        advanced_as=before.advanced_as,
    )


def raise_grant(command: RaiseGrant, claim: Claim) -> list[ClaimEvent]:
    """The grant anew, whole: lines that were raised or added, the others as they were."""
    match claim:
        case Approved() | Paid():
            granted = granted_of(claim)
        case Absent():
            raise unknown()
        case (
            AtUnion()
            | AtOffice()
            | Assessed()
            | Rechecked()
            | AwaitingPapers()
            | ClosedIncomplete()
            | Withdrawn()
            | Refused()
            | Objected()
        ):
            raise _nothing_won()
    approved, said = granted.approved, granted.contest
    if not said.raised:
        if approved.raised and approved.reviewed_by[-1] == command.by:
            return []
        raise _nothing_won()
    if command.by in (*approved.reviewed_by, *said.by):
        raise Rejected("same-reviewer", "Each review needs another person.")
    raised = {line.benefit_code: line for line in said.raised}
    whole = {line.benefit_code: changed(line, advanced_fen=line.amount_fen) for line in approved.lines}
    lines = tuple((whole | raised).values())
    total_fen = sum(line.amount_fen for line in lines)
    anew = changed(
        approved,
        lines=lines,
        total_fen=total_fen,
        approved_on=command.today,
        reviewed_by=tuple(dict.fromkeys((*approved.reviewed_by, *said.by, command.by))),
        raised=True,
    )
    if command.report_above_fen is None or total_fen <= command.report_above_fen:
        return [anew]
    return [anew, LargeSumReported(claim_id=approved.claim_id, claim_no=approved.claim_no, total_fen=total_fen)]


def check_outcome(command: DecideObjection) -> None:
    """Raises Rejected reason-missing, outcome-unknown, outcome-with-lines, outcome-without-lines."""
    if command.note is None:
        raise Rejected("reason-missing", "The decision on an objection states its reason.", "reason")
    if command.outcome not in (UPHELD, OVERTURNED, PARTLY):
        raise Rejected("outcome-unknown", "An objection is upheld, overturned, or partly overturned.", "outcome")
    if command.outcome == UPHELD and command.lines:
        raise Rejected("outcome-with-lines", "A decision that stands grants nothing more.", "benefit_codes")
    if command.outcome != UPHELD and not command.lines:
        raise Rejected("outcome-without-lines", "An overturned decision names what is granted.", "benefit_codes")


def _nothing_won() -> Rejected:
    return Rejected("nothing-to-sign", "No objection has won anything that waits for a signature.")
