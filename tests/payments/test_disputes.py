"""Where the bank contradicts itself, its statement and two people say what became of an attempt; money moves once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chassis.execute import Session
from chassis.testing import Spec
from contracts.envelope import changed
from contracts.payments.bank import DisputeEnded, ReturnQueried
from contracts.payments.v1 import PayoutDisputed, PayoutReturned, PayoutSettled, PayoutUnknown
from payments.bank.port import NoAnswer
from payments.domain import ledger
from payments.domain.payout import PAYOUT, BatchPayout, RecordResult
from payments.domain.payout_commands import EndDispute
from payments.workers.reconciling import reconcile

from .house import COUNTY, GOOD_CARD, WRONG_NAME_CARD, House
from .synthetic import AMOUNT_FEN, PLAN, batched, requested, returned, settled
from .test_payout import CORRECTED, disputed

payout = Spec(PAYOUT)
ID = "line-1-payee-1"
UNKNOWN = PayoutUnknown(payout_id=ID, attempt=1)
OUT = (requested(), batched())
BACK = RecordResult(1, "RETURNED", AMOUNT_FEN, "bank-r", "2022-06-03", "ACCOUNT_CLOSED")
BOOKED = RecordResult(1, "BOOKED", AMOUNT_FEN, "bank-1", "2022-06-01")
PAPER = "open_item-i-1"


def end(*, paid: bool, attempt: int = 1) -> EndDispute:
    return EndDispute(attempt, paid, "2022-06-02", "i-1", "one", "two")


def ended(*, paid: bool) -> DisputeEnded:
    return DisputeEnded(payout_id=ID, attempt=1, paid=paid, item_id="i-1", by="one", confirmed_by="two")


def on_paper(event: PayoutSettled) -> PayoutSettled:
    return changed(event, bank_reference=PAPER, settled_on="2022-06-02")


AFTER_ALL = changed(
    on_paper(settled()), transfers=ledger.settled_after_all(ID, 1, PLAN, AMOUNT_FEN)
)  # fmt: skip


def taken_back(*, after_booking: bool) -> PayoutReturned:
    moved = ledger.reversed_by_bank if after_booking else ledger.refused
    transfers = moved(ID, 1, PLAN, AMOUNT_FEN)
    return changed(
        returned(reason="BANK_SYSTEM", after_booking=after_booking), bank_reference=PAPER, returned_on="2022-06-02",
        transfers=transfers, reversal=after_booking,
    )  # fmt: skip


def test_money_that_came_back_before_its_booking_was_told_has_gone_out_and_come_back() -> None:
    (early,) = payout.given(*OUT).when(BACK).events
    assert isinstance(early, PayoutDisputed)
    back = changed(
        returned(reason="ACCOUNT_CLOSED", after_booking=True), bank_reference="bank-r", returned_on="2022-06-03"
    )
    payout.given(*OUT, early).when(BOOKED).then(settled(), back)
    payout.given(*OUT, UNKNOWN, early).when(BOOKED).then(settled(), back)
    payout.given(*OUT, early, settled(), back).when(BACK).then_nothing()
    payout.given(*OUT, early, settled(), back, CORRECTED).when(BatchPayout("b-2")).then(batched(2, "b-2"))


def test_one_booking_told_with_two_amounts_keeps_nothing_back_once_it_came_back() -> None:
    other = changed(disputed("BOOKED"), amount_fen=AMOUNT_FEN + 1)
    history = (*OUT, settled(), other, returned(after_booking=True), CORRECTED)
    payout.given(*history).when(BatchPayout("b-2")).then(batched(2, "b-2"))


def test_two_people_end_what_had_no_answer() -> None:
    payout.given(*OUT, UNKNOWN).when(end(paid=True)).then(ended(paid=True), on_paper(settled()))
    payout.given(*OUT, UNKNOWN).when(end(paid=False)).then(ended(paid=False), taken_back(after_booking=False))


def test_two_people_may_find_that_a_refused_attempt_was_paid() -> None:
    history = (*OUT, returned(), disputed("BOOKED"))
    payout.given(*history).when(end(paid=True)).then(ended(paid=True), AFTER_ALL)
    payout.given(*history, ended(paid=True), AFTER_ALL).when(end(paid=True)).then_nothing()
    payout.given(*history, CORRECTED).when(end(paid=True)).then(ended(paid=True), AFTER_ALL)


def test_two_people_may_find_that_a_settled_attempt_was_not_paid() -> None:
    history = (*OUT, settled(), disputed("REJECTED"))
    gone = taken_back(after_booking=True)
    payout.given(*history).when(end(paid=False)).then(ended(paid=False), gone)
    payout.given(*history, ended(paid=False), gone).when(end(paid=False)).then_nothing()
    queried = ReturnQueried(payout_id=ID, attempt=1, queried_on="2022-06-03")
    again = payout.given(*history, ended(paid=False), gone, queried)
    again.when(BatchPayout("b-2", today="2022-06-03")).then(batched(2, "b-2"))


def test_a_contradicted_refusal_that_two_people_confirm_may_be_tried_again() -> None:
    history = (*OUT, returned(), disputed("BOOKED"))
    payout.given(*history).when(end(paid=False)).then(ended(paid=False))
    payout.given(*history, ended(paid=False)).when(end(paid=False)).then_nothing()
    payout.given(*history, ended(paid=False), CORRECTED).when(BatchPayout("b-2")).then(batched(2, "b-2"))


def test_what_the_bank_says_against_two_people_is_disputed_again() -> None:
    history = (*OUT, returned(), disputed("BOOKED"), ended(paid=False), CORRECTED)
    again = disputed("BOOKED", reference="bank-2")
    payout.given(*history, again).when(BatchPayout("b-2")).then_rejected("payout-disputed")


def test_what_two_people_have_read_the_bank_may_tell_in_its_own_words() -> None:
    paid = (*OUT, UNKNOWN, ended(paid=True), on_paper(settled()))
    payout.given(*paid).when(BOOKED).then_nothing()
    refused = (*OUT, UNKNOWN, ended(paid=False), taken_back(after_booking=False))
    payout.given(*refused).when(RecordResult(1, "REJECTED", AMOUNT_FEN, "x", "2022-06-03", "LIMIT")).then_nothing()


def test_an_attempt_that_was_overtaken_or_came_back_is_not_paid_on_paper() -> None:
    second = (*OUT, returned(), CORRECTED, batched(2, "b-2"))
    payout.given(*second).when(end(paid=True)).then_rejected("attempt-overtaken")
    payout.given(*OUT, settled(), returned(after_booking=True)).when(end(paid=True)).then_rejected("came-back")
    payout.when(end(paid=True)).then_rejected("payout-unknown")


async def morning(house: House) -> None:
    """The next day, with what the bank says of the day before."""
    house.clock.set(house.clock.now() + timedelta(days=1))
    for _ in range(2):
        await house.settled_reads()
        await reconcile(house.context)
    await house.settled_reads()


async def item_of(house: House, payout_id: str) -> dict[str, Any]:
    (item,) = (await house.get("/reconciliation/open"))["items"]
    assert item["payout_id"] == payout_id
    return dict(item)


async def end_item(house: House, item: dict[str, Any], resolution: str) -> None:
    path = f"/reconciliation/items/{item['item_id']}"
    body = {"resolution": resolution, "reason": "letter", "bank_reference": "L-1"}
    proposed = await house.post(f"{path}/resolve", body, "one")
    assert proposed.status_code == 200, proposed.text
    for _ in range(2):
        answer = await house.post(f"{path}/confirm", None, "two")
        assert answer.status_code == 200, answer.text


async def state(house: House, payout_id: str) -> str:
    return str((await house.get(f"/payouts/{payout_id}"))["payout"]["state"])


async def assert_the_bank_agrees(house: House) -> None:
    """Ledger and bank are at one, nothing is open, and every batch has its end."""
    await morning(house)
    assert (await house.get("/reconciliation/open"))["items"] == []
    assert (await house.get("/disputes"))["items"] == []
    check = await house.get(f"/ledger/check?plan_code={PLAN}")
    assert check["balanced"], check["problems"]
    booked = sum(one["booked_fen"] - one["returned_fen"] for one in await house.bookings())
    assert (await house.get(f"/pool/{PLAN}"))["paid_fen"] == booked
    assert {one["state"] for one in (await house.get("/batches"))["items"]} == {"reconciled"}


async def fund(house: House) -> None:
    reference = await house.donate(1_000_000)
    body = {"reference": reference, "amount_fen": 1_000_000}
    (await house.bank_client.post("/entries", json=body)).raise_for_status()


async def test_a_refusal_that_the_bank_contradicts_is_ended_by_two_people_and_then_paid_once(house: House) -> None:
    await fund(house)
    (payout_id,) = await house.approve(50_000, WRONG_NAME_CARD)
    await house.misbehave(kind="contradict")
    await house.send(await house.sign_all())
    await house.correct(payout_id, GOOD_CARD, "clerk", role="county_clerk", org_path=COUNTY)
    named = {"plan_code": PLAN, "payout_ids": [payout_id]}
    assert (await house.post("/batches", named, "maker")).json()["code"] == "payout-disputed"
    await morning(house)
    item = await item_of(house, payout_id)
    assert item["finding"] == "contradicted"
    await end_item(house, item, "not_paid")
    await house.send(await house.sign_all())
    assert await state(house, payout_id) == "settled"
    assert [one["bookings"] for one in await house.bookings()] == [1]
    await assert_the_bank_agrees(house)


async def test_a_booking_that_was_taken_for_refused_is_settled_by_the_statement_and_two_people(house: House) -> None:
    await fund(house)
    # The report on the refused one is written first, and with it the false word on the other.
    await house.approve(30_000, WRONG_NAME_CARD)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    await house.misbehave(kind="contradict", matches=GOOD_CARD[-6:])
    await house.send(await house.sign_all())
    assert await state(house, payout_id) == "returned"
    await morning(house)
    item = await item_of(house, payout_id)
    assert (item["finding"], item["difference_fen"]) == ("missing_here", -50_000)
    await end_item(house, item, "paid")
    assert await state(house, payout_id) == "settled"
    assert [one["bookings"] for one in await house.bookings()] == [1]
    await assert_the_bank_agrees(house)


async def test_a_refusal_that_was_taken_for_booked_is_owed_again(house: House) -> None:
    await fund(house)
    await house.approve(30_000, GOOD_CARD)
    (payout_id,) = await house.approve(50_000, WRONG_NAME_CARD)
    await house.misbehave(kind="contradict", matches=WRONG_NAME_CARD[-6:])
    await house.send(await house.sign_all())
    assert await state(house, payout_id) == "settled"
    await morning(house)
    item = await item_of(house, payout_id)
    assert (item["finding"], item["difference_fen"]) == ("missing_at_bank", 50_000)
    await end_item(house, item, "not_paid")
    assert await state(house, payout_id) == "returned"
    await assert_the_bank_agrees(house)
    await house.correct(payout_id, GOOD_CARD, "clerk", role="county_clerk", org_path=COUNTY)
    await house.send(await house.sign_all())
    assert await state(house, payout_id) == "settled"
    await assert_the_bank_agrees(house)


async def test_a_return_that_is_told_before_its_booking_is_owed_again(house: House) -> None:
    await fund(house)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    await house.misbehave(kind="silent")
    await house.misbehave(kind="return_after_booking", reason="ACCOUNT_FROZEN")
    await house.send(await house.sign_all())
    assert await state(house, payout_id) == "batched"
    await morning(house)
    detail = (await house.get(f"/payouts/{payout_id}"))["payout"]
    assert (detail["state"], detail["reason"]) == ("returned", "ACCOUNT_FROZEN")
    pool = await house.get(f"/pool/{PLAN}")
    assert (pool["cash_fen"], pool["payable_fen"]) == (1_000_000, 50_000)
    assert (await house.get("/reconciliation/open"))["items"] == []


async def test_a_batch_that_may_still_be_handed_in_is_not_given_up_by_people(house: House) -> None:
    await fund(house)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    batch_id = await house.sign_all()
    await house.misbehave(kind="down_day")
    with pytest.raises(NoAnswer):
        await house.send(batch_id)
    await house.lose_patience(batch_id)
    await morning(house)
    item = await item_of(house, payout_id)
    path = f"/reconciliation/items/{item['item_id']}"
    body = {"resolution": "not_paid", "reason": "never seen", "bank_reference": "L-1"}
    assert (await house.post(f"{path}/resolve", body, "one")).status_code == 200
    refused = await house.post(f"{path}/confirm", None, "two")
    assert (refused.status_code, refused.json()["code"]) == (409, "batch-on-its-way")
    await house.send(batch_id)
    assert await state(house, payout_id) == "settled"
    assert [one["bookings"] for one in await house.bookings()] == [1]
    await assert_the_bank_agrees(house)


async def test_a_batch_with_a_payout_that_has_ended_elsewhere_is_not_handed_in(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    batch_id = await house.sign_all()

    async def work(session: Session) -> None:
        refused = RecordResult(1, "REJECTED", 50_000, "letter", "2022-06-01", "BANK_SYSTEM")
        await session.decide(PAYOUT, payout_id, refused)

    await house.context.executor.run(work)
    await house.send(batch_id)
    assert await house.bookings() == []
