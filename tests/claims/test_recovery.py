"""Money asked back, command by command; fraud bars a person."""

from __future__ import annotations

import msgspec
import pytest

from chassis.testing import Spec
from claims.domain.entitlement import ENTITLEMENT, BarPerson, ClaimIncident
from claims.domain.recovery import (
    RECOVERY,
    DecideWriteOff,
    OffsetRecovery,
    OpenRecovery,
    ProposeWriteOff,
    RecordReceipt,
    RecoveryCommand,
)
from contracts.claims.process import (
    PersonBarred,
    RecoveryClosed,
    RecoveryOffset,
    RecoveryOpened,
    RecoveryReceived,
    RecoveryWriteOffDeclined,
    RecoveryWriteOffProposed,
)
from tests.claims.material import PLAN, sealed

SPEC = Spec(RECOVERY)
NOTE = sealed("p1", "health")
OPENED = RecoveryOpened(
    recovery_id="c1",
    claim_id="c1",
    claim_no="GS22-1",
    person_id="p1",
    plan_code=PLAN.code,
    org_path="620000",
    amount_fen=30_000,
    reason="REVERSED",
    note=None,
    due_on="2022-07-30",
    by="head",
)
OPEN = OpenRecovery(OPENED, 72_000, 5_000)


def received(receipt_id: str, fen: int, left_fen: int) -> RecoveryReceived:
    return RecoveryReceived(
        recovery_id="c1",
        claim_id="c1",
        plan_code=PLAN.code,
        receipt_id=receipt_id,
        amount_fen=fen,
        left_fen=left_fen,
        by="finance",
    )


def closed(outcome: str, fen: int, *by: str) -> RecoveryClosed:
    return RecoveryClosed(
        recovery_id="c1", claim_id="c1", plan_code=PLAN.code, outcome=outcome, written_off_fen=fen, decided_by=by
    )


def test_money_is_asked_back_once_and_never_more_than_was_paid() -> None:
    SPEC.when(OPEN).then(OPENED)
    SPEC.given(OPENED).when(OPEN).then_nothing()
    other = msgspec.structs.replace(OPENED, amount_fen=40_000)
    SPEC.given(OPENED).when(OpenRecovery(other, 72_000, 5_000)).then_rejected("recovery-open")
    SPEC.when(OpenRecovery(OPENED, 29_999, 5_000)).then_rejected("recovery-too-large")


def test_a_small_sum_is_let_go_at_once() -> None:
    small = msgspec.structs.replace(OPENED, amount_fen=5_000)
    waived = msgspec.structs.replace(small, waived=True)
    SPEC.when(OpenRecovery(small, 72_000, 5_000)).then(waived, closed("WRITTEN_OFF", 5_000, "head"))


def test_it_comes_back_in_parts_each_counted_once() -> None:
    first = received("r1", 10_000, 20_000)
    SPEC.given(OPENED).when(RecordReceipt("finance", "r1", 10_000)).then(first)
    SPEC.given(OPENED, first).when(RecordReceipt("finance", "r1", 10_000)).then_nothing()
    last = (received("r2", 20_000, 0), closed("RECOVERED", 0, "finance"))
    SPEC.given(OPENED, first).when(RecordReceipt("finance", "r2", 20_000)).then(*last)
    SPEC.given(OPENED, first, *last).when(RecordReceipt("finance", "r2", 20_000)).then_nothing()
    SPEC.given(OPENED, first).when(RecordReceipt("finance", "r2", 20_001)).then_rejected("receipt-too-large")
    SPEC.given(OPENED).when(RecordReceipt("head", "r1", 10_000)).then_rejected("same-person")


def offset(fen: int, left_fen: int, to: str = "c2") -> RecoveryOffset:
    return RecoveryOffset(
        recovery_id="c1",
        claim_id="c1",
        claim_no="GS22-1",
        plan_code=PLAN.code,
        to_claim_id=to,
        amount_fen=fen,
        left_fen=left_fen,
        payee_ids=("p1",),
        due_on="2022-07-30",
        waived=left_fen <= 5_000,
    )


def test_what_a_corrected_claim_is_worth_is_not_asked_back() -> None:
    SPEC.given(OPENED).when(OffsetRecovery("c2", 20_000, 5_000)).then(offset(20_000, 10_000))
    SPEC.given(OPENED, offset(20_000, 10_000)).when(OffsetRecovery("c2", 20_000, 5_000)).then_nothing()
    SPEC.given(OPENED).when(OffsetRecovery("c2", 30_000, 5_000)).then(offset(30_000, 0), closed("RECOVERED", 0, "head"))
    let_go = (offset(25_000, 5_000), closed("WRITTEN_OFF", 5_000, "head"))
    SPEC.given(OPENED).when(OffsetRecovery("c2", 25_000, 5_000)).then(*let_go)
    SPEC.given(OPENED, *let_go).when(OffsetRecovery("c2", 25_000, 5_000)).then_nothing()
    SPEC.given(OPENED, *let_go).when(OffsetRecovery("c3", 5_000, 5_000)).then(offset(5_000, 0, "c3"))
    SPEC.given(OPENED, *let_go).when(OffsetRecovery("c3", 5_001, 5_000)).then_rejected("offset-too-large")
    SPEC.given(OPENED).when(OffsetRecovery("c2", 30_001, 5_000)).then_rejected("offset-too-large")
    SPEC.when(OffsetRecovery("c2", 1, 5_000)).then_rejected("recovery-unknown")
    back = received("r1", 10_000, 10_000)
    SPEC.given(OPENED, offset(10_000, 20_000)).when(RecordReceipt("finance", "r1", 10_000)).then(back)


def test_a_write_off_needs_two_people() -> None:
    proposed = RecoveryWriteOffProposed(recovery_id="c1", claim_id="c1", note=NOTE, by="finance")
    SPEC.given(OPENED).when(ProposeWriteOff("finance", NOTE)).then(proposed)
    SPEC.given(OPENED).when(ProposeWriteOff("finance", None)).then_rejected("reason-missing")
    asked = SPEC.given(OPENED, proposed)
    asked.when(ProposeWriteOff("finance", NOTE)).then_nothing()
    asked.when(ProposeWriteOff("head", NOTE)).then_rejected("write-off-proposed")
    asked.when(DecideWriteOff("finance", agreed=True)).then_rejected("same-person")
    over = closed("WRITTEN_OFF", 30_000, "finance", "head")
    asked.when(DecideWriteOff("head", agreed=True)).then(over)
    asked.given(over).when(DecideWriteOff("head", agreed=True)).then_nothing()
    declined = RecoveryWriteOffDeclined(recovery_id="c1", claim_id="c1", by="head")
    asked.when(DecideWriteOff("head", agreed=False)).then(declined)
    asked.given(declined).when(DecideWriteOff("head", agreed=True)).then_rejected("write-off-not-proposed")


@pytest.mark.parametrize(
    "command", [RecordReceipt("finance", "r", 1), ProposeWriteOff("x", NOTE), DecideWriteOff("x", agreed=True)]
)
def test_what_was_never_asked_or_is_over_stays_so(command: RecoveryCommand) -> None:
    SPEC.when(command).then_rejected("recovery-unknown")
    SPEC.given(OPENED, closed("RECOVERED", 0, "f")).when(command).then_rejected("recovery-closed")


def test_fraud_bars_a_person_until_a_day() -> None:
    spec = Spec(ENTITLEMENT)
    barred = PersonBarred(plan_code=PLAN.code, person_id="p1", claim_id="c1", until="2025-06-30", by="head")
    command = BarPerson(PLAN.code, "p1", "c1", "2025-06-30", "head")
    spec.when(command).then(barred)
    spec.given(barred).when(command).then_nothing()
    asked = ClaimIncident(PLAN.code, "p1", "ILLNESS/2025-06-01", "c2", "UNIT", today="2025-06-30")
    spec.given(barred).when(asked).then_rejected("person-barred")
    later = ClaimIncident(PLAN.code, "p1", "ILLNESS/2025-06-01", "c2", "UNIT", today="2025-07-01")
    assert len(spec.given(barred).when(later).events) == 1
