"""By telephone in one call, and by a relative for a member in hospital (domain 4.3, 4.4, 4.9)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from chassis.testing import Spec
from claims.domain.claim import CLAIM
from claims.domain.claim_commands import AssessClaim, FileClaim
from claims.domain.phone_call import PHONE_CALL, TakeCall
from contracts.claims.heirs import ClaimPhoned
from contracts.claims.process import StepOverdue
from contracts.claims.v1 import ClaimAssessed, ClaimFiled
from contracts.person import Contact
from tests.claims.house import House, filing, payee, swept
from tests.claims.material import PLAN, UNIT_PATH, line, sealed
from tests.claims.material import filing as claim_filing

assert PLAN.phone is not None
RULES = PLAN.phone
SMALL_ALONE = msgspec.structs.replace(PLAN.authority, sampling_percent=0)
UNIT, COUNTY, CITY = "6207251000001", "620725", "620700"
spec = Spec(PHONE_CALL)
DIED = {"kind": "ACCIDENT", "decisive_on": "2022-05-12", "died_on": "2022-05-12"}


def phoned(**changes: Any) -> ClaimPhoned:
    fields: dict[str, Any] = {
        "claim_id": "c1",
        "person_id": "p1",
        "org_path": UNIT_PATH,
        "informant_id": "i1",
        "informant": sealed("i1", "contact"),
        "relation": "SPOUSE",
        "cause": "DEATH",
        "needs": (),
        "due_on": "2022-07-30",
        "by": "agent",
    }
    return ClaimPhoned(**{**fields, **changes})


def test_a_call_is_taken_once_for_a_cause_of_the_plan() -> None:
    spec.when(TakeCall(phoned(), RULES, died=True)).then(phoned())
    spec.given(phoned()).when(TakeCall(phoned(), RULES, died=True)).then_nothing()
    spec.given(phoned()).when(TakeCall(phoned(person_id="p2"), RULES, died=True)).then_rejected("claim-exists")
    spec.when(TakeCall(phoned(cause="HURRY"), RULES, died=False)).then_rejected("cause-not-listed")
    spec.when(TakeCall(phoned(), RULES, died=False)).then_rejected("cause-not-death")
    spec.when(TakeCall(phoned(cause="DEPOSIT"), RULES, died=True)).then_rejected("cause-not-death")


def call(person_id: str, **others: Any) -> dict[str, Any]:
    asked = {
        "person_id": person_id,
        "plan": PLAN.code,
        "incident": DIED,
        "cause": "DEATH",
        "informant": {"name": "王某某", "mobile": "13900000000", "relation": "SPOUSE"},
        "narrative": "家属来电",
    }
    return {**asked, **others}


@pytest.mark.parametrize(
    ("role", "org"),
    [("hotline_agent", "620000"), ("county_clerk", COUNTY), ("city_clerk", CITY), ("office_head", "620000")],
)
async def test_a_death_is_opened_in_one_call_without_papers_or_payees(house: House, role: str, org: str) -> None:
    person_id = await house.cover(UNIT)
    answer = await house.post("/claims/phone", call(person_id), "taker", role, org)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["due_on"] == "2022-07-30"
    assert "NEED_DEATH_CERT" in told["needs"]
    filed = (await house.history(told["claim_id"]))[0]
    assert isinstance(filed, ClaimFiled)
    assert (filed.channel, filed.urgent, filed.payees, filed.by) == ("HOTLINE", True, (), "taker")
    told_of = (await house.get("/claims/for-information", "county_clerk", COUNTY)).json()["filings"]
    assert [(one["claim_id"], one["urgent"]) for one in told_of] == [(told["claim_id"], True)]
    again = await house.post("/claims/phone", call(person_id), "other", role, org)
    assert (again.status_code, again.json()["claim_id"]) == (200, told["claim_id"])


async def test_the_informants_contact_is_sealed_for_a_random_person(house: House) -> None:
    person_id = await house.cover(UNIT)
    answer = await house.post("/claims/phone", call(person_id), "taker", "hotline_agent")
    log = house.world.context.log
    bodies = b"".join([one.body for one in await log.read(0, 1000)]).decode()
    assert "王某某" not in bodies
    assert "13900000000" not in bodies
    event = (await log.load(f"phone_call-{answer.json()['claim_id']}"))[0].event
    assert isinstance(event, ClaimPhoned)
    opened = await house.world.context.keyring.open(
        event.informant, Contact, subject=event.informant_id, field="claims.claim-phoned.v1/informant"
    )
    assert opened.name == "王某某"


async def test_a_call_is_taken_within_the_own_organisation_and_for_haste_alone(house: House) -> None:
    person_id = await house.cover(UNIT)
    outside = await house.post("/claims/phone", call(person_id), "c", "county_clerk", "620702")
    assert (outside.status_code, outside.json()["code"]) == (403, "outside-your-organisation")
    member = await house.post("/claims/phone", call(person_id), person_id, "member", UNIT)
    assert member.status_code == 403
    hurry = await house.post("/claims/phone", call(person_id, cause="HURRY"), "h", "hotline_agent")
    assert (hurry.status_code, hurry.json()["code"]) == (409, "cause-not-listed")
    assert await house.world.context.log.head() == 0


def test_a_claim_without_an_account_is_never_granted() -> None:
    bare = msgspec.structs.replace(claim_filing(payees=()), channel="HOTLINE", urgent=True)
    small = AssessClaim("reviewer", (line("INPATIENT_MEDICAL", 100),), (), SMALL_ALONE, "2022-06-30")
    Spec(CLAIM).when(FileClaim(bare)).then(bare)
    (assessed,) = Spec(CLAIM).given(bare).when(small).events
    assert isinstance(assessed, ClaimAssessed)
    assert assessed.next_step == "AWAITING_CARD"
    patient = msgspec.structs.replace(bare, channel="UNIT", urgent=False)
    Spec(CLAIM).when(FileClaim(patient)).then_rejected("payees-missing")


async def test_the_member_reads_which_papers_are_to_follow_a_call(house: House) -> None:
    person_id = await house.cover(UNIT)
    stay = {"kind": "ILLNESS", "decisive_on": "2022-05-12"}
    body = call(person_id, incident=stay, cause="TREATMENT_PENDING")
    claim_id = (await house.post("/claims/phone", body, "h", "hotline_agent")).json()["claim_id"]
    mine = (await house.get("/claims/mine", "member", UNIT, person_id)).json()["cases"]
    assert [(one["case_id"], one["asked"][1], one["due_on"]) for one in mine] == [
        (claim_id, "请提交本人银行卡。", "2022-07-30")
    ]


async def test_papers_that_do_not_follow_a_call_go_to_the_head_once(house: House) -> None:
    stay = {"kind": "ILLNESS", "decisive_on": "2022-05-12"}
    body = call(await house.cover(UNIT), incident=stay, cause="TREATMENT_PENDING")
    claim_id = (await house.post("/claims/phone", body, "h", "hotline_agent")).json()["claim_id"]

    house.at("2022-07-30")
    await swept(house)
    assert "PAPERS_TO_FOLLOW" not in await late(house, claim_id)
    house.at("2022-07-31")
    for _ in range(2):
        await swept(house)
        assert (await late(house, claim_id)).count("PAPERS_TO_FOLLOW") == 1


async def late(house: House, claim_id: str) -> list[str]:
    return [one.step for one in await house.history(claim_id) if isinstance(one, StepOverdue)]


async def test_ordinary_filings_name_their_payees(house: House) -> None:
    person_id = await house.cover(UNIT)
    bare = await house.post("/claims", filing(person_id, payees=[]), "f", "unit_clerk", UNIT)
    assert (bare.status_code, bare.json()["code"]) == (409, "payees-missing")


def agent(**changes: Any) -> dict[str, Any]:
    asked = {
        "relation": "SPOUSE",
        "name": "李某某",
        "mobile": "13700000000",
        "proof": "CALL_BACK",
        "note": "已回电本人",
    }
    return {**asked, **changes}


async def test_a_relative_acts_for_a_member_in_hospital_and_the_member_is_shown_it(house: House) -> None:
    person_id = await house.cover(UNIT)
    body = filing(person_id, "MEMBER_MOBILE", agent=agent())
    claim_id = await house.filed(body, "relative", "agent", "620000")
    filed = (await house.history(claim_id))[0]
    assert isinstance(filed, ClaimFiled)
    assert filed.agent is not None
    assert (filed.agent.relation, filed.agent.proof, filed.agent.contact.k) == ("SPOUSE", "CALL_BACK", "contact")
    (mine,) = (await house.get("/claims/mine", "member", UNIT, person_id)).json()["cases"]
    assert (mine["acts"], mine["acting_proof"]) == ("由您的配偶代为申领。", "CALL_BACK")
    bodies = b"".join([one.body for one in await house.world.context.log.read(0, 1000)]).decode()
    assert "李某某" not in bodies
    assert "已回电本人" not in bodies


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"agent": None}, 409, "agent-missing"),
        ({"agent": agent(note="")}, 409, "agent-proof-missing"),
        ({"agent": agent(proof="PAPER", note="")}, 409, "agent-proof-missing"),
        ({"agent": agent(name="甲 乙")}, 409, "agent-is-payee"),
        ({"agent": agent(), "payees": [payee("SPOUSE")]}, 409, "payee-not-member"),
        ({"agent": agent(relation="FRIEND")}, 400, "request-invalid"),
    ],
)
async def test_a_relative_shows_the_relation_and_is_never_the_payee(
    house: House, changes: dict[str, Any], status: int, code: str
) -> None:
    body = filing(await house.cover(UNIT), "MEMBER_MOBILE", **changes)
    answer = await house.post("/claims", body, "relative", "agent", "620000")
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_unit_and_county_hear_of_a_mobile_claim_at_once_and_act_where_facts_are_to_be_found(house: House) -> None:
    person_id = await house.cover(UNIT)
    stay = await house.filed(filing(channel="MEMBER_MOBILE"), person_id, "member")
    incident = {"kind": "ACCIDENT", "decisive_on": "2022-05-01"}
    fall = await house.filed(filing(channel="MEMBER_MOBILE", incident=incident), person_id, "member")
    await house.filed(filing(await house.cover(UNIT), "UNIT"))
    for role, org in (("unit_clerk", UNIT), ("county_clerk", COUNTY)):
        told = (await house.get("/claims/for-information", role, org)).json()["filings"]
        assert [(one["claim_id"], one["must_act"]) for one in told] == [(stay, False), (fall, True)]
    assert (await house.get("/claims/for-information", "county_clerk", "620702")).json()["filings"] == []
    assert (await house.get("/claims/for-information", "member", UNIT)).status_code == 403


async def test_members_read_their_own_cases_in_plain_sentences(house: House) -> None:
    person_id = await house.cover(UNIT)
    claim_id = await house.filed(filing(channel="MEMBER_MOBILE"), person_id, "member")
    await house.decide(claim_id)
    (mine,) = (await house.get("/claims/mine", "member", UNIT, person_id)).json()["cases"]
    assert (mine["sentence"], mine["asked"], mine["amount_fen"]) == ("已审核通过,正在打款。", [], 72_000)
    assert (await house.get("/claims/mine", "member", UNIT, "another")).json()["cases"] == []
    assert (await house.get("/claims/mine", "office_head")).status_code == 403
