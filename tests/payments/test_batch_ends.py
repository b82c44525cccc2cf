"""A batch that the bank does not take has an end, and what it held is owed as before (domain 7.1, security 4.3)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest

from chassis.clock import FixedClock
from chassis.execute import Session
from chassis.keyring import Keyring
from chassis.testing import Spec
from contracts.payments.bank import BatchCancelled, BatchRefused, PayoutReleased
from contracts.payments.v1 import BatchSigned
from payments import projections, workers
from payments.bank import iso20022, kept, plain_csv
from payments.bank.port import BatchRefused as FileRefused
from payments.bank.port import NoAnswer
from payments.domain import ledger
from payments.domain.batch import BATCH, CancelBatch, EndOvertaken, RecordRefusal, RecordSending, SignBatch
from payments.domain.instruction import message_id
from payments.domain.payout import PAYOUT, BatchPayout, RecordResult
from payments.domain.payout_commands import RecordQuery, ReleasePayout
from simulators.bank.iso import Iso20022
from simulators.bank.plain import PlainCsv

from .house import GOOD_CARD, House, build, close
from .synthetic import AMOUNT_FEN, PLAN, batched, requested, settled
from .test_batch import CHECKED, DRAFT, DRAFTED, SENT, SIGNED
from .test_disputes import end_item, fund, item_of, morning
from .test_paying import assert_the_books_agree, state_of

batch, payout = Spec(BATCH), Spec(PAYOUT)
REFUSED = BatchRefused(batch_id="b-1", reason="FF01")
OVERTAKEN = BatchCancelled(batch_id="b-1", by="payments", reason="overtaken")
CANCELLED = BatchCancelled(batch_id="b-1", by="maker", reason="a wrong total")
CANCEL = CancelBatch("maker", "a wrong total")
NOW = "2022-06-01T01:00:00Z"


def released(reason: str, attempt: int = 1) -> PayoutReleased:
    return PayoutReleased(
        payout_id="line-1-payee-1",
        batch_id="b-1",
        attempt=attempt,
        reason=reason,
        released_on="2022-06-01",
        transfers=ledger.refused("line-1-payee-1", attempt, PLAN, AMOUNT_FEN),
    )


def test_a_file_that_the_bank_refuses_ends_the_batch() -> None:
    batch.given(DRAFTED, CHECKED, SIGNED).when(RecordRefusal("FF01")).then(REFUSED)


def test_a_refusal_told_again_is_the_same_end() -> None:
    batch.given(DRAFTED, CHECKED, SIGNED, REFUSED).when(RecordRefusal("FF01")).then_nothing()


def test_what_was_not_signed_or_was_taken_cannot_be_refused() -> None:
    batch.when(RecordRefusal("FF01")).then_rejected("batch-unknown")
    batch.given(DRAFTED, CHECKED).when(RecordRefusal("FF01")).then_rejected("batch-not-signed")
    batch.given(DRAFTED, CHECKED, SIGNED, SENT).when(RecordRefusal("FF01")).then_rejected("batch-taken")


def test_a_signed_batch_that_must_not_go_out_is_cancelled() -> None:
    batch.given(DRAFTED, CHECKED, SIGNED).when(EndOvertaken()).then(OVERTAKEN)
    batch.given(DRAFTED, CHECKED, SIGNED, OVERTAKEN).when(EndOvertaken()).then_nothing()
    batch.given(DRAFTED, CHECKED, SIGNED, SENT).when(EndOvertaken()).then_rejected("batch-taken")


def test_a_batch_that_nobody_has_signed_is_cancelled_with_a_reason() -> None:
    batch.given(DRAFTED).when(CANCEL).then(CANCELLED)
    batch.given(DRAFTED, CHECKED).when(CANCEL).then(CANCELLED)


def test_a_batch_that_is_signed_or_over_is_not_cancelled() -> None:
    batch.when(CANCEL).then_rejected("batch-unknown")
    batch.given(DRAFTED, CHECKED, SIGNED).when(CANCEL).then_rejected("batch-already-signed")
    batch.given(DRAFTED, CHECKED, SIGNED, REFUSED).when(CANCEL).then_rejected("batch-ended")
    batch.given(DRAFTED, CANCELLED).when(CancelBatch("other", "mine")).then_rejected("batch-ended")


def test_a_batch_that_is_cancelled_again_stays_as_it_is() -> None:
    batch.given(DRAFTED, CANCELLED).when(CANCEL).then_nothing()
    batch.given(DRAFTED, CANCELLED).when(DRAFT).then_nothing()


def test_nothing_is_done_with_a_batch_that_is_over() -> None:
    batch.given(DRAFTED, CHECKED, CANCELLED).when(SignBatch("signer", "f" * 64)).then_rejected("batch-ended")
    batch.given(DRAFTED, CHECKED, SIGNED, REFUSED).when(RecordSending("ref")).then_rejected("batch-ended")


def test_an_attempt_of_an_unsigned_batch_is_let_go_and_its_number_is_used_up() -> None:
    let_go = payout.given(requested(), batched()).when(ReleasePayout("b-1", "", "2022-06-01"))
    let_go.then(released(""))
    again = payout.given(requested(), batched(), released("")).when(BatchPayout("b-2"))
    again.then(batched(attempt=2, batch_id="b-2"))


def test_what_is_in_another_batch_or_has_an_end_is_not_let_go() -> None:
    payout.given(requested(), batched(batch_id="b-2")).when(ReleasePayout("b-1", "", "2022-06-01")).then_nothing()
    payout.given(requested(), batched(), settled()).when(ReleasePayout("b-1", "", "2022-06-01")).then_nothing()
    payout.given(requested(), batched(), released("")).when(ReleasePayout("b-1", "", "2022-06-01")).then_nothing()


def test_after_a_refused_file_the_bank_is_asked_on_a_later_day_before_the_same_account_is_tried_again() -> None:
    over = (requested(), batched(), released("FILE_NOT_TAKEN"))
    payout.given(*over).when(BatchPayout("b-2", NOW, "2022-06-01")).then_rejected("retry-next-day")
    payout.given(*over).when(BatchPayout("b-2", NOW, "2022-06-02")).then_rejected("query-first")
    queried = payout.given(*over).when(RecordQuery(1, "2022-06-02")).events
    assert len(queried) == 1
    again = payout.given(*over, *queried).when(BatchPayout("b-2", NOW, "2022-06-02"))
    again.then(batched(attempt=2, batch_id="b-2"))


def test_a_payment_of_a_refused_file_that_is_booked_after_all_is_not_tried_again() -> None:
    over = (requested(), batched(), released("FILE_NOT_TAKEN"))
    refused_too = RecordResult(1, "REJECTED", AMOUNT_FEN, "bank-1", "2022-06-01", "OTHER")
    payout.given(*over).when(refused_too).then_nothing()
    booked = payout.given(*over).when(RecordResult(1, "BOOKED", AMOUNT_FEN, "bank-1", "2022-06-01")).events
    payout.given(*over, *booked).when(BatchPayout("b-2", NOW, "2022-06-02")).then_rejected("payout-disputed")


def test_a_receipt_that_refuses_the_file_gives_the_banks_code_and_none_of_its_words() -> None:
    for read, dialect in ((iso20022.read_receipt, Iso20022()), (plain_csv.read_receipt, PlainCsv())):
        for told, code in (("FF01", "FF01"), ("张三的卡号不对", "OTHER")):
            with pytest.raises(FileRefused) as refused:
                read(dialect.refusal("0190b", told, NOW))
            assert refused.value.reason == code
        assert read(dialect.receipt("0190b", "BATCH-1", NOW)) == "BATCH-1"


@pytest.fixture(params=["iso20022", "csv"])
async def speaking(
    request: pytest.FixtureRequest,
    make_database: Callable[[], Awaitable[str]],
    bank_keyring: Keyring,
    own_bank: str,
    tmp_path: Path,
    clock: FixedClock,
) -> AsyncIterator[House]:
    """A house whose bank speaks one format or the other."""
    documents = tmp_path / "documents"
    url = await make_database()
    made = await build(url, bank_keyring, own_bank, documents, projections.ALL, clock, request.param)
    yield made
    await close(made)


@pytest.mark.parametrize(("told", "code"), [("", "HTTP_400"), ("FF01", "FF01")])
async def test_what_a_refused_file_held_is_paid_once_by_the_next_days_batch(
    speaking: House, told: str, code: str
) -> None:
    house = speaking
    await house.donate(1_000_000)
    owed = [(await house.approve(fen, GOOD_CARD))[0] for fen in (50_000, 40_000)]
    first = await house.sign_all()
    await house.misbehave(kind="refuse_file", matches=message_id(first), times=100, reason=told)
    for _ in range(2):
        await house.send(first)
    assert await house.hits("refuse_file") == 1, "A file that was refused is not handed in again."
    view = await house.get(f"/batches/{first}")
    assert (view["state"], view["end_reason"]) == ("refused", code)
    listed = await house.get("/batches?state=refused")
    assert ([one["batch_id"] for one in listed["items"]], listed["refused"]) == ([first], 1)
    assert (await house.get("/batches?state=sent"))["items"] == []
    pool = await house.get(f"/pool/{PLAN}")
    assert (pool["reserved_fen"], pool["payable_fen"]) == (0, 90_000)
    await assert_the_books_agree(house)
    today = await house.post("/batches", {"plan_code": PLAN, "payout_ids": owed}, "maker")
    assert today.json()["code"] == "retry-next-day"
    house.clock.advance(timedelta(days=1))
    await house.ask_again()
    second = await house.sign_all()
    await house.send(second)
    await house.send(first)
    await house.take_in_statement()
    assert [await state_of(house, one) for one in owed] == ["settled", "settled"]
    assert sorted(one["booked_fen"] for one in await house.bookings()) == [40_000, 50_000]
    assert {one["bookings"] for one in await house.bookings()} == {1}
    await assert_the_books_agree(house)


async def test_a_refusal_of_what_the_bank_has_taken_is_no_refusal(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    batch_id = await house.sign_all()

    async def refuse(response: httpx.Response) -> None:
        if response.request.method == "POST":
            response.status_code = HTTPStatus.BAD_REQUEST

    house.context.http.event_hooks["response"].append(refuse)
    await house.send(batch_id)
    assert (await house.get(f"/batches/{batch_id}"))["state"] != "refused"
    assert await state_of(house, payout_id) == "settled"
    assert [one["bookings"] for one in await house.bookings()] == [1]


async def refused_file(house: House) -> tuple[str, str]:
    """A payout whose file the bank has refused: payout and batch."""
    await fund(house)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    batch_id = await house.sign_all()
    await house.misbehave(kind="refuse_file")
    await house.send(batch_id)
    return payout_id, batch_id


async def test_what_is_booked_of_a_refused_file_after_all_is_settled_by_two_people(house: House) -> None:
    payout_id, batch_id = await refused_file(house)
    signed = (await house.signed_event(batch_id)).event
    assert isinstance(signed, BatchSigned)
    await house.bank.submit(await kept.take(house.context, signed), signed.file_format)
    await house.take_in_statement()
    await morning(house)
    named = {"plan_code": PLAN, "payout_ids": [payout_id]}
    assert (await house.post("/batches", named, "maker")).json()["code"] == "payout-disputed"
    item = await item_of(house, payout_id)
    assert item["finding"] == "missing_here"
    await end_item(house, item, "paid")
    assert await state_of(house, payout_id) == "settled"
    assert [one["bookings"] for one in await house.bookings()] == [1]
    await assert_the_books_agree(house)


async def test_a_false_word_of_booking_on_a_refused_file_is_ended_by_two_people(house: House) -> None:
    payout_id, _ = await refused_file(house)

    async def work(session: Session) -> None:
        await session.decide(PAYOUT, payout_id, RecordResult(1, "BOOKED", 50_000, "false", "2022-06-01"))

    await house.context.executor.run(work)
    await morning(house)
    item = await item_of(house, payout_id)
    assert item["finding"] == "contradicted"
    await end_item(house, item, "not_paid")
    await house.ask_again()
    await house.send(await house.sign_all())
    assert await state_of(house, payout_id) == "settled"
    assert [one["bookings"] for one in await house.bookings()] == [1]
    await assert_the_books_agree(house)


@pytest.mark.parametrize("status", [401, 403, 404, 408, 425, 429])
async def test_an_answer_that_does_not_speak_of_the_file_ends_nothing(house: House, status: int) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    batch_id = await house.sign_all()
    await house.misbehave(kind="refuse_file")

    async def answer(response: httpx.Response) -> None:
        if response.request.method == "POST":
            response.status_code = status

    house.context.http.event_hooks["response"].append(answer)
    with pytest.raises(NoAnswer):
        await house.send(batch_id)
    assert (await house.get(f"/batches/{batch_id}"))["state"] == "signed"
    house.context.http.event_hooks["response"].clear()
    await house.send(batch_id)
    assert await state_of(house, payout_id) == "settled"
    assert [one["bookings"] for one in await house.bookings()] == [1]


async def test_a_batch_of_which_one_payout_has_ended_elsewhere_is_over_and_the_others_are_paid_by_another(
    house: House,
) -> None:
    await house.donate(1_000_000)
    owed = [(await house.approve(fen, GOOD_CARD))[0] for fen in (50_000, 40_000)]
    batch_id = await house.sign_all()

    async def work(session: Session) -> None:
        refused = RecordResult(1, "REJECTED", 50_000, "letter", "2022-06-01", "BANK_SYSTEM")
        await session.decide(PAYOUT, owed[0], refused)

    await house.context.executor.run(work)
    for _ in range(2):
        await house.send(batch_id)
    view = await house.get(f"/batches/{batch_id}")
    assert (view["state"], view["cancelled_by"], view["end_reason"]) == ("cancelled", "payments", "overtaken")
    assert await house.bookings() == []
    house.clock.advance(timedelta(days=1))
    await house.ask_again()
    await house.send(await house.sign_all())
    assert [await state_of(house, one) for one in owed] == ["settled", "settled"]
    assert {one["bookings"] for one in await house.bookings()} == {1}
    await assert_the_books_agree(house)


def test_a_bank_that_is_away_for_three_days_is_asked_all_the_while() -> None:
    (worker,) = workers.WORKERS
    waits = [worker.delay_ms(attempt) for attempt in range(1, worker.attempts_max)]
    assert timedelta(milliseconds=sum(waits)) >= timedelta(days=3)
    assert waits[0] <= 1_000
    assert max(waits) <= 600_000


CANCELLING = {"reason": "金额有误"}


@pytest.mark.parametrize("steps", [(), ("check",)])
async def test_what_a_cancelled_batch_held_goes_into_another_and_is_paid_once(house: House, steps: tuple[str]) -> None:
    await house.donate(1_000_000)
    owed = [(await house.approve(fen, GOOD_CARD))[0] for fen in (50_000, 40_000)]
    await house.settled_reads()
    first = (await house.post("/batches", {"plan_code": PLAN}, "maker")).json()["batch_id"]
    for step in steps:
        assert (await house.post(f"/batches/{first}/{step}", None, "checker")).status_code == 200
    cancelled = await house.post(f"/batches/{first}/cancel", CANCELLING, "signer")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert (await house.post(f"/batches/{first}/cancel", CANCELLING, "signer")).status_code == 200, "It is quiet."
    view = await house.get(f"/batches/{first}")
    assert (view["state"], view["cancelled_by"], view["end_reason"]) == ("cancelled", "signer", "金额有误")
    pool = await house.get(f"/pool/{PLAN}")
    assert (pool["reserved_fen"], pool["payable_fen"]) == (0, 90_000)
    await assert_the_books_agree(house)
    for step, sub in (("check", "checker"), ("sign", "signer")):
        refused = await house.post(f"/batches/{first}/{step}", None, sub)
        assert (refused.status_code, refused.json()["code"]) == (409, "batch-ended")
    await house.send(await house.sign_all())
    detail = await house.get(f"/payouts/{owed[0]}")
    assert (detail["payout"]["state"], detail["payout"]["attempt"]) == ("settled", 2)
    assert [one["outcome"] for one in detail["attempts"]] == ["released", "settled"]
    assert sorted(one["booked_fen"] for one in await house.bookings()) == [40_000, 50_000]
    assert {one["bookings"] for one in await house.bookings()} == {1}
    await assert_the_books_agree(house)


async def test_only_finance_cancels_only_what_is_not_signed_and_says_why(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    batch_id = await house.sign_all()
    path = f"/batches/{batch_id}/cancel"
    signed = await house.post(path, CANCELLING, "maker")
    assert (signed.status_code, signed.json()["code"]) == (409, "batch-already-signed")
    assert (await house.post(path, CANCELLING, "head", role="office_head")).status_code == 403
    assert (await house.post(path, CANCELLING, "maker", org_path="620000.620100")).status_code == 404
    assert (await house.post("/batches/none/cancel", CANCELLING, "maker")).json()["code"] == "batch-unknown"
    assert (await house.post(path, {"reason": ""}, "maker")).status_code == 400
    await house.send(batch_id)
    assert await state_of(house, payout_id) == "settled"


async def test_a_payee_whose_account_is_erased_holds_up_nobody_else(house: House) -> None:
    await house.donate(1_000_000)
    owed = [(await house.approve(fen, GOOD_CARD))[0] for fen in (50_000, 40_000)]
    await house.settled_reads()
    first = (await house.post("/batches", {"plan_code": PLAN}, "maker")).json()["batch_id"]
    assert (await house.post(f"/batches/{first}/check", None, "checker")).status_code == 200
    payee_id = (await house.get(f"/payouts/{owed[0]}"))["payout"]["payee_id"]
    await house.context.keyring.destroy(payee_id, ["bank"])
    refused = await house.post(f"/batches/{first}/sign", None, "signer")
    assert (refused.status_code, refused.json()["code"]) == (409, "payee-erased")
    assert (await house.post(f"/batches/{first}/cancel", CANCELLING, "signer")).status_code == 200
    await house.settled_reads()
    second = (await house.post("/batches", {"plan_code": PLAN}, "maker")).json()
    assert (second["payouts"], second["total_fen"], second["erased"]) == (1, 40_000, [owed[0]])
    for step, sub in (("check", "checker"), ("sign", "signer")):
        assert (await house.post(f"/batches/{second['batch_id']}/{step}", None, sub)).status_code == 200
    await house.send(second["batch_id"])
    assert [await state_of(house, one) for one in owed] == ["requested", "settled"]
    alone = await house.post("/batches", {"plan_code": PLAN, "payout_ids": [owed[0]]}, "maker")
    assert (alone.status_code, alone.json()["code"]) == (409, "payee-erased")
    await assert_the_books_agree(house)
