"""From approval to arrival: paid once whatever the bank does, and the books agree (faults of security 5.4, F20)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from contracts.payments.v1 import BatchSigned, StatementImported
from payments.workers import sending
from payments.workers.bank import BatchRefused, CreditTransfer, NoAnswer, Submission
from payments.workers.files import FileDiffers

from .house import GOOD_CARD, WRONG_NAME_CARD, House
from .synthetic import PLAN


async def state_of(house: House, payout_id: str) -> str:
    detail = await house.get(f"/payouts/{payout_id}")
    return str(detail["payout"]["state"])


async def assert_the_books_agree(house: House) -> None:
    check = await house.get(f"/ledger/check?plan_code={PLAN}")
    assert check["balanced"], check["problems"]
    assert check["debit_fen"] == check["credit_fen"]
    assert check["cash_fen"] == check["expected_cash_fen"]
    booked = sum(one["booked_fen"] - one["returned_fen"] for one in await house.bookings())
    pool = await house.get(f"/pool/{PLAN}")
    assert pool["contribution_fen"] + pool["recovered_fen"] - pool["cash_fen"] == booked == pool["paid_fen"], (
        "The bank's book and ours."
    )


async def test_an_approved_claim_is_paid_once_and_the_books_agree(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    await house.send(await house.sign_all())
    assert await state_of(house, payout_id) == "settled"
    assert await house.bookings() == [{"bookings": 1, "booked_fen": 50_000, "returned_fen": 0}]
    pool = await house.get(f"/pool/{PLAN}")
    assert pool == {
        "plan_code": PLAN,
        "contribution_fen": 1_000_000,
        "claims_expense_fen": 50_000,
        "paid_fen": 50_000,
        "payable_fen": 0,
        "reserved_fen": 0,
        "suspense_fen": 0,
        "recovered_fen": 0,
        "cash_fen": 950_000,
        "used_fen": 50_000,
        "used_percent": 5,
        "told": [],
    }
    summary = await house.get("/summary")
    assert (summary["people"], summary["person_times"], summary["fen"]) == (1, 1, 50_000)
    assert summary["fen_by_benefit"] == {"CRITICAL_ILLNESS": 50_000}
    await assert_the_books_agree(house)


async def test_heirs_are_paid_their_shares_to_the_fen(house: House) -> None:
    await house.donate(1_000_000)
    await house.approve(100_001, GOOD_CARD, GOOD_CARD, GOOD_CARD, shares=(33, 33, 34))
    await house.send(await house.sign_all())
    assert sorted(one["booked_fen"] for one in await house.bookings()) == [33_000, 33_000, 34_001]
    summary = await house.get("/summary")
    assert (summary["people"], summary["person_times"], summary["fen"]) == (1, 1, 100_001)
    await assert_the_books_agree(house)


async def test_a_returned_payment_is_corrected_by_the_payee_and_paid_by_a_second_attempt(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, WRONG_NAME_CARD)
    await house.send(await house.sign_all())
    detail = (await house.get(f"/payouts/{payout_id}"))["payout"]
    assert (detail["state"], detail["reason"]) == ("returned", "NAME_MISMATCH")
    other = {"account_name": "name", "card_no": "6228 4800 0000 654321"}
    stranger = await house.post(f"/payouts/{payout_id}/account", other, "stranger", role="member")
    assert stranger.status_code == 404
    answer = await house.correct(payout_id, other["card_no"], detail["payee_id"], role="member")
    assert answer.json() == {"payout_id": payout_id, "account_tail": "4321"}
    await house.send(await house.sign_all())
    paid = await house.get(f"/payouts/{payout_id}")
    assert (paid["payout"]["state"], paid["payout"]["attempt"]) == ("settled", 2)
    assert [one["outcome"] for one in paid["attempts"]] == ["returned", "settled"]
    assert [one["bookings"] for one in await house.bookings()] == [1]
    await assert_the_books_agree(house)


async def test_a_reply_lost_after_booking_pays_once(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    batch_id = await house.sign_all()
    await house.misbehave(kind="drop_reply", matches=batch_id)
    await house.send(batch_id)
    assert await house.hits("drop_reply") == 1
    assert await state_of(house, payout_id) == "settled"
    assert [one["bookings"] for one in await house.bookings()] == [1]
    await house.send(batch_id)
    assert [one["bookings"] for one in await house.bookings()] == [1]


async def test_an_answer_slower_than_our_patience_pays_once(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    batch_id = await house.sign_all()
    await house.misbehave(kind="slow_reply", matches=batch_id, delay_ms=4_000)
    await house.send(batch_id)
    assert await house.hits("slow_reply") == 1
    assert await state_of(house, payout_id) == "settled"
    assert [one["bookings"] for one in await house.bookings()] == [1]


async def test_a_bank_that_is_down_is_asked_again_and_nothing_is_sent_blindly(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    batch_id = await house.sign_all()
    await house.misbehave(kind="down", times=3)
    for _ in range(3):
        with pytest.raises(NoAnswer):
            await house.send(batch_id)
    assert await house.bookings() == []
    await house.send(batch_id)
    assert await state_of(house, payout_id) == "settled"
    assert [one["bookings"] for one in await house.bookings()] == [1]


async def test_after_the_last_attempt_a_payout_is_unknown_in_no_other_batch_and_settles_by_query(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    batch_id = await house.sign_all()
    await house.lose_patience(batch_id)
    assert await state_of(house, payout_id) == "unknown"
    again = await house.post("/batches", {"plan_code": PLAN, "payout_ids": [payout_id]}, "maker")
    assert (again.status_code, again.json()["code"]) == (409, "payout-in-batch")
    await house.query(payout_id)
    assert await state_of(house, payout_id) == "unknown", "What the bank has never seen has not failed."
    await house.misbehave(kind="drop_reply", matches=batch_id)
    await house.send(batch_id)
    await house.query(payout_id)
    assert await state_of(house, payout_id) == "settled"
    assert [one["bookings"] for one in await house.bookings()] == [1]
    await assert_the_books_agree(house)


async def test_results_told_twice_settle_once(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    batch_id = await house.sign_all()
    await house.misbehave(kind="duplicate")
    await house.send(batch_id)
    await house.take_in_statement()
    assert await house.hits("duplicate") == 1
    kinds = [type(one.event).__name__ for one in await house.context.log.load(f"payout-{payout_id}")]
    assert kinds == ["PayoutRequested", "PayoutBatched", "PayoutSettled"]
    await assert_the_books_agree(house)


async def test_a_contradiction_moves_no_money_and_waits_for_a_person(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    await house.misbehave(kind="contradict")
    await house.send(await house.sign_all())
    assert await state_of(house, payout_id) == "settled"
    disputes = await house.get("/disputes")
    assert [(one["payout_id"], one["outcome"]) for one in disputes["items"]] == [(payout_id, "REJECTED")]
    await assert_the_books_agree(house)


async def test_money_that_comes_back_after_booking_is_owed_again_and_paid_again(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    await house.misbehave(kind="return_after_booking", reason="ACCOUNT_CLOSED")
    await house.send(await house.sign_all())
    detail = (await house.get(f"/payouts/{payout_id}"))["payout"]
    assert (detail["state"], detail["reason"]) == ("returned", "ACCOUNT_CLOSED")
    await assert_the_books_agree(house)
    await house.correct(payout_id, "622848000000654321", "clerk", role="county_clerk", org_path="620000.620700")
    await house.send(await house.sign_all())
    assert await state_of(house, payout_id) == "settled"
    assert sorted((one["bookings"], one["returned_fen"]) for one in await house.bookings()) == [(1, 0), (1, 50_000)]
    await assert_the_books_agree(house)


async def test_a_late_result_arrives_by_the_statement(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    await house.misbehave(kind="delay", delay_ms=700)
    await house.send(await house.sign_all())
    assert await state_of(house, payout_id) == "batched"
    async with asyncio.timeout(20):
        while await state_of(house, payout_id) != "settled":
            await house.take_in_statement()
    assert await house.hits("delay") == 1
    await assert_the_books_agree(house)


async def test_a_file_that_is_not_what_was_signed_is_not_sent(house: House, tmp_path: Path) -> None:
    await house.donate(1_000_000)
    await house.approve(50_000, GOOD_CARD)
    batch_id = await house.sign_all()
    await house.misbehave(kind="down", times=1)
    sha256 = (await house.get(f"/batches/{batch_id}"))["file_sha256"]
    folder = tmp_path / "documents" / "bank-batches"
    folder.mkdir(parents=True)
    (folder / f"{sha256}.json").write_text('{"total_fen": 1}')
    with pytest.raises(NoAnswer):
        await house.send(batch_id)
    with pytest.raises(FileDiffers):
        await house.send(batch_id)
    assert await house.bookings() == []


async def test_the_stored_file_is_what_was_signed_and_holds_no_card(house: House, tmp_path: Path) -> None:
    await house.donate(1_000_000)
    await house.approve(50_000, GOOD_CARD)
    batch_id = await house.sign_all()
    await house.send(batch_id)
    sha256 = (await house.get(f"/batches/{batch_id}"))["file_sha256"]
    stored = (tmp_path / "documents" / "bank-batches" / f"{sha256}.json").read_bytes()
    assert GOOD_CARD.encode() not in stored
    for row in await house.context.log.pool.fetch("select body from event"):
        assert GOOD_CARD.encode() not in row["body"]


async def test_a_batch_id_that_the_bank_knows_with_other_content_is_refused(house: House) -> None:
    await house.bank.submit(Submission("b-1", 0, 0, ()))
    transfer = CreditTransfer("e-1", 5, "name", GOOD_CARD, "", "purpose")
    with pytest.raises(BatchRefused):
        await house.bank.submit(Submission("b-1", 1, 5, (transfer,)))


async def test_a_sender_that_died_before_noting_the_receipt_asks_and_does_not_hand_in_again(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    batch_id = await house.sign_all()
    asked: list[str] = []

    async def note(request: httpx.Request) -> None:
        asked.append(f"{request.method} {request.url.path}")

    house.context.http.event_hooks["request"].append(note)
    event = (await house.signed_event(batch_id)).event
    assert isinstance(event, BatchSigned)
    await sending._hand_in(event, house.bank, house.context)
    await house.send(batch_id)
    assert asked == ["POST /batches", f"GET /batches/{batch_id}", "GET /statement"]
    assert await state_of(house, payout_id) == "settled"


async def test_a_read_model_that_is_behind_takes_no_line_in_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def behind(_connection: object, _bank_account: str) -> int:
        return 0

    monkeypatch.setattr("payments.projections.statements.last_line", behind)
    await house.donate(1_000_000)
    for _ in range(2):
        await house.approve(50_000, GOOD_CARD)
        await house.send(await house.sign_all())
    taken_in = [
        one.event for one in await house.context.log.load("statement-main") if isinstance(one.event, StatementImported)
    ]
    assert [(one.first_line, one.last_line, one.unmatched) for one in taken_in] == [(1, 1, ()), (2, 2, ())]
    await assert_the_books_agree(house)
