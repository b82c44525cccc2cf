"""A batch passes three people, none of whom approved what it pays, and is sent once."""

from __future__ import annotations

import pytest

from chassis.testing import Spec
from contracts.payments.bank import BatchPartlyDone, BatchReconciled
from contracts.payments.v1 import BatchChecked, BatchDrafted, BatchSent, BatchSigned, BatchWarning
from payments.domain.batch import (
    BATCH,
    BATCH_PAYOUTS_MAX,
    BatchItem,
    CheckBatch,
    DraftBatch,
    RecordEnds,
    RecordSending,
    SignBatch,
)

from .synthetic import PLAN

batch = Spec(BATCH)
ITEMS = (BatchItem("p-1", 100, ("head",)), BatchItem("p-2", 250, ("head", "rechecker")))
DRAFT = DraftBatch("b-1", PLAN, ITEMS, by="maker")
DRAFTED = BatchDrafted(
    batch_id="b-1",
    plan_code=PLAN,
    payout_ids=("p-1", "p-2"),
    total_fen=350,
    approved_by=("head", "rechecker"),
    by="maker",
)
CHECKED = BatchChecked(batch_id="b-1", by="checker")
SIGNED = BatchSigned(batch_id="b-1", by="signer", file_sha256="f" * 64, count=2, total_fen=350, file_format="csv")
SENT = BatchSent(batch_id="b-1", bank_reference="ref")


def test_a_maker_drafts_a_batch_with_its_control_totals() -> None:
    batch.when(DRAFT).then(DRAFTED)


def test_drafting_the_same_batch_twice_changes_nothing() -> None:
    batch.given(DRAFTED).when(DRAFT).then_nothing()


def test_a_draft_of_the_same_id_with_other_payouts_is_refused() -> None:
    batch.given(DRAFTED).when(DraftBatch("b-1", PLAN, ITEMS[:1], by="maker")).then_rejected("batch-differs")


def test_an_empty_batch_is_refused() -> None:
    batch.when(DraftBatch("b-1", PLAN, (), by="maker")).then_rejected("batch-empty")


def test_a_payout_stands_in_a_batch_once() -> None:
    batch.when(DraftBatch("b-1", PLAN, ITEMS[:1] * 2, by="maker")).then_rejected("payout-repeated")


def test_a_batch_is_bounded() -> None:
    items = tuple(BatchItem(f"p-{n}", 1, ()) for n in range(BATCH_PAYOUTS_MAX + 1))
    batch.when(DraftBatch("b-1", PLAN, items, by="maker")).then_rejected("batch-too-large")


def test_a_second_person_checks_and_a_third_signs() -> None:
    batch.given(DRAFTED).when(CheckBatch("checker")).then(CHECKED)
    batch.given(DRAFTED, CHECKED).when(SignBatch("signer", "f" * 64, 0, "csv")).then(SIGNED)


@pytest.mark.parametrize("approver", ["head", "rechecker"])
def test_who_approved_a_claim_does_not_pay_it(approver: str) -> None:
    batch.when(DraftBatch("b-1", PLAN, ITEMS, by=approver)).then_rejected("approver-cannot-pay")
    batch.given(DRAFTED).when(CheckBatch(approver)).then_rejected("approver-cannot-pay")
    batch.given(DRAFTED, CHECKED).when(SignBatch(approver, "f" * 64)).then_rejected("approver-cannot-pay")


def test_maker_checker_and_signer_are_three_people() -> None:
    batch.given(DRAFTED).when(CheckBatch("maker")).then_rejected("same-person")
    batch.given(DRAFTED, CHECKED).when(SignBatch("maker", "f" * 64)).then_rejected("same-person")
    batch.given(DRAFTED, CHECKED).when(SignBatch("checker", "f" * 64)).then_rejected("same-person")


def test_a_repeated_check_or_signature_of_the_same_person_is_quiet() -> None:
    batch.given(DRAFTED, CHECKED).when(CheckBatch("checker")).then_nothing()
    batch.given(DRAFTED, CHECKED, SIGNED).when(SignBatch("signer", "f" * 64, 0, "csv")).then_nothing()


def test_another_persons_check_or_signature_comes_too_late() -> None:
    batch.given(DRAFTED, CHECKED).when(CheckBatch("other")).then_rejected("batch-already-checked")
    batch.given(DRAFTED, CHECKED, SIGNED).when(SignBatch("other", "f" * 64)).then_rejected("batch-already-signed")


def test_an_unchecked_batch_is_not_signed() -> None:
    batch.given(DRAFTED).when(SignBatch("signer", "f" * 64, 0, "csv")).then_rejected("batch-not-checked")


def test_a_signed_batch_is_sent_once() -> None:
    batch.given(DRAFTED, CHECKED, SIGNED).when(RecordSending("ref")).then(SENT)
    batch.given(DRAFTED, CHECKED, SIGNED, SENT).when(RecordSending("ref")).then_nothing()
    batch.given(DRAFTED, CHECKED, SIGNED, SENT).when(RecordSending("ref-2")).then_rejected("batch-sent-twice")


def test_an_unsigned_batch_is_not_sent() -> None:
    batch.given(DRAFTED).when(RecordSending("ref")).then_rejected("batch-not-signed")
    batch.given(DRAFTED, CHECKED).when(RecordSending("ref")).then_rejected("batch-not-signed")


@pytest.mark.parametrize(
    "command", [CheckBatch("x"), SignBatch("x", "f"), RecordSending("ref"), RecordEnds(1, agreed=True)]
)
def test_nothing_happens_to_a_batch_that_is_not_there(
    command: CheckBatch | SignBatch | RecordSending | RecordEnds,
) -> None:
    batch.when(command).then_rejected("batch-unknown")


def test_what_people_should_look_at_is_listed_by_serial_and_stops_nothing() -> None:
    items = (ITEMS[0], BatchItem("p-2", 250, ("head", "rechecker"), ("luhn-fails", "name-differs")))
    (drafted,) = BATCH.decide(DraftBatch("b-1", PLAN, items, by="maker"), BATCH.initial)
    assert isinstance(drafted, BatchDrafted)
    assert drafted.warnings == (
        BatchWarning(serial=2, code="luhn-fails"),
        BatchWarning(serial=2, code="name-differs"),
    )


def test_a_batch_is_not_signed_without_its_file() -> None:
    batch.given(DRAFTED, CHECKED).when(SignBatch("signer", "")).then_rejected("batch-file-missing")


def test_a_batch_is_partly_done_once_and_reconciled_once_all_of_it_agrees() -> None:
    sent = batch.given(DRAFTED, CHECKED, SIGNED, SENT)
    partly, whole = BatchPartlyDone(batch_id="b-1", ended=1), BatchReconciled(batch_id="b-1", ended=2)
    sent.when(RecordEnds(0, agreed=False)).then_nothing()
    sent.when(RecordEnds(1, agreed=False)).then(partly)
    sent.when(RecordEnds(2, agreed=True)).then(BatchPartlyDone(batch_id="b-1", ended=2), whole)
    some = batch.given(DRAFTED, CHECKED, SIGNED, SENT, partly)
    some.when(RecordEnds(2, agreed=False)).then_nothing()
    some.when(RecordEnds(2, agreed=True)).then(whole)
    batch.given(DRAFTED, CHECKED, SIGNED, SENT, partly, whole).when(RecordEnds(2, agreed=True)).then_nothing()
    batch.given(DRAFTED, CHECKED, SIGNED).when(RecordEnds(1, agreed=False)).then_rejected("batch-not-sent")
