"""What a payout allows, refuses and ignores."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.decider import Rejected
from chassis.testing import Spec
from contracts.payments.bank import ReturnQueried
from contracts.payments.v1 import AccountCorrected, PayoutDisputed, PayoutUnknown
from payments.domain.ledger import shares_of
from payments.domain.payout import PAYOUT, BatchPayout, MarkUnknown, RecordResult, end_to_end_id
from payments.domain.payout_commands import ProposeAccount

from .synthetic import AMOUNT_FEN, batched, request, requested, returned, sealed, settled

payout = Spec(PAYOUT)
QUERIED = ReturnQueried(payout_id="line-1-payee-1", attempt=1, queried_on="2022-06-02")
CORRECTED = AccountCorrected(payout_id="line-1-payee-1", account=sealed("b"), account_tail="5678")


def result(outcome: str, attempt: int = 1, amount_fen: int = AMOUNT_FEN, reference: str = "bank-1") -> RecordResult:
    reason = "" if outcome == "BOOKED" else "NAME_MISMATCH"
    reference = reference if outcome == "BOOKED" else "bank-r"
    return RecordResult(attempt, outcome, amount_fen, reference, "2022-06-01", reason)


def disputed(outcome: str, attempt: int = 1, reference: str = "bank-1") -> PayoutDisputed:
    said = result(outcome, attempt, reference=reference)
    return PayoutDisputed(
        payout_id="line-1-payee-1",
        claim_id="claim-1",
        claim_no="2022-0001",
        attempt=attempt,
        outcome=outcome,
        reason=said.reason,
        amount_fen=AMOUNT_FEN,
        bank_reference=said.bank_reference,
        booked_on=said.booked_on,
    )


def test_an_approved_line_is_requested_once() -> None:
    payout.when(request()).then(requested())
    payout.given(requested()).when(request()).then_nothing()


def test_the_same_line_with_another_amount_is_refused() -> None:
    payout.given(requested()).when(request(amount_fen=1)).then_rejected("payout-differs")


def test_a_payout_of_nothing_is_refused() -> None:
    payout.when(request(amount_fen=0)).then_rejected("amount-not-positive")


def test_a_requested_payout_enters_a_batch_as_its_first_attempt() -> None:
    payout.given(requested()).when(BatchPayout("b-1")).then(batched())


def test_batching_twice_in_the_same_batch_changes_nothing() -> None:
    payout.given(requested(), batched()).when(BatchPayout("b-1")).then_nothing()


def test_a_payout_with_the_bank_enters_no_other_batch() -> None:
    payout.given(requested(), batched()).when(BatchPayout("b-2")).then_rejected("payout-in-batch")


def test_a_payout_without_an_answer_is_not_sent_again() -> None:
    unknown = PayoutUnknown(payout_id="line-1-payee-1", attempt=1)
    payout.given(requested(), batched(), unknown).when(BatchPayout("b-2")).then_rejected("payout-in-batch")


def test_a_settled_payout_enters_no_batch() -> None:
    payout.given(requested(), batched(), settled()).when(BatchPayout("b-2")).then_rejected("payout-settled")


def test_a_returned_payout_waits_for_another_account() -> None:
    payout.given(requested(), batched(), returned()).when(BatchPayout("b-2")).then_rejected("account-not-corrected")


def test_a_failure_of_the_banks_own_system_may_be_tried_with_the_same_account() -> None:
    history = (requested(), batched(), returned(reason="BANK_SYSTEM"), QUERIED)
    payout.given(*history).when(BatchPayout("b-2")).then(batched(2, "b-2"))


def test_a_corrected_payout_is_the_second_attempt() -> None:
    payout.given(requested(), batched(), returned(), CORRECTED).when(BatchPayout("b-2")).then(batched(2, "b-2"))


def test_an_unknown_payout_is_in_no_batch() -> None:
    payout.when(BatchPayout("b-1")).then_rejected("payout-unknown")


def test_a_booking_settles() -> None:
    payout.given(requested(), batched()).when(result("BOOKED")).then(settled())


def test_a_booking_settles_what_had_no_answer() -> None:
    unknown = PayoutUnknown(payout_id="line-1-payee-1", attempt=1)
    payout.given(requested(), batched(), unknown).when(result("BOOKED")).then(settled())


def test_the_same_booking_told_twice_is_quiet() -> None:
    payout.given(requested(), batched(), settled()).when(result("BOOKED")).then_nothing()


def test_a_second_booking_under_another_reference_is_disputed_once() -> None:
    twice = payout.given(requested(), batched(), settled())
    twice.when(result("BOOKED", reference="bank-2")).then(disputed("BOOKED", reference="bank-2"))
    told = twice.given(disputed("BOOKED", reference="bank-2"))
    told.when(result("BOOKED", reference="bank-2")).then_nothing()


def test_a_booking_of_another_amount_is_disputed() -> None:
    answer = payout.given(requested(), batched()).when(result("BOOKED", amount_fen=1)).events
    assert [type(event) for event in answer] == [PayoutDisputed]


def test_a_refusal_returns_and_a_repeat_of_it_is_quiet() -> None:
    payout.given(requested(), batched()).when(result("REJECTED")).then(returned())
    payout.given(requested(), batched(), returned()).when(result("REJECTED")).then_nothing()


def test_an_old_refusal_told_again_after_the_correction_is_quiet() -> None:
    history = (requested(), batched(), returned(), CORRECTED, batched(2, "b-2"))
    payout.given(*history).when(result("REJECTED")).then_nothing()


def test_a_booking_after_a_refusal_is_disputed() -> None:
    payout.given(requested(), batched(), returned()).when(result("BOOKED")).then(disputed("BOOKED"))


def test_an_attempt_that_the_bank_refused_and_then_booked_is_not_followed_by_another() -> None:
    refused_then_booked = (requested(), batched(), returned(), disputed("BOOKED"))
    payout.given(*refused_then_booked).when(BatchPayout("b-2")).then_rejected("payout-disputed")
    payout.given(*refused_then_booked, CORRECTED).when(BatchPayout("b-2")).then_rejected("payout-disputed")


def test_once_the_contradicting_booking_came_back_the_payout_may_be_tried_again() -> None:
    back = (requested(), batched(), returned(), disputed("BOOKED"), disputed("RETURNED"), CORRECTED)
    payout.given(*back).when(BatchPayout("b-2")).then(batched(attempt=2, batch_id="b-2"))


def test_of_two_bookings_one_that_came_back_does_not_free_the_payout() -> None:
    twice = (requested(), batched(), settled(), disputed("BOOKED", reference="bank-9"), returned(after_booking=True))
    payout.given(*twice, CORRECTED).when(BatchPayout("b-2")).then_rejected("payout-disputed")


def test_a_refusal_after_a_booking_is_disputed() -> None:
    payout.given(requested(), batched(), settled()).when(result("REJECTED")).then(disputed("REJECTED"))


def test_booked_money_may_come_back_and_is_owed_again() -> None:
    payout.given(requested(), batched(), settled()).when(result("RETURNED")).then(returned(after_booking=True))
    history = (requested(), batched(), settled(), returned(after_booking=True), CORRECTED)
    payout.given(*history).when(BatchPayout("b-2")).then(batched(2, "b-2"))


def test_a_return_of_what_was_never_booked_is_disputed() -> None:
    payout.given(requested(), batched()).when(result("RETURNED")).then(disputed("RETURNED"))


def test_a_result_of_another_kind_is_refused() -> None:
    payout.given(requested(), batched()).when(result("MAYBE")).then_rejected("outcome-unknown")


def test_no_answer_is_recorded_once_and_only_for_the_living_attempt() -> None:
    unknown = PayoutUnknown(payout_id="line-1-payee-1", attempt=1)
    payout.given(requested(), batched()).when(MarkUnknown(1)).then(unknown)
    payout.given(requested(), batched(), unknown).when(MarkUnknown(1)).then_nothing()
    payout.given(requested(), batched(), settled()).when(MarkUnknown(1)).then_nothing()
    payout.when(MarkUnknown(1)).then_rejected("payout-unknown")


def test_attempts_have_ids_of_their_own_that_fit_the_bank() -> None:
    ids = {end_to_end_id("line-1-payee-1", attempt) for attempt in range(1, 50)}
    assert len(ids) == 49
    assert all(len(one) <= 35 for one in ids)


@given(st.integers(1, 30_000_000), st.lists(st.integers(1, 60), min_size=1, max_size=5))
def test_shares_of_a_line_sum_to_it(amount_fen: int, weights: list[int]) -> None:
    percents = [weight * 100 // sum(weights) for weight in weights]
    percents[-1] += 100 - sum(percents)
    shares = shares_of(amount_fen, tuple(percents))
    assert sum(shares) == amount_fen
    assert all(
        abs(share - amount_fen * percent / 100) < len(percents) for share, percent in zip(shares, percents, strict=True)
    )


def test_a_rejection_carries_no_account() -> None:
    with pytest.raises(Rejected) as refused:
        PAYOUT.decide(ProposeAccount(sealed("secret"), "5678", "payee-1"), PAYOUT.initial)
    assert "secret" not in str(refused.value)
