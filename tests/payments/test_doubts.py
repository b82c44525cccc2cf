"""What may have been paid already is drafted nowhere, and all else is: the read model says what the domain says."""

from __future__ import annotations

import random

import pytest
import sqlalchemy as sa

from chassis.decider import Rejected
from chassis.execute import Session
from payments.domain.payout import PAYOUT, RecordResult
from payments.domain.payout_commands import EndDispute, PayoutCommand
from payments.domain.payout_stages import Absent, maybe_paid
from payments.projections import payouts

from .house import GOOD_CARD, House
from .synthetic import PLAN


async def decide(house: House, payout_id: str, command: PayoutCommand) -> None:
    async def work(session: Session) -> None:
        await session.decide(PAYOUT, payout_id, command)

    await house.context.executor.run(work)


async def say(house: House, payout_id: str, outcome: str, attempt: int = 1, reference: str = "R") -> None:
    reason = "" if outcome == "BOOKED" else "ACCOUNT_CLOSED"
    await decide(
        house, payout_id, RecordResult(attempt, outcome, 50_000, f"{reference}-{outcome}", "2022-06-01", reason)
    )


async def in_doubt(house: House) -> set[str]:
    await house.settled_reads()
    async with house.context.reads.connection() as c:
        return set((await c.execute(sa.select(payouts.C.payout_id).where(payouts.IN_DOUBT))).scalars())


async def one_out(house: House) -> str:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, GOOD_CARD)
    await house.sign_all()
    return payout_id


async def test_a_contradiction_that_the_bank_took_back_itself_keeps_nobody_from_being_paid(house: House) -> None:
    payout_id = await one_out(house)
    for outcome in ("REJECTED", "BOOKED"):
        await say(house, payout_id, outcome)
    await house.correct(payout_id, GOOD_CARD, "clerk", role="county_clerk", org_path="620000.620700.620725")
    await house.settled_reads()
    held = await house.post("/batches", {"plan_code": PLAN}, "maker")
    assert (held.status_code, held.json()["code"]) == (409, "batch-empty")
    assert [one["outcome"] for one in (await house.get("/disputes"))["items"]] == ["BOOKED"]
    await say(house, payout_id, "RETURNED")
    assert (await house.get("/disputes"))["items"] == []
    drafted = await house.sign_all()
    assert (await house.get(f"/payouts/{payout_id}"))["payout"]["batch_id"] == drafted


async def test_the_end_of_one_attempts_dispute_ends_no_other_attempts(house: House) -> None:
    payout_id = await one_out(house)
    await say(house, payout_id, "REJECTED")
    await house.correct(payout_id, GOOD_CARD, "clerk", role="county_clerk", org_path="620000.620700.620725")
    await house.sign_all()
    await say(house, payout_id, "REJECTED", 2)
    await say(house, payout_id, "BOOKED", 2)
    await say(house, payout_id, "BOOKED", 1)
    await decide(
        house, payout_id, EndDispute(2, paid=False, ended_on="2022-06-02", item_id="i", by="one", confirmed_by="two")
    )
    assert await in_doubt(house) == {payout_id}
    assert [one["attempt"] for one in (await house.get("/disputes"))["items"]] == [1]
    await decide(
        house, payout_id, EndDispute(1, paid=False, ended_on="2022-06-02", item_id="j", by="one", confirmed_by="two")
    )
    assert await in_doubt(house) == set()
    assert (await house.get("/disputes"))["items"] == []


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_the_bank_says_the_read_model_doubts_what_the_domain_doubts(house: House, seed: int) -> None:
    drawn = random.Random(seed)
    await house.donate(10_000_000)
    payout_ids = [(await house.approve(50_000, GOOD_CARD))[0] for _ in range(8)]
    await house.sign_all()
    doubts = 0
    for step in range(10):
        for payout_id in payout_ids:
            outcome = drawn.choice(["BOOKED", "BOOKED", "REJECTED", "RETURNED", "REVERSED", "judged"])
            if outcome == "judged":
                end = EndDispute(1, drawn.random() < 0.3, "2022-06-02", f"i{step}", "one", "two")
                try:
                    await decide(house, payout_id, end)
                except Rejected:
                    continue
            else:
                fen, reference = drawn.choice([50_000, 49_999]), drawn.choice("AB")
                reason = "" if outcome == "BOOKED" else "ACCOUNT_CLOSED"
                await decide(house, payout_id, RecordResult(1, outcome, fen, reference, "2022-06-01", reason))
        expected = set()
        for payout_id in payout_ids:
            history = await house.context.log.load(f"payout-{payout_id}")
            payout = PAYOUT.initial
            for one in history:
                payout = PAYOUT.evolve(payout, one.event)
            assert not isinstance(payout, Absent)
            if maybe_paid(payout.terms) and any("Disputed" in type(one.event).__name__ for one in history):
                expected.add(payout_id)
        assert await in_doubt(house) == expected, step
        doubts += len(expected)
    assert doubts
