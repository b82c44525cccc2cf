"""What payments tell: a payout arrived or came back, also one that was granted ahead of the decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from chassis.decider import Rejected
from claims.domain.claim_commands import RecordPaymentFailed, RecordPayoutArrived
from claims.domain.claim_stages import (
    Absent,
    Approved,
    Assessed,
    AtOffice,
    AtUnion,
    AwaitingPapers,
    Beside,
    Claim,
    ClaimEvent,
    ClosedIncomplete,
    Objected,
    Paid,
    Rechecked,
    Refused,
    Withdrawn,
)
from claims.domain.standing import unknown
from contracts.claims.process import AdvanceGranted
from contracts.claims.v1 import ClaimApproved, ClaimPaid, PaymentFailed, PayoutArrived


def record_arrival(command: RecordPayoutArrived, claim: Claim) -> list[ClaimEvent]:
    """A payout of the claim; the last one makes it paid."""
    match claim:
        case Approved(approved, arrived):
            if any(one.payout_id == command.payout_id for one in arrived):
                return []
            codes = {line.benefit_code for line in approved.lines}
            payees = {payee.payee_id for payee in approved.payees}
            if command.benefit_code not in codes or command.payee_id not in payees:
                fresh = _of_advance(command, claim.advances)
            else:
                fresh = _arrival(command, approved.claim_id)
            return [fresh, *paid_in_full(approved, (*arrived, fresh))]
        case Paid():
            return []
        case Absent():
            raise unknown()
        case AtUnion() | AtOffice() | Assessed() | Rechecked() | Refused():
            return _advance_arrival(command, claim.beside)
        case AwaitingPapers(waiting) | ClosedIncomplete(waiting):
            return _advance_arrival(command, waiting.beside)
        case Objected(refused):
            return _advance_arrival(command, refused.beside)
        case Withdrawn():
            raise _not_approved()


def paid_in_full(approved: ClaimApproved, arrived: Iterable[PayoutArrived]) -> list[ClaimPaid]:
    """ClaimPaid once every line has arrived: an advance beyond its own line pays no other one.

    What a corrected claim has paid before has arrived with it, and so has what was paid ahead of a benefit that the
    line has replaced.
    """
    offset = {line.benefit_code: line.offset_fen for line in approved.lines if line.offset_fen}
    fen_by_benefit: Counter[str] = Counter(offset)
    for one in arrived:
        fen_by_benefit[one.benefit_code] += one.amount_fen
    if not fen_by_benefit or any(
        sum(fen_by_benefit[code] for code in (line.benefit_code, *line.advanced_as)) < line.amount_fen
        for line in approved.lines
    ):
        return []
    return [ClaimPaid(claim_id=approved.claim_id, person_id=approved.person_id, total_fen=approved.total_fen)]


def record_failure(command: RecordPaymentFailed, claim: Claim) -> list[ClaimEvent]:
    """An attempt came back, each once."""
    match claim:
        case Approved(approved, arrived, failed) | Paid(Approved(approved, arrived, failed)):
            return _failure(command, approved.claim_id, arrived, failed)
        case Absent():
            raise unknown()
        case AtUnion() | AtOffice() | Assessed() | Rechecked() | Refused():
            return _advance_failure(command, claim.beside)
        case AwaitingPapers(waiting) | ClosedIncomplete(waiting):
            return _advance_failure(command, waiting.beside)
        case Objected(refused):
            return _advance_failure(command, refused.beside)
        case Withdrawn():
            raise _not_approved()


def _advance_arrival(command: RecordPayoutArrived, beside: Beside) -> list[ClaimEvent]:
    """Money granted ahead arrives while the claim is still open, or after it was refused."""
    if not beside.advances:
        raise _not_approved()
    if any(one.payout_id == command.payout_id for one in beside.arrived):
        return []
    return [_of_advance(command, beside.advances)]


def _of_advance(command: RecordPayoutArrived, advances: Iterable[AdvanceGranted]) -> PayoutArrived:
    for advance in advances:
        payees = {payee.payee_id for payee in advance.payees}
        if advance.benefit_code == command.benefit_code and command.payee_id in payees:
            return _arrival(command, advance.claim_id)
    raise Rejected("payout-not-due", "The claim owes no such payout.")


def _advance_failure(command: RecordPaymentFailed, beside: Beside) -> list[ClaimEvent]:
    if not beside.advances:
        raise _not_approved()
    return _failure(command, beside.advances[0].claim_id, beside.arrived, beside.failed, ahead=True)


def _arrival(command: RecordPayoutArrived, claim_id: str) -> PayoutArrived:
    return PayoutArrived(
        claim_id=claim_id,
        payout_id=command.payout_id,
        benefit_code=command.benefit_code,
        payee_id=command.payee_id,
        amount_fen=command.amount_fen,
    )


def _failure(
    command: RecordPaymentFailed,
    claim_id: str,
    arrived: Iterable[PayoutArrived],
    failed: frozenset[tuple[str, int]],
    *,
    ahead: bool = False,
) -> list[ClaimEvent]:
    if (command.payout_id, command.attempt) in failed:
        return []
    back = [one for one in arrived if one.payout_id == command.payout_id]
    return [
        PaymentFailed(
            claim_id=claim_id,
            payout_id=command.payout_id,
            attempt=command.attempt,
            reason=command.reason,
            benefit_code=back[0].benefit_code if back else "",
            came_back_fen=sum(one.amount_fen for one in back),
            ahead=ahead,
        )
    ]


def _not_approved() -> Rejected:
    return Rejected("claim-not-approved", "Only an approved claim is paid.")
