"""Above a limit one further person agrees, and then it goes on; the switch holds everything that has not left."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from chassis.testing import Spec
from chassis.worker import NotYet
from contracts.envelope import changed
from contracts.payments.owing import (
    BatchApproved,
    CountyDayDrawn,
    FurtherApprovalAsked,
    FurtherApprovalGiven,
    MemberPeriodDrawn,
    PayoutsPaused,
    PayoutsResumed,
)
from contracts.payments.v1 import BatchChecked, BatchDrafted, BatchSigned
from payments.domain.batch import BATCH, ApproveBatch, SignBatch
from payments.domain.county_day import COUNTY_DAY, DrawCountyDay, county_of
from payments.domain.member_period import MEMBER_PERIOD, DrawMemberPeriod
from payments.domain.payout import PAYOUT, BatchPayout
from payments.domain.payout_approval import Limits, Load, exceeded
from payments.domain.payout_commands import AskApproval, GiveApproval
from payments.domain.payout_switch import PAYOUT_SWITCH, PausePayouts, ResumePayouts

from .house import COUNTY, GOOD_CARD, WRONG_NAME_CARD, House, bearer
from .synthetic import AMOUNT_FEN, PLAN, batched, requested

payout, batch, switch = Spec(PAYOUT), Spec(BATCH), Spec(PAYOUT_SWITCH)
county, member = Spec(COUNTY_DAY), Spec(MEMBER_PERIOD)
ASKED = FurtherApprovalAsked(
    payout_id="line-1-payee-1", claim_id="claim-1", claim_no="2022-0001", amount_fen=AMOUNT_FEN,
    limits=("PAYOUT",), by="maker",
)  # fmt: skip
GIVEN = FurtherApprovalGiven(payout_id="line-1-payee-1", limits=("PAYOUT",), by="other")
DRAFTED = BatchDrafted(
    batch_id="b", plan_code=PLAN, payout_ids=("p",), total_fen=101, approved_by=("head",), by="maker"
)
CHECKED = BatchChecked(batch_id="b", by="checker")
APPROVED = BatchApproved(batch_id="b", limit_fen=100, by="other")
SIGNED = BatchSigned(batch_id="b", by="signer", file_sha256="f", count=1, total_fen=101, file_format="iso20022")
PAUSED = PayoutsPaused(by="f", reason="why")
RESUMED = PayoutsResumed(by="g", reason="found")


def test_each_limit_is_a_sum_that_may_be_reached_and_not_passed() -> None:
    limits = Limits(payout_fen=100, member_period_fen=200, county_day_fen=300)
    assert exceeded(Load(100, 200, 200), limits) == ()
    assert exceeded(Load(101, 101, 0), limits) == ("PAYOUT",)
    assert exceeded(Load(100, 201, 0), limits) == ("MEMBER_PERIOD",)
    assert exceeded(Load(100, 100, 201), limits) == ("COUNTY_DAY",)
    assert exceeded(Load(10**9, 10**9, 10**9), Limits(0, 0, 0)) == ()


def test_an_approval_is_asked_once_and_holds_the_payout_until_it_is_given() -> None:
    payout.given(requested()).when(AskApproval(("PAYOUT",), "maker")).then(ASKED)
    payout.given(requested(), ASKED).when(AskApproval(("PAYOUT",), "maker-2")).then_nothing()
    payout.given(requested(), ASKED).when(BatchPayout("b-1")).then_rejected("approval-needed")
    payout.given(requested(), ASKED, GIVEN).when(BatchPayout("b-1")).then(batched())
    payout.given(requested(), ASKED, GIVEN).when(AskApproval(("PAYOUT",), "maker")).then_nothing()
    payout.when(AskApproval(("PAYOUT",), "maker")).then_rejected("payout-unknown")


def test_one_further_person_agrees_once() -> None:
    payout.given(requested(), ASKED).when(GiveApproval("other")).then(GIVEN)
    payout.given(requested(), ASKED, GIVEN).when(GiveApproval("other")).then_nothing()
    payout.given(requested(), ASKED, GIVEN).when(GiveApproval("third")).then_rejected("already-approved")
    payout.given(requested()).when(GiveApproval("other")).then_rejected("approval-not-asked")


@pytest.mark.parametrize(("by", "code"), [("maker", "same-person"), ("head", "approver-cannot-approve-again")])
def test_neither_who_asked_nor_who_granted_is_a_further_person(by: str, code: str) -> None:
    payout.given(requested(), ASKED).when(GiveApproval(by)).then_rejected(code)


def test_a_batch_above_the_limit_is_signed_after_one_further_person_has_agreed() -> None:
    sign = SignBatch("signer", "f", limit_fen=100)
    batch.given(DRAFTED, CHECKED).when(sign).then_rejected("approval-needed")
    batch.given(DRAFTED, CHECKED).when(ApproveBatch("other", 100)).then(APPROVED)
    batch.given(DRAFTED).when(ApproveBatch("other", 100)).then(APPROVED)
    batch.given(DRAFTED, APPROVED).when(ApproveBatch("other", 100)).then_nothing()
    batch.given(DRAFTED, APPROVED, CHECKED).when(sign).then(SIGNED)
    batch.given(DRAFTED, CHECKED, APPROVED).when(sign).then(SIGNED)
    batch.given(DRAFTED, CHECKED, APPROVED).when(SignBatch("other", "f", 100)).then_rejected("same-person")
    batch.given(DRAFTED, CHECKED).when(SignBatch("signer", "f", 101)).then(SIGNED)


def test_a_batch_below_the_limit_needs_no_further_person_and_its_own_people_are_none() -> None:
    batch.given(DRAFTED).when(ApproveBatch("other", 101)).then_rejected("approval-not-asked")
    batch.given(DRAFTED, CHECKED).when(ApproveBatch("checker", 100)).then_rejected("same-person")
    batch.given(DRAFTED).when(ApproveBatch("head", 100)).then_rejected("approver-cannot-pay")
    batch.given(DRAFTED, CHECKED, APPROVED, SIGNED).when(ApproveBatch("x", 100)).then_rejected("batch-already-signed")
    batch.when(ApproveBatch("other", 100)).then_rejected("batch-unknown")


def test_the_switch_is_turned_with_a_reason_and_a_second_turn_is_quiet() -> None:
    switch.when(PausePayouts("f", "why")).then(PAUSED)
    switch.given(PAUSED).when(PausePayouts("g", "me too")).then_nothing()
    switch.given(PAUSED).when(ResumePayouts("g", "found")).then(RESUMED)
    switch.given(PAUSED, RESUMED).when(ResumePayouts("g", "found")).then_nothing()
    switch.when(PausePayouts("f", " ")).then_rejected("reason-missing")


async def test_a_payout_above_the_limit_is_listed_agreed_to_and_paid(house: House) -> None:
    await house.donate(100_000_000)
    (large,) = await house.approve(house.context.settings.payout_limit_fen + 1, GOOD_CARD)
    await house.settled_reads()
    told = await house.post("/batches", {"plan_code": PLAN}, "maker")
    assert told.status_code == 202
    assert (told.json()["batch_id"], told.json()["waiting"]) == ("", [large])
    (small,) = await house.approve(50_000, GOOD_CARD)
    await house.settled_reads()
    told = await house.post("/batches", {"plan_code": PLAN, "payout_ids": [large, small]}, "maker")
    assert (told.status_code, told.json()["payouts"], told.json()["waiting"]) == (201, 1, [large])
    waiting = (await house.get("/approvals"))["payouts"]
    assert [(one["payout_id"], one["limits"]) for one in waiting] == [(large, ["PAYOUT"])]
    path = f"/payouts/{large}/approval"
    assert (await house.post(path, None, "c", role="county_clerk", org_path=COUNTY)).status_code == 403
    elsewhere = await house.post(path, None, "f", role="finance", org_path="620000.620600")
    assert elsewhere.status_code == 404
    assert (await house.post(path, None, "maker")).json()["code"] == "same-person"
    assert (await house.post(path, None, "other", role="supervisor")).status_code == 200
    assert (await house.get("/approvals"))["payouts"] == []
    told = await house.post("/batches", {"plan_code": PLAN}, "other")
    assert told.json()["code"] == "approver-cannot-pay"
    await house.send(await house.sign_all())
    assert (await house.get(f"/payouts/{large}"))["payout"]["state"] == "settled"


async def test_a_county_gets_its_days_sum_and_the_rest_waits(house: House) -> None:
    limit = house.context.settings.county_day_limit_fen
    part = house.context.settings.payout_limit_fen
    await house.donate(10 * limit)
    for _ in range(limit // part + 1):
        await house.approve(part, GOOD_CARD)
    await house.settled_reads()
    told = (await house.post("/batches", {"plan_code": PLAN}, "maker")).json()
    assert (told["total_fen"], len(told["waiting"])) == (limit, 1)
    await house.approve(part, GOOD_CARD)
    await house.settled_reads()
    later = await house.post("/batches", {"plan_code": PLAN}, "maker")
    assert (later.status_code, len(later.json()["waiting"])) == (202, 1)


COUNTED = CountyDayDrawn(plan_code=PLAN, county=COUNTY, day="2022-06-01", batch_id="b", amount_fen=70)
TAKEN = MemberPeriodDrawn(plan_code=PLAN, fund="pool", person_id="p", payout_id="o", amount_fen=70, before_fen=5)


def test_what_goes_to_a_county_is_counted_once_a_batch() -> None:
    draw = DrawCountyDay(PLAN, COUNTY, "2022-06-01", "b", 70)
    county.when(draw).then(COUNTED)
    county.given(COUNTED).when(draw).then_nothing()
    county.given(COUNTED).when(replace(draw, batch_id="c")).then(changed(COUNTED, batch_id="c"))
    county.when(replace(draw, amount_fen=0)).then_rejected("amount-not-positive")
    assert county_of(f"{COUNTY}.12") == county_of(COUNTY) == COUNTY
    assert county_of("620000") == "620000"


def test_what_goes_to_a_member_is_counted_once_a_payout_and_what_went_before_with_the_first() -> None:
    draw = DrawMemberPeriod(PLAN, "pool", "p", "o", 70, before_fen=5)
    member.when(draw).then(TAKEN)
    member.given(TAKEN).when(draw).then_nothing()
    member.given(TAKEN).when(replace(draw, payout_id="n")).then(changed(TAKEN, payout_id="n", before_fen=0))
    member.when(replace(draw, amount_fen=0)).then_rejected("amount-not-positive")
    state = MEMBER_PERIOD.evolve(MEMBER_PERIOD.initial, TAKEN)
    assert (state.with_fen("o", 70), state.with_fen("n", 70)) == (75, 145)


async def all_at_once(house: House, payout_ids: list[str]) -> list[int]:
    """One draft for each payout, at the same moment: how each was answered."""
    await house.settled_reads()
    drafts = [
        house.post("/batches", {"plan_code": PLAN, "payout_ids": [one]}, f"maker-{number}")
        for number, one in enumerate(payout_ids)
    ]
    return sorted(answer.status_code for answer in await asyncio.gather(*drafts))


async def test_drafts_at_the_same_moment_do_not_pass_a_countys_limit_together(house: House) -> None:
    settings = house.context.settings
    await house.donate(10 * settings.county_day_limit_fen)
    room = 2
    for _ in range(settings.county_day_limit_fen // settings.payout_limit_fen - room):
        await house.approve(settings.payout_limit_fen, GOOD_CARD)
    await house.settled_reads()
    assert (await house.post("/batches", {"plan_code": PLAN}, "maker")).json()["waiting"] == []
    more = [(await house.approve(settings.payout_limit_fen, GOOD_CARD))[0] for _ in range(5)]
    assert await all_at_once(house, more) == [201] * room + [202] * (5 - room)
    asked = (await house.get("/approvals"))["payouts"]
    assert [one["limits"] for one in asked] == [["COUNTY_DAY"]] * 3
    # The next business day begins with nothing.
    house.clock.advance(timedelta(days=1))
    (fresh,) = await house.approve(settings.payout_limit_fen, GOOD_CARD)
    assert await all_at_once(house, [fresh]) == [201]


async def test_drafts_at_the_same_moment_do_not_pass_a_members_limit_together(house: House) -> None:
    settings = house.context.settings
    await house.donate(10 * settings.member_period_limit_fen)
    third = settings.member_period_limit_fen // 3
    parts = [(await house.approve(third, GOOD_CARD, person_id="one"))[0] for _ in range(5)]
    assert await all_at_once(house, parts) == [201] * 3 + [202] * 2
    asked = (await house.get("/approvals"))["payouts"]
    assert [one["limits"] for one in asked] == [["MEMBER_PERIOD"]] * 2
    (other,) = await house.approve(third, GOOD_CARD, person_id="two")
    assert await all_at_once(house, [other]) == [201]


async def test_a_new_attempt_of_a_payout_is_counted_once_for_its_member(house: House) -> None:
    whole = house.context.settings.payout_limit_fen
    await house.donate(10 * whole)
    (payout_id,) = await house.approve(whole, WRONG_NAME_CARD, person_id="one")
    await house.send(await house.sign_all())
    await house.take_in_statement()
    await house.settled_reads()
    payee = (await house.get(f"/payouts/{payout_id}"))["payout"]["payee_id"]
    await house.correct(payout_id, GOOD_CARD, payee, role="member", org_path=COUNTY)
    (rest,) = await house.approve(house.context.settings.member_period_limit_fen - whole, GOOD_CARD, person_id="one")
    assert await all_at_once(house, [payout_id, rest]) == [201, 201]
    (more,) = await house.approve(1, GOOD_CARD, person_id="one")
    assert await all_at_once(house, [more]) == [202]


async def test_while_payouts_are_paused_nothing_is_signed_or_handed_to_the_bank(house: House) -> None:
    await house.donate(1_000_000)
    await house.approve(50_000, GOOD_CARD)
    signed = await house.sign_all()
    await house.approve(60_000, GOOD_CARD)
    await house.settled_reads()
    drafted = (await house.post("/batches", {"plan_code": PLAN}, "maker")).json()["batch_id"]
    await house.post(f"/batches/{drafted}/check", None, "checker")
    for who in (bearer("x", "county_clerk"), bearer("x", "finance", "620000.620700")):
        assert (await house.web.post("/pause", json={"reason": "why"}, headers=who)).status_code == 403
    assert (await house.post("/pause", {"reason": "账户异常"}, "boss", role="office_head")).json() == {"paused": True}
    stopped = await house.post(f"/batches/{drafted}/sign", None, "signer")
    assert (stopped.status_code, stopped.json()["code"]) == (409, "payouts-paused")
    with pytest.raises(NotYet):
        await house.send(signed)
    assert await house.bookings() == []
    turns = await house.get("/pause")
    assert turns["paused"]
    assert [(one["by"], one["reason"]) for one in turns["turns"]] == [("boss", "账户异常")]
    await house.post("/resume", {"reason": "已查明"}, "boss", role="office_head")
    await house.send(signed)
    assert [one["booked_fen"] for one in await house.bookings()] == [50_000]
    assert (await house.post(f"/batches/{drafted}/sign", None, "signer")).status_code == 200


def test_a_batch_keeps_who_agreed_when_it_is_checked() -> None:
    late = changed(APPROVED, by="late")
    batch.given(DRAFTED, APPROVED, CHECKED).when(ApproveBatch("late", 100)).then_rejected("already-approved")
    batch.given(DRAFTED, CHECKED, late).when(ApproveBatch("late", 100)).then_nothing()
