"""From approval to arrival: paid once whatever the bank does, and the books agree (faults of security 5.4, F20)."""

from __future__ import annotations

import asyncio
import io
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest

from chassis.keyring import Tampered
from contracts.payments.v1 import BatchSigned, StatementImported
from payments.bank import kept
from payments.bank.formats import FORMATS
from payments.bank.port import BatchDiffers, NoAnswer
from payments.domain.instruction import CreditTransfer, PaymentOrder, digest, message_id
from payments.workers import sending

from .house import GOOD_CARD, WRONG_NAME_CARD, House
from .synthetic import PLAN

SYSTEM_CARD = "622848000000990008"
"""The bank answers with its own failure."""


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
        "available_fen": 1_000_000,
        "risk_reserve_fen": 0,
        "activity_cost_fen": 0,
        "reserves": {"outstanding_fen": 0, "ibnr_fen": 0, "by_kind": {}, "booked_by_kind": {}},
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
    await house.misbehave(kind="drop_reply", matches=message_id(batch_id))
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
    await house.misbehave(kind="slow_reply", matches=message_id(batch_id), delay_ms=4_000)
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


async def test_a_silent_payout_is_unknown_goes_into_no_other_batch_and_settles_by_query(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    batch_id = await house.sign_all()
    await house.lose_patience(batch_id)
    assert await state_of(house, payout_id) == "unknown"
    again = await house.post("/batches", {"plan_code": PLAN, "payout_ids": [payout_id]}, "maker")
    assert (again.status_code, again.json()["code"]) == (409, "payout-in-batch")
    await house.query(payout_id)
    assert await state_of(house, payout_id) == "unknown", "What the bank has never seen has not failed."
    await house.misbehave(kind="drop_reply", matches=message_id(batch_id))
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
    signed = (await house.signed_event(batch_id)).event
    assert isinstance(signed, BatchSigned)
    key, subject = f"{kept.FOLDER}/{signed.file_sha256}", f"batch-{message_id(batch_id)}"
    other = io.BytesIO(b"<Document/>")
    await kept.vault_of(house.context).keep(key, other, subject=subject, category="bank", expires_on=date(2024, 1, 1))
    with pytest.raises(kept.FileDiffers):
        await house.send(batch_id)
    path = tmp_path / "documents" / f"{key}.sealed"
    sealed = path.read_bytes()
    path.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    with pytest.raises(Tampered):
        await house.send(batch_id)
    path.unlink()
    with pytest.raises(kept.FileMissing):
        await house.send(batch_id)
    assert await house.bookings() == []


async def test_a_bank_that_answers_before_the_read_models_know_of_the_batch_is_heard(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    await house.settled_reads()
    house.following.cancel()
    await asyncio.gather(house.following, return_exceptions=True)
    batch_id = (await house.post("/batches", {"plan_code": PLAN}, "maker")).json()["batch_id"]
    for step, sub in (("check", "checker"), ("sign", "signer")):
        assert (await house.post(f"/batches/{batch_id}/{step}", None, sub)).status_code == 200
    sending = asyncio.create_task(house.send(batch_id))
    async with asyncio.timeout(5):
        while not await house.bookings():  # noqa: ASYNC110  the bank tells nobody when it has booked
            await asyncio.sleep(0.01)
    house.following = asyncio.create_task(house.context.projecting.follow())
    await sending
    assert (await house.get(f"/payouts/{payout_id}"))["payout"]["state"] == "settled"


async def test_what_is_sent_is_the_stored_file_and_only_sealed_bytes_lie_on_disk(house: House, tmp_path: Path) -> None:
    await house.donate(1_000_000)
    await house.approve(50_000, GOOD_CARD)
    batch_id = await house.sign_all()
    handed_in: list[bytes] = []

    async def note(request: httpx.Request) -> None:
        if request.method == "POST":
            handed_in.append(request.content)

    house.context.http.event_hooks["request"].append(note)
    await house.send(batch_id)
    view = await house.get(f"/batches/{batch_id}")
    assert [digest(file) for file in handed_in] == [view["file_sha256"]]
    assert GOOD_CARD.encode() in handed_in[0]
    stored = (tmp_path / "documents" / kept.FOLDER / f"{view['file_sha256']}.sealed").read_bytes()
    assert GOOD_CARD.encode() not in stored
    for row in await house.context.log.pool.fetch("select body from event"):
        assert GOOD_CARD.encode() not in row["body"]


async def test_a_batch_id_that_the_bank_knows_with_other_content_is_refused(house: House) -> None:
    def file(amount_fen: int) -> bytes:
        transfer = CreditTransfer("e-1", "2022-1", amount_fen, "name", GOOD_CARD)
        return FORMATS["iso20022"].written(
            PaymentOrder("b-1", "f-1", "debtor", "main", "bank", "2022-06-01", "2022-06-01T00:00:00Z", (transfer,))
        )

    await house.bank.submit(file(5), "iso20022")
    with pytest.raises(BatchDiffers):
        await house.bank.submit(file(6), "iso20022")


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
    assert asked == ["POST /batches", f"GET /batches/{message_id(batch_id)}", "GET /messages"]
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


async def test_what_may_go_only_tomorrow_keeps_nobody_from_being_paid_today(house: House) -> None:
    await house.donate(1_000_000)
    (back,) = await house.approve(50_000, SYSTEM_CARD)
    await house.send(await house.sign_all())
    assert await state_of(house, back) == "returned"
    (other,) = await house.approve(40_000, GOOD_CARD)
    await house.send(await house.sign_all())
    assert (await state_of(house, other), await state_of(house, back)) == ("settled", "returned")
    await house.settled_reads()
    nothing = await house.post("/batches", {"plan_code": PLAN, "fund": "pool"}, "maker")
    assert nothing.json()["code"] == "batch-empty"
    house.clock.set(house.clock.now() + timedelta(days=1))
    batch_id = await tried_again_after_a_query(house, back)
    assert (await house.get(f"/batches/{batch_id}"))["payouts"] == 1


async def tried_again_after_a_query(house: House, payout_id: str) -> str:
    """Without the bank's answer nothing is drafted, by itself or by name (domain 7.1: query, retry next day)."""
    await house.misbehave(kind="down")
    with pytest.raises(NoAnswer):
        await house.ask_again()
    named = {"plan_code": PLAN, "fund": "pool", "payout_ids": [payout_id]}
    for body, code in (({"plan_code": PLAN, "fund": "pool"}, "batch-empty"), (named, "query-first")):
        answer = await house.post("/batches", body, "maker")
        assert (answer.status_code, answer.json()["code"]) == (409, code)
    await house.ask_again()
    return await house.sign_all()
