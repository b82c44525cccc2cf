"""Events of a payout's life, made at run time; no value in them belongs to anyone."""

from __future__ import annotations

from contracts.envelope import Sealed
from contracts.payments.v1 import PayoutBatched, PayoutRequested, PayoutReturned, PayoutSettled
from payments.domain import ledger
from payments.domain.payout import RequestPayout, end_to_end_id

PLAN = "GS-NEF-2022"
AMOUNT_FEN = 5_000_000


def sealed(marker: str = "a") -> Sealed:
    return Sealed(suite="A256GCM", s="payee-1", k="bank", v=1, e="decision-1", c=marker)


def request(**changes: object) -> RequestPayout:
    fields: dict[str, object] = {
        "payout_id": "line-1-payee-1",
        "claim_id": "claim-1",
        "claim_no": "2022-0001",
        "line_id": "line-1",
        "benefit_code": "CRITICAL_ILLNESS",
        "plan_code": PLAN,
        "person_id": "person-1",
        "payee_id": "payee-1",
        "org_path": "620000.620700.620725",
        "amount_fen": AMOUNT_FEN,
        "account": sealed(),
        "account_tail": "1234",
        "approved_by": ("head",),
    }
    return RequestPayout(**{**fields, **changes})  # type: ignore[arg-type]


def requested(**changes: object) -> PayoutRequested:
    command = request(**changes)
    fields = {name: getattr(command, name) for name in command.__dataclass_fields__}
    transfers = ledger.approved(command.payout_id, command.plan_code, command.benefit_code, command.amount_fen)
    return PayoutRequested(**fields, transfers=transfers)


def batched(attempt: int = 1, batch_id: str = "b-1") -> PayoutBatched:
    payout_id = "line-1-payee-1"
    return PayoutBatched(
        payout_id=payout_id,
        batch_id=batch_id,
        attempt=attempt,
        end_to_end_id=end_to_end_id(payout_id, attempt),
        transfers=ledger.reserved(payout_id, attempt, PLAN, AMOUNT_FEN),
    )


def settled(attempt: int = 1, reference: str = "bank-1", tail: str = "1234") -> PayoutSettled:
    return PayoutSettled(
        payout_id="line-1-payee-1",
        claim_id="claim-1",
        claim_no="2022-0001",
        person_id="person-1",
        payee_id="payee-1",
        plan_code=PLAN,
        benefit_code="CRITICAL_ILLNESS",
        amount_fen=AMOUNT_FEN,
        account_tail=tail,
        attempt=attempt,
        bank_reference=reference,
        settled_on="2022-06-01",
        transfers=ledger.settled("line-1-payee-1", attempt, PLAN, AMOUNT_FEN),
    )


def returned(attempt: int = 1, reason: str = "NAME_MISMATCH", *, after_booking: bool = False) -> PayoutReturned:
    moved = ledger.returned if after_booking else ledger.refused
    return PayoutReturned(
        payout_id="line-1-payee-1",
        claim_id="claim-1",
        claim_no="2022-0001",
        person_id="person-1",
        payee_id="payee-1",
        plan_code=PLAN,
        amount_fen=AMOUNT_FEN,
        attempt=attempt,
        reason=reason,
        after_booking=after_booking,
        bank_reference="bank-r",
        transfers=moved("line-1-payee-1", attempt, PLAN, AMOUNT_FEN),
        returned_on="2022-06-01",
    )
