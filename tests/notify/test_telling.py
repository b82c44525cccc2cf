"""Others' events become messages: to whom, when, once; and the worker brings them to the provider."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chassis.parked import retry_parked
from contracts.claims.matching import AnnouncedMatch, MatchesAnnounced
from contracts.claims.v1 import BenefitLine, ClaimApproved, ClaimRejected
from contracts.enrolment.people import ContactChanged, DeathWithdrawn, ErasureBegun, NameCorrected
from contracts.enrolment.v1 import DeathRecorded
from contracts.health_checkup.v1 import FindingRaised, MemberInvited, ResultsRecorded
from contracts.notify.v1 import (
    MessageDelivered,
    MessageFailed,
    MessageHandedOver,
    MessagePostponed,
    MessageQueued,
    MessageReleased,
    MessageSent,
)
from contracts.payments.v1 import PayoutReturned
from notify.workers.letters import ContactNotKnown
from tests.notify.house import CLAIMANT_FIELD, OPAQUE, House

NIGHT = datetime(2022, 3, 1, 14, 0, tzinfo=UTC)
EIGHT = datetime(2022, 3, 2, 0, 0, tzinfo=UTC)


def codes(events: list[object]) -> list[type]:
    return [type(event) for event in events]


async def test_the_paid_are_told_the_amount_and_the_tail(house: House) -> None:
    await house.register()
    await house.settle()
    await house.work(house.paid)
    [message] = await house.arrived()
    assert message["mobile"] == house.mobile
    assert message["text"] == "【甘肃互助保障】某某某您好,互助金150,000.00元已打入您尾号1234的银行卡,请查收。"
    assert codes(await house.history(house.paid)) == [MessageQueued, MessageReleased, MessageHandedOver, MessageSent]


async def test_a_match_is_told_later_than_money_and_a_death_never(house: House) -> None:
    await house.register()
    codes_told = ("EXACT_NEW", "NO_SELF_PAY")
    matches = tuple(
        AnnouncedMatch(setl_key=f"k-{code}", person_id=house.member, claim_id="", code=code) for code in codes_told
    )
    announced = MatchesAnnounced(import_id="i", plan_code="p", matches=matches)
    await house.world.feed("claims", announced, f"settlement_matches-{house.member}")
    found, refused = await house.queued()
    assert [found.template_code, refused.template_code] == ["match-found", "match-not-payable"]
    message_id = f"match-k-EXACT_NEW-match-found-{house.member}"
    assert codes(await house.history(message_id)) == [MessageQueued]
    await house.settle()
    assert codes(await house.history(house.paid)) == [MessageQueued, MessageReleased]
    house.world.clock.advance(timedelta(minutes=11))
    assert await house.sweep("release-bulk") == len(codes_told)


async def test_the_message_names_its_cause(house: House) -> None:
    await house.register()
    cause = await house.settle()
    [queued, *_] = await house.context.log.load(f"message-{house.paid}")
    assert (queued.header.causesource, queued.header.causeposition) == ("/huzhu/payments", cause.position)


async def test_each_claim_and_payment_event_tells_the_payee(house: House) -> None:
    line = BenefitLine(
        line_id="l1", benefit_code="X", computed_fen=1, cap_cut_fen=0, amount_fen=7_500_000, trace=("t",)
    )
    approved = ClaimApproved(
        claim_id=house.claim,
        claim_no="GS2022000123",
        person_id=house.member,
        plan_code="p",
        plan_version=1,
        org_path="620000",
        lines=(line,),
        payees=(house.payee(),),
        total_fen=7_500_000,
        approved_on="2022-03-01",
    )
    rejected = ClaimRejected(
        claim_id=house.claim + "-2",
        claim_no="GS2022000124",
        person_id=house.member,
        reason="RJ_X",
        rule="r",
        explanation="e",
        payees=(house.payee(),),
    )
    returned = PayoutReturned(
        payout_id=house.payout,
        claim_id=house.claim,
        claim_no="n",
        person_id=house.member,
        payee_id=house.member,
        plan_code="p",
        amount_fen=1,
        attempt=1,
        reason="NAME_MISMATCH",
        after_booking=False,
        bank_reference="b",
        transfers=(),
    )
    await house.register()
    await house.file()
    await house.world.feed("claims", approved, f"claim-{house.claim}")
    await house.world.feed("claims", rejected, f"claim-{house.claim}-2")
    await house.world.feed("payments", returned, f"payout-{house.payout}")
    told = [event.template_code for event in await house.queued()]
    assert told == ["claim-received", "claim-approved", "claim-refused", "payment-returned"]
    assert await house.world.parked() == []


async def test_a_check_up_invites_reports_and_warns_without_a_word_of_health(house: House) -> None:
    await house.register()
    events = [
        MemberInvited(
            stop_id="s1", campaign="2022", person_id=house.member, place="武威肿瘤医院", date="2022-07-15", wave=1
        ),
        ResultsRecorded(
            exam_id="e1",
            person_id=house.member,
            stop_id="s1",
            campaign="2022",
            package="BASIC.v1",
            examined_on="2022-07-15",
            measurements=OPAQUE,
            items=1,
            abnormal=1,
        ),
        FindingRaised(
            finding_id="e1",
            exam_id="e1",
            person_id=house.member,
            finding_class="A",
            detail=OPAQUE,
            contact_by="2022-07-15",
        ),
    ]
    for event in events:
        await house.world.feed("health_checkup", event, f"any-{house.claim}")
    for cause in ("invited-s1", "report-e1", "finding-e1"):
        await house.work(f"{cause}-{house.member}")
    texts = [message["text"] for message in await house.arrived()]
    assert len(texts) == 3
    assert "7月15日" in texts[0]
    assert not any(word in "".join(texts) for word in ("肿瘤", "医院"))


async def test_heirs_are_told_and_the_deceased_is_not(house: House) -> None:
    await house.register()
    contact = await house.seal(house.heir, "某某", house.heirs_mobile, CLAIMANT_FIELD)
    await house.file(house.payee(house.heir, 60, contact), house.payee(house.member, 40), died_on="2022-02-01")
    await house.settle(payee_id=house.heir)
    await house.settle()
    for event in await house.queued():
        await house.work(event.message_id)
    assert [event.template_code for event in await house.queued()] == ["claim-received", "benefit-paid"]
    assert {message["mobile"] for message in await house.arrived()} == {house.heirs_mobile}


async def test_an_heir_who_left_no_number_is_listed_at_once(house: House) -> None:
    await house.file(house.payee(house.heir), died_on="2022-02-01")
    message_id = f"received-{house.claim}-{house.heir}"
    await house.work(message_id)
    assert (await house.history(message_id))[-1] == MessageFailed(
        message_id=message_id, code="no-mobile", recipient_id=house.heir
    )


async def test_an_heir_is_told_the_share_at_approval(house: House) -> None:
    approved = ClaimApproved(
        claim_id=house.claim,
        claim_no="GS2022000123",
        person_id=house.member,
        plan_code="p",
        plan_version=1,
        org_path="620000",
        lines=(),
        payees=(house.payee(house.heir, 60),),
        total_fen=1,
        approved_on="2022-03-01",
    )
    await house.world.feed("claims", approved, f"claim-{house.claim}")
    [event] = await house.queued()
    assert event.variables == {"no": "GS2022000123", "share": "60", "tail": "1234"}


async def test_a_message_that_waited_while_its_recipient_died_is_not_sent(house: House) -> None:
    await house.register()
    await house.settle()
    await house.file(house.payee(house.heir), died_on="2022-02-01")
    await house.work(house.paid)
    assert (await house.history(house.paid))[-1] == house.failed("recipient-deceased")
    assert await house.arrived() == []


async def test_whose_death_enrolment_knows_gets_nothing(house: House) -> None:
    await house.register()
    death = DeathRecorded(person_id=house.member, died_on="2022-02-01")
    await house.world.feed("enrolment", death, f"person-{house.member}")
    await house.settle()
    assert await house.queued() == []


async def test_a_death_that_was_withdrawn_keeps_nobody_from_being_told(house: House) -> None:
    await house.register()
    stream = f"person-{house.member}"
    await house.world.feed("enrolment", DeathRecorded(person_id=house.member, died_on="2022-02-01"), stream)
    mistake = DeathWithdrawn(person_id=house.member, withdrawn_on="2022-02-02", reason="OTHER_PERSON", by="u")
    await house.world.feed("enrolment", mistake, stream)
    await house.settle()
    await house.work(house.paid)
    assert len(await house.arrived()) == 1


async def test_whoever_has_another_mobile_or_name_is_reached_there_by_that_name(house: House) -> None:
    await house.register("李四")
    told = {"effective_on": "2022-02-20", "source": "MEMBER", "by": "u"}
    other = house.heirs_mobile
    contact = await house.seal(house.member, "李四", other, "enrolment.contact-changed.v1/contact")
    changed = ContactChanged(person_id=house.member, contact=contact, **told)
    await house.world.feed("enrolment", changed, f"person-{house.member}")
    contact = await house.seal(house.member, "王五", other, "enrolment.name-corrected.v1/contact")
    corrected = NameCorrected(person_id=house.member, identity=OPAQUE, contact=contact, **told)
    await house.world.feed("enrolment", corrected, f"person-{house.member}")
    await house.settle()
    await house.work(house.paid)
    [message] = await house.arrived()
    assert message["mobile"] == other
    assert "王五" in message["text"]


async def test_whoever_is_being_erased_is_known_and_not_reached(house: House) -> None:
    await house.register()
    begun = ErasureBegun(person_id=house.member, begun_on="2022-02-20", by="u")
    await house.world.feed("enrolment", begun, f"person-{house.member}")
    await house.settle()
    await house.work(house.paid)
    assert (await house.history(house.paid))[-1] == house.failed("no-mobile")
    assert await house.arrived() == []


async def test_a_second_attempt_after_a_return_is_told_again(house: House) -> None:
    await house.register()
    await house.settle()
    await house.settle(attempt=2)
    assert len(await house.queued()) == 2


async def test_the_same_cause_arriving_twice_tells_once(house: House) -> None:
    await house.register()
    await house.settle()
    await house.settle()
    await house.work(house.paid)
    await house.work(house.paid)
    [message] = await house.arrived()
    assert message["attempts"] == 1


async def test_at_night_a_message_waits_for_eight_o_clock(house: House) -> None:
    await house.register()
    house.world.clock.set(NIGHT)
    await house.settle()
    assert codes(await house.history(house.paid)) == [MessageQueued]
    assert await house.release_due() == 0
    house.world.clock.set(EIGHT)
    assert await house.release_due() == 1
    assert codes(await house.history(house.paid)) == [MessageQueued, MessageReleased]


async def test_a_message_that_comes_late_to_the_worker_is_kept_back_for_the_night(house: House) -> None:
    await house.register()
    await house.settle()
    house.world.clock.set(NIGHT)
    await house.work(house.paid)
    assert codes(await house.history(house.paid)) == [MessageQueued, MessageReleased, MessagePostponed]
    assert await house.arrived() == []
    house.world.clock.set(EIGHT)
    assert await house.release_due() == 1
    await house.work(house.paid)
    assert len(await house.arrived()) == 1


async def test_a_provider_that_fails_is_asked_again_and_the_message_arrives_once(house: House) -> None:
    await house.register()
    await house.settle()
    await house.behave(fail=2, lose=1)
    await house.work(house.paid)
    assert len(await house.arrived()) == 1
    assert codes(await house.history(house.paid)) == [MessageQueued, MessageReleased, MessageHandedOver, MessageSent]


async def test_a_provider_that_stays_away_leaves_a_visible_failure_that_can_be_tried_again(house: House) -> None:
    await house.register()
    await house.settle()
    await house.behave(fail=1000)
    await house.work(house.paid)
    assert (await house.history(house.paid))[-1] == house.failed("attempts-exhausted")
    await house.behave()
    assert await retry_parked(house.context.log.pool) == 1
    await house.work(house.paid)
    assert isinstance((await house.history(house.paid))[-1], MessageSent)
    assert len(await house.arrived()) == 1


@pytest.mark.parametrize("code", ["no-mobile", "provider-refused"])
async def test_who_cannot_be_reached_is_listed(house: House, code: str) -> None:
    await house.register(with_mobile=code != "no-mobile")
    await house.settle()
    await house.behave(refuse_suffix=house.mobile[-8:])
    await house.work(house.paid)
    await house.world.settled()
    async with house.world.client("office_reviewer") as client:
        answer = await client.get("/messages", params={"state": "failed", "recipient_id": house.member})
    [message] = answer.json()["messages"]
    assert (message["message_id"], message["failure"]) == (house.paid, code)


async def test_a_person_whom_the_roster_has_not_brought_yet_is_waited_for(house: House) -> None:
    await house.settle()
    with pytest.raises(ContactNotKnown):
        await house.send((await house.context.log.load(f"message-{house.paid}"))[-1])
    await house.register()
    await house.work(house.paid)
    assert len(await house.arrived()) == 1


async def test_an_erased_contact_is_not_reached(house: House) -> None:
    await house.register()
    await house.settle()
    await house.context.keyring.destroy(house.member, ["contact"])
    await house.work(house.paid)
    assert (await house.history(house.paid))[-1] == house.failed("contact-erased")


async def test_a_receipt_is_recorded_once_and_a_silent_provider_changes_nothing(house: House) -> None:
    await house.register()
    await house.behave(duplicate_receipts=True)
    await house.settle()
    await house.work(house.paid)
    await house.collect(house.paid)
    await house.collect(house.paid)
    assert codes(await house.history(house.paid))[-2:] == [MessageSent, MessageDelivered]
    await house.behave(silent=True)
    house.world.clock.advance(timedelta(days=1))
    await house.settle(attempt=2)
    other = f"paid-{house.payout}-2-{house.member}"
    await house.work(other)
    await house.collect(other)
    assert isinstance((await house.history(other))[-1], MessageSent)


async def test_an_unreachable_phone_is_listed_as_undelivered(house: House) -> None:
    await house.register()
    await house.behave(unreachable_suffix=house.mobile[-8:])
    await house.settle()
    await house.work(house.paid)
    await house.collect(house.paid)
    assert (await house.history(house.paid))[-1] == house.failed("undelivered", "MOBILE_NOT_ON_SERVICE")


async def test_the_summary_counts_and_no_answer_holds_a_name_a_number_or_a_text(house: House) -> None:
    async with house.world.client("auditor") as client:
        await house.world.settled()
        before = (await client.get("/summary")).json()
        await house.register()
        await house.settle()
        await house.settle(attempt=2)
        await house.work(house.paid)
        await house.world.settled()
        after = (await client.get("/summary")).json()
        mine = {"recipient_id": house.member, "limit": 1}
        first = (await client.get("/messages", params=mine)).json()
        rest = (await client.get("/messages", params={**mine, "after": first["next_after"]})).json()
        assert (await client.get("/messages", params={"state": "no such'state"})).status_code == 400
    assert after["sent"] - before["sent"] == after["segments"] - before["segments"] == 1
    assert after["queued"] - before["queued"] == 1
    assert after["sent_by_template"]["benefit-paid"] - before["sent_by_template"].get("benefit-paid", 0) == 1
    [sent, waiting] = [*first["messages"], *rest["messages"]]
    assert (sent["state"], waiting["state"]) == ("sent", "released")
    assert sent["cause_source"] == "/huzhu/payments"
    assert sent["sent_position"] > sent["queued_position"] > 0
    bodies = b"".join(stored.body for stored in await house.context.log.read(0, 5000))
    for secret in ("某某某", house.mobile):
        assert secret not in str(first)
        assert secret.encode() not in bodies


@pytest.mark.parametrize("role", ["member", "unit_clerk", "sys_admin"])
async def test_messages_are_not_shown_to_everyone(house: House, role: str) -> None:
    async with house.world.client(role) as client:
        assert (await client.get("/messages")).status_code == 403
        assert (await client.get("/summary")).status_code == 403
