"""What happens beside a claim's straight way is told to whom it concerns, each cause once."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.claims.matching import AnnouncedMatch, MatchesAnnounced, SettlementDecided
from contracts.claims.process import (
    AdvanceGranted,
    ClaimClosedIncomplete,
    ClaimReopened,
    ClaimWithdrawn,
    ObjectionDecided,
    ObjectionFiled,
    PapersReminded,
    PapersRequested,
    PayeesConfirmed,
    RecoveryOffset,
    RecoveryOpened,
    ReviewSampled,
)
from contracts.claims.relief import ReliefClosedIncomplete, ReliefPapersReminded
from contracts.claims.tickets import TicketAnswered
from contracts.claims.v1 import BenefitLine, ClaimApproved, Payee
from contracts.enrolment.v1 import DeathRecorded
from contracts.envelope import Event, changed
from tests.notify.house import CLAIMANT_FIELD, House

NO = "GS2022000123"


def of(house: House, *payees: str) -> dict[str, Any]:
    return {"claim_id": house.claim, "claim_no": NO, "person_id": house.member, "payee_ids": payees or (house.member,)}


def requested(house: House, number: int = 1, *payees: str) -> PapersRequested:
    return PapersRequested(
        **of(house, *payees),
        step="OFFICE_REVIEW",
        needs=("NEED_DISCHARGE",),
        round=number,
        asked_on="2022-03-01",
        remind_days=(7, 20),
        next_on="2022-03-08",
        due_on="2022-03-31",
        note=None,
        by="reviewer",
    )


def reminded(house: House, day: int = 7, due_on: str = "2022-03-31") -> PapersReminded:
    return PapersReminded(**of(house), day=day, next_on="2022-03-21", due_on=due_on)


def objected(house: House, level: int = 1) -> ObjectionFiled:
    return ObjectionFiled(
        **of(house), level=level, note=None, filed_on="2022-03-02", due_on="2022-03-16", by=house.member
    )


def decided(house: House, outcome: str, level: int = 1) -> ObjectionDecided:
    return ObjectionDecided(
        **of(house),
        level=level,
        outcome=outcome,
        lines=(),
        next_step="",
        note=None,
        decided_on="2022-03-10",
        by="judge",
        due_on="",
    )


def advanced(house: House, *payees: Payee) -> AdvanceGranted:
    return AdvanceGranted(
        claim_id=house.claim,
        claim_no=NO,
        person_id=house.member,
        plan_code="p",
        plan_version=1,
        org_path="620000",
        line_id=f"{house.claim}.X",
        benefit_code="X",
        amount_fen=7_500_000,
        payees=payees or (house.payee(),),
        granted_on="2022-03-01",
        reviewed_by=("head",),
    )


def recovery(house: House, *, waived: bool = False) -> RecoveryOpened:
    return RecoveryOpened(
        recovery_id=house.claim,
        claim_id=house.claim,
        claim_no=NO,
        person_id=house.member,
        plan_code="p",
        org_path="620000",
        amount_fen=164_000,
        reason="REVERSED",
        note=None,
        due_on="2022-03-31",
        by="head",
        waived=waived,
    )


async def tell(house: House, *events: Event) -> list[str]:
    """The codes of what this test's people are told, in order."""
    for event in events:
        await house.world.feed("claims", event, f"claim-{house.claim}")
    assert await house.world.parked() == []
    return [event.template_code for event in await house.queued()]


def relief_reminded(house: House) -> ReliefPapersReminded:
    return ReliefPapersReminded(
        relief_id=house.claim, relief_no=NO, person_id=house.member, day=7, next_on="2022-03-21", due_on="2022-03-31"
    )


def relief_closed(house: House) -> ReliefClosedIncomplete:
    return ReliefClosedIncomplete(relief_id=house.claim, relief_no=NO, person_id=house.member, closed_on="2022-04-01")


TOLD = {
    "papers-needed": requested,
    "papers-reminder": reminded,
    "claim-closed-incomplete": lambda house: ClaimClosedIncomplete(**of(house), closed_on="2022-04-01"),
    "claim-withdrawn": lambda house: ClaimWithdrawn(claim_id=house.claim, claim_no=NO, person_id=house.member, by="f"),
    "objection-received": objected,
    "objection-upheld": lambda house: decided(house, "UPHELD"),
    "objection-upheld-finally": lambda house: decided(house, "UPHELD", 2),
    "objection-overturned": lambda house: decided(house, "OVERTURNED"),
    "objection-partly": lambda house: decided(house, "PARTLY"),
    "objection-raises": lambda house: changed(decided(house, "PARTLY"), against="GRANT"),
    "advance-approved": advanced,
    "recovery-asked": recovery,
    "relief-papers-reminder": relief_reminded,
    "relief-closed-incomplete": relief_closed,
}


@pytest.mark.parametrize("code", TOLD)
async def test_each_event_is_told_once_in_its_own_words(house: House, code: str) -> None:
    await house.register()
    event = TOLD[code](house)
    assert await tell(house, event, event) == [code]


@pytest.mark.parametrize("code", TOLD)
async def test_nothing_is_told_to_the_deceased(house: House, code: str) -> None:
    await house.register()
    death = DeathRecorded(person_id=house.member, died_on="2022-02-01")
    await house.world.feed("enrolment", death, f"person-{house.member}")
    assert await tell(house, TOLD[code](house)) == []


async def test_the_message_says_until_when_and_how_much(house: House) -> None:
    await house.register()
    await tell(house, requested(house), recovery(house))
    for event in await house.queued():
        await house.work(event.message_id)
    papers, money = [message["text"] for message in await house.arrived()]
    assert f"{NO}需补充材料,请于3月31日前" in papers
    assert "互助金1,640.00元需于3月31日前退回" in money


async def test_each_round_and_each_reminder_is_a_cause_of_its_own(house: House) -> None:
    rounds = requested(house), reminded(house), reminded(house, 20), requested(house, 2)
    again = reminded(house, due_on="2022-04-30")
    assert await tell(house, *rounds, again) == [
        "papers-needed",
        "papers-reminder",
        "papers-reminder",
        "papers-needed",
        "papers-reminder",
    ]


async def test_every_payee_is_asked_for_papers(house: House) -> None:
    await tell(house, requested(house, 1, house.member, house.heir))
    assert {event.recipient_id for event in await house.queued()} == {house.member, house.heir}


async def test_what_only_the_house_has_to_know_is_not_told(house: House) -> None:
    reopened = ClaimReopened(
        claim_id=house.claim, step="OFFICE_REVIEW", documents=(), by="p", due_on="2022-05-01", decide_until="2022-06-01"
    )
    sampled = ReviewSampled(claim_id=house.claim, person_id=house.member)
    assert await tell(house, reopened, sampled, recovery(house, waived=True)) == []


async def test_an_heir_who_was_named_later_is_reached_and_told_the_share(house: House) -> None:
    contact = await house.seal(house.heir, "某某", house.heirs_mobile, CLAIMANT_FIELD)
    heir = house.payee(house.heir, 60, contact)
    confirmed = PayeesConfirmed(claim_id=house.claim, payees=(heir,), next_step="OFFICE_REVIEW", by="f", due_on="")
    assert await tell(house, confirmed, advanced(house, heir)) == ["advance-approved-share"]
    (queued,) = await house.queued()
    await house.work(queued.message_id)
    (message,) = await house.arrived()
    assert message["mobile"] == house.heirs_mobile
    assert "60%" in message["text"]


@pytest.mark.parametrize(
    ("advanced_fen", "raised", "code", "amount"),
    [
        (0, False, "claim-approved", "75,000.00"),
        (3_000_000, False, "claim-approved-rest", "45,000.00"),
        (7_500_000, False, "claim-approved-prepaid", None),
        (3_000_000, True, "claim-raised", "45,000.00"),
    ],
)
async def test_an_approval_announces_what_is_still_to_come(
    house: House, advanced_fen: int, *, raised: bool, code: str, amount: str | None
) -> None:
    line = BenefitLine(
        line_id="l",
        benefit_code="X",
        computed_fen=7_500_000,
        cap_cut_fen=0,
        amount_fen=7_500_000,
        trace=(),
        advanced_fen=advanced_fen,
    )
    approved = ClaimApproved(
        claim_id=house.claim,
        claim_no=NO,
        person_id=house.member,
        plan_code="p",
        plan_version=1,
        org_path="620000",
        lines=(line,),
        payees=(house.payee(),),
        total_fen=7_500_000,
        approved_on="2022-03-01",
        raised=raised,
    )
    assert await tell(house, approved) == [code]
    (queued,) = await house.queued()
    assert queued.variables.get("amt") == amount


async def test_money_is_asked_back_of_those_who_were_paid(house: House) -> None:
    await house.register()
    contact = await house.seal(house.heir, "某某", house.heirs_mobile, CLAIMANT_FIELD)
    heir = house.payee(house.heir, 100, contact)
    confirmed = PayeesConfirmed(claim_id=house.claim, payees=(heir,), next_step="OFFICE_REVIEW", by="f", due_on="")
    await house.world.feed(
        "enrolment", DeathRecorded(person_id=house.member, died_on="2022-02-01"), f"person-{house.member}"
    )
    asked = changed(recovery(house), payee_ids=(house.heir,))
    assert await tell(house, confirmed, asked) == ["recovery-asked"]
    (queued,) = await house.queued()
    assert queued.recipient_id == house.heir


def not_payable(house: House, outcome: str = "NOT_PAYABLE") -> SettlementDecided:
    return SettlementDecided(
        task_id=f"t-{house.member}",
        plan_code="p",
        setl_id="s",
        person_id=house.member,
        outcome=outcome,
        rule_code="RJ_WAITING",
        claim_id="",
        note=None,
        by="reviewer",
    )


async def test_a_stay_that_a_person_finds_not_payable_is_told_once(house: House) -> None:
    await house.register()
    assert await tell(house, not_payable(house, "NOT_MATCHED"), not_payable(house, "DONE")) == []
    assert await tell(house, not_payable(house), not_payable(house)) == ["match-not-payable"]
    match = AnnouncedMatch(setl_key=f"t-{house.member}", person_id=house.member, claim_id="", code="WAITING")
    announced = MatchesAnnounced(import_id="i", plan_code="p", matches=(match,))
    assert await tell(house, announced) == ["match-not-payable"]


async def test_the_difference_is_asked_back_when_a_corrected_claim_counts(house: House) -> None:
    def counted(left_fen: int, *, waived: bool) -> RecoveryOffset:
        return RecoveryOffset(
            recovery_id=house.claim,
            claim_id=house.claim,
            claim_no=NO,
            plan_code="p",
            to_claim_id="corrected",
            amount_fen=164_000 - left_fen,
            left_fen=left_fen,
            payee_ids=(house.member,),
            due_on="2022-03-31",
            waived=waived,
        )

    await house.register()
    assert await tell(house, recovery(house), counted(0, waived=True)) == ["recovery-asked"]
    less = counted(64_000, waived=False)
    assert await tell(house, less, less) == ["recovery-asked", "recovery-asked"]
    assert (await house.queued())[-1].variables["amt"] == "640.00"


async def test_who_asked_the_hotline_is_told_that_there_is_an_answer_and_nothing_of_it(house: House) -> None:
    await house.register()
    answered = TicketAnswered(
        ticket_id=house.claim, answer=None, answered_on="2022-03-01", by="clerk", person_id=house.member
    )
    for event in (answered, answered):
        await house.world.feed("claims", event, f"ticket-{house.claim}")
    [queued] = await house.queued()
    assert (queued.template_code, queued.variables) == ("ticket-answered", {})


async def test_of_a_caller_without_a_name_nobody_is_told(house: House) -> None:
    before = len(await house.world.events())
    answered = TicketAnswered(ticket_id=house.claim, answer=None, answered_on="2022-03-01", by="clerk")
    await house.world.feed("claims", answered, f"ticket-{house.claim}")
    assert len(await house.world.events()) == before
