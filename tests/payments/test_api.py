"""Who may do what over HTTP, what is refused and how, and that a repeat changes nothing."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from datetime import timedelta

import msgspec
import pytest

from chassis.clock import new_id
from chassis.sweep import Sweeps
from contracts.payments.v1 import BatchSigned
from payments.bank import kept
from payments.projections import ALL
from payments.workers.following import FROM_THE_OLDEST, follow_statement, query_silent
from payments.workers.measuring import SWEEPS
from payments.workers.reconciling import reconcile

from .house import COUNTY, GOOD_CARD, WRONG_NAME_CARD, House, bearer
from .synthetic import PLAN

ELSEWHERE = "620000.620600.620602"


async def test_each_step_needs_another_person_who_approved_nothing(house: House) -> None:
    await house.donate(1_000_000)
    await house.approve(50_000, GOOD_CARD)
    await house.settled_reads()
    for approver in ("head", "reviewer", "rechecker"):
        refused = await house.post("/batches", {"plan_code": PLAN}, approver)
        assert (refused.status_code, refused.json()["code"]) == (409, "approver-cannot-pay")
    batch_id = (await house.post("/batches", {"plan_code": PLAN}, "maker")).json()["batch_id"]
    early = await house.post(f"/batches/{batch_id}/sign", None, "signer")
    assert early.json()["code"] == "batch-not-checked"
    same = await house.post(f"/batches/{batch_id}/check", None, "maker")
    assert same.json()["code"] == "same-person"
    assert (await house.post(f"/batches/{batch_id}/check", None, "checker")).status_code == 200
    same = await house.post(f"/batches/{batch_id}/sign", None, "checker")
    assert same.json()["code"] == "same-person"
    signed = await house.post(f"/batches/{batch_id}/sign", None, "signer")
    assert signed.status_code == 200
    assert (await house.get(f"/batches/{batch_id}"))["file_sha256"] == signed.json()["file_sha256"]


async def test_a_repeated_draft_gives_the_first_batch_and_two_makers_do_not_share_a_payout(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    await house.settled_reads()
    body = {"plan_code": PLAN, "payout_ids": [payout_id]}
    key = new_id()
    first, second = [
        await house.web.post("/batches", json=body, headers={**bearer("maker"), "Idempotency-Key": key})
        for _ in range(2)
    ]
    assert first.json() == second.json()
    answers = await asyncio.gather(*(house.post("/batches", body, f"maker-{n}") for n in range(4)))
    assert {answer.json()["code"] for answer in answers} == {"payout-in-batch"}


async def test_two_makers_at_once_draft_a_payout_into_one_batch(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    body = {"plan_code": PLAN, "payout_ids": [payout_id]}
    answers = await asyncio.gather(*(house.post("/batches", body, f"maker-{n}") for n in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]


async def test_what_is_not_in_the_callers_subtree_is_not_there(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, WRONG_NAME_CARD)
    await house.send(await house.sign_all())
    inside = await house.get("/payouts", org_path=COUNTY, role="county_clerk")
    assert [one["payout_id"] for one in inside["items"]] == [payout_id]
    assert (await house.get("/payouts", org_path=ELSEWHERE, role="county_clerk"))["items"] == []
    assert (await house.get("/summary", org_path=ELSEWHERE, role="county_clerk"))["returned"] == 0
    assert (await house.get("/summary", org_path=COUNTY, role="county_clerk"))["returned"] == 1
    stranger = bearer("clerk", "county_clerk", ELSEWHERE)
    assert (await house.web.get(f"/payouts/{payout_id}", headers=stranger)).status_code == 404
    body = {"account_name": "name", "card_no": GOOD_CARD}
    refused = await house.post(f"/payouts/{payout_id}/account", body, "clerk", role="county_clerk", org_path=ELSEWHERE)
    assert (refused.status_code, refused.json()["code"]) == (404, "payout-unknown")
    drafted = await house.post(
        "/batches", {"plan_code": PLAN, "payout_ids": [payout_id]}, "maker", role="finance", org_path=ELSEWHERE
    )
    assert drafted.status_code == 404


async def test_a_member_sees_and_corrects_only_what_is_theirs(house: House) -> None:
    await house.donate(1_000_000)
    (mine,) = await house.approve(50_000, GOOD_CARD)
    await house.approve(50_000, GOOD_CARD)
    me = (await house.get(f"/payouts/{mine}"))["payout"]["payee_id"]
    page = await house.get("/payouts", me, role="member", org_path=COUNTY)
    assert [one["payout_id"] for one in page["items"]] == [mine]
    other = bearer("somebody", "member", COUNTY)
    assert (await house.web.get(f"/payouts/{mine}", headers=other)).status_code == 404


@pytest.mark.parametrize("role", ["member", "unit_clerk", "office_head", "sys_admin", "hotline_agent"])
async def test_only_finance_moves_money(house: House, role: str) -> None:
    refused = await house.post("/batches", {"plan_code": PLAN}, "somebody", role=role)
    assert (refused.status_code, refused.json()["code"]) == (403, "role-not-allowed")


async def test_the_pool_is_for_those_who_see_the_whole_province(house: House) -> None:
    for path in (f"/pool/{PLAN}", f"/ledger/check?plan_code={PLAN}", "/disputes"):
        refused = await house.web.get(path, headers=bearer("finance", "finance", "620000.620700"))
        assert (refused.status_code, refused.json()["code"]) == (403, "organization-not-allowed")


async def test_lists_come_in_pages_that_leave_nothing_out(house: House) -> None:
    await house.donate(1_000_000)
    wanted = [one for _ in range(3) for one in await house.approve(50_000, GOOD_CARD)]
    found: list[str] = []
    after: int | None = 0
    while after is not None:
        page = await house.get(f"/payouts?limit=2&after={after}&state=requested")
        found += [one["payout_id"] for one in page["items"]]
        after = page["next"]
    assert found == wanted
    claim_id = (await house.get(f"/payouts/{wanted[1]}"))["payout"]["claim_id"]
    assert [one["payout_id"] for one in (await house.get(f"/payouts?claim_id={claim_id}"))["items"]] == [wanted[1]]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"account_name": "name", "card_no": "1234"}, 422, "card-number-malformed"),
        ({"account_name": "name", "card_no": "٠" * 16}, 422, "card-number-malformed"),
        ({"account_name": "", "card_no": GOOD_CARD}, 400, "request-invalid"),
        ({"account_name": "name", "card_no": 6.2e17}, 400, "request-invalid"),
        ({"account_name": "name", "card_no": GOOD_CARD, "extra": 1}, 400, "request-invalid"),
    ],
)
async def test_a_wrong_account_is_refused_without_repeating_it(
    house: House, body: dict[str, object], status: int, code: str
) -> None:
    refused = await house.post("/payouts/some/account", body, "payee", role="member")
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert str(body["card_no"]) not in refused.text


async def test_a_corrected_account_is_sealed_for_its_payee_and_nowhere_plain(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, WRONG_NAME_CARD)
    await house.send(await house.sign_all())
    payee_id = (await house.get(f"/payouts/{payout_id}"))["payout"]["payee_id"]
    body = {"account_name": "name", "card_no": "622848000000777777"}
    again = [await house.post(f"/payouts/{payout_id}/account", body, payee_id, role="member") for _ in range(2)]
    assert [one.status_code for one in again] == [200, 200]
    bodies = [row["body"] for row in await house.context.log.pool.fetch("select body from event")]
    assert not any(b"622848000000777777" in one for one in bodies)
    assert sum(b'"type":"payments.account-proposed.v1"' in one for one in bodies) == 1


async def measured_and_closed(house: House) -> None:
    """A fund is used up and told of, and a month is over and closed."""
    await house.approve(2_000_000, GOOD_CARD)
    await house.settled_reads()
    sweep = SWEEPS[0]
    await Sweeps([sweep], house.context.executor, house.clock).once(sweep)
    await house.settled_reads()
    for step, sub in (("close", "one"), ("close/confirm", "two")):
        assert (await house.post(f"/months/{PLAN}/2022-05/{step}", None, sub)).status_code == 200


async def test_every_read_model_is_what_the_log_alone_gives(house: House) -> None:
    await house.donate(1_000_000)
    await house.donate_relief(1_000)
    await house.relieve(1_000, GOOD_CARD)
    await house.approve(50_001, GOOD_CARD, GOOD_CARD, shares=(50, 50))
    await house.approve(60_000, WRONG_NAME_CARD)
    await house.misbehave(kind="contradict", matches=GOOD_CARD[-6:])
    await house.misbehave(kind="return_after_booking", matches=GOOD_CARD[-6:])
    await house.recover(500)
    await measured_and_closed(house)
    await house.post("/pause", {"reason": "why"}, "boss", role="office_head")
    await house.post("/resume", {"reason": "found"}, "boss", role="office_head")
    await house.send(await house.sign_all())
    house.clock.set(house.clock.now() + timedelta(days=1))
    await house.settled_reads()
    await reconcile(house.context)
    await house.settled_reads()
    projecting = house.context.projecting
    own = [one.name for one in ALL if one.source == "payments"]
    async with house.context.reads.connection() as c:
        for name in own:
            before = (await c.exec_driver_sql(f"select t::text from {name} t order by 1")).scalars().all()
            assert before, f"{name} is empty: nothing would be compared."
            await c.rollback()
            await projecting.rebuild(name)
            after = (await c.exec_driver_sql(f"select t::text from {name} t order by 1")).scalars().all()
            await c.rollback()
            assert before == after, name


async def test_a_result_is_taken_in_soon_while_money_is_out(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    batch_id = await house.sign_all()
    await house.misbehave(kind="delay", delay_ms=300)
    following = asyncio.create_task(follow_statement(house.context))
    await house.send(batch_id)
    until = time.monotonic() + 20
    while (await house.get(f"/payouts/{payout_id}"))["payout"]["state"] != "settled":
        assert time.monotonic() < until
        await asyncio.sleep(0.05)
    following.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await following
    assert await house.hits("delay") == 1


async def test_silence_is_asked_about_after_its_time_and_not_before(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    await house.sign_all()
    await query_silent(house.context)
    assert (await house.get(f"/payouts/{payout_id}"))["payout"]["state"] == "batched"
    house.clock.advance(house.patience)
    await query_silent(house.context)
    assert (await house.get(f"/payouts/{payout_id}"))["payout"]["state"] == "unknown"


async def test_what_nobody_has_signed_is_not_silent_however_long_it_waits(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    await house.settled_reads()
    batch_id = (await house.post("/batches", {"plan_code": PLAN}, "maker")).json()["batch_id"]
    for step in ("check", "sign"):
        await house.settled_reads()
        house.clock.advance(house.patience + timedelta(minutes=1))
        await query_silent(house.context)
        assert (await house.get(f"/payouts/{payout_id}"))["payout"]["state"] == "batched"
        assert (await house.post(f"/batches/{batch_id}/{step}", None, step)).status_code == 200
    await house.settled_reads()
    await query_silent(house.context)
    assert (await house.get(f"/payouts/{payout_id}"))["payout"]["state"] == "unknown"


async def test_one_that_the_bank_never_answers_for_keeps_no_other_from_being_asked_about(house: House) -> None:
    await house.donate(1_000_000)
    payout_ids = []
    for _ in range(2):
        payout_ids += await house.approve(50_000, GOOD_CARD)
        batch_id = await house.sign_all()
        house.clock.advance(house.patience)
    signed = (await house.signed_event(batch_id)).event
    assert isinstance(signed, BatchSigned)
    await house.bank.submit(await kept.take(house.context, signed), signed.file_format)
    patient = dataclasses.replace(
        house.context, settings=msgspec.structs.replace(house.context.settings, silent_payouts_max=1)
    )
    asked, states = FROM_THE_OLDEST, []
    for _ in range(2):
        asked = await query_silent(patient, asked)
        rows = [(await house.get(f"/payouts/{one}"))["payout"]["state"] for one in payout_ids]
        states.append(rows)
    assert states == [["unknown", "batched"], ["unknown", "settled"]]
    assert await query_silent(patient, asked) == FROM_THE_OLDEST


async def test_an_unknown_payout_and_an_unknown_batch_are_not_there(house: House) -> None:
    for path in ("/payouts/none", "/batches/none"):
        answer = await house.web.get(path, headers=bearer("reader"))
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
    assert (await house.post("/batches/none/check", None, "checker")).json()["code"] == "batch-unknown"


async def test_an_empty_plan_has_an_empty_pool_and_a_sound_book(house: House) -> None:
    pool = await house.get("/pool/GS-NEF-2023")
    assert pool.pop("told") == []
    assert pool.pop("reserves") == {"outstanding_fen": 0, "ibnr_fen": 0, "by_kind": {}, "booked_by_kind": {}}
    assert {value for name, value in pool.items() if name != "plan_code"} == {0}
    assert (await house.get("/ledger/check?plan_code=GS-NEF-2023"))["balanced"]
    empty = await house.post("/batches", {"plan_code": "GS-NEF-2023"}, "maker")
    assert (empty.status_code, empty.json()["code"]) == (409, "batch-empty")


async def test_a_book_that_was_tampered_with_is_not_called_balanced(house: House) -> None:
    await house.donate(1_000_000)
    await house.approve(50_000, GOOD_CARD)
    await house.send(await house.sign_all())
    await house.settled_reads()
    pool = house.context.log.pool
    await pool.execute(
        "update projection.ledger_entries set amount_fen = amount_fen + 1 where transfer_id like '%:paid'"
    )
    check = await house.get(f"/ledger/check?plan_code={PLAN}")
    assert not check["balanced"]
    assert any("cash" in problem for problem in check["problems"])


async def test_the_same_approval_again_owes_nothing_more(house: House) -> None:
    await house.donate(1_000_000)
    await house.approve(50_000, GOOD_CARD)
    head = await house.context.log.head()
    await house.react("claims", house.last_approval)
    assert await house.context.log.head() == head
