"""The read models of claims give the same rows however the log is cut into batches."""

from __future__ import annotations

from typing import Any

import pytest

from chassis.log import Recorded
from chassis.projections import Projection, coalesce
from claims import projections
from claims.api.plans import DIGESTS
from claims.main import SERVICE
from contracts.organization import path_of
from tests.claims.bureau_house import Bureau, file_of, row
from tests.claims.house import House, cases, filing, filing_of
from tests.claims.material import PLAN
from tests.claims.relief_house import asked_for, asking, step, verify
from tests.claims.test_outreach import reached_out
from tests.claims.test_tickets import asked_and_answered

ID = "620725198801010016"
OWN = [one for one in projections.ALL if one.source == "claims"]


async def rows(house: House, projection: Projection) -> list[tuple[Any, ...]]:
    keys = ", ".join(projection.key_columns)
    query = f'select * from projection."{projection.name}" order by {keys}'
    return [tuple(row.values()) for row in await house.world.context.log.pool.fetch(query)]


async def lived(bureau: Bureau) -> None:
    """A death granted specially and paid, a refusal, a second filing, a file of the bureau, a plan adopted."""
    house = bureau.house
    case = cases()[1]
    org = case["division_code"] + "1000001"
    person_id = await house.cover(org)
    claim_id = await house.filed(filing_of(case, person_id), org=org)
    await house.pass_union(claim_id, path_of(org), "COUNTY_REVIEW")
    await house.decide(claim_id, case["special_decision"])
    await house.pay(claim_id)
    other = await house.cover(org)
    refused = await house.filed(filing(channel="MEMBER_MOBILE"), other, "member")
    await house.act(refused, "reject", "office_reviewer", body={"reason": "RJ_FALSE_DOCUMENT"})
    again = await house.post("/claims", filing(channel="MEMBER_MOBILE"), other, "member")
    assert again.status_code == 200
    for sub, role in (("head", "office_head"), ("committee", "supervisor")):
        digest = {"rules_sha256": DIGESTS[PLAN.code, PLAN.version]}
        signed = await house.post(f"/plans/{PLAN.code}/versions/{PLAN.version}/sign", digest, sub, role)
        assert signed.status_code == 200
    await lived_apart(house)
    await beside(house)
    bureau.registry.add(ID, "甲乙")
    taken_back = row("S3", ID, "甲乙", refd_setl_flag="1")
    await bureau.imported(file_of([row("S1", ID, "甲乙"), row("S2", ID, "丙"), row("S3", ID, "甲乙"), taken_back]))
    await house.world.settled()


async def lived_apart(house: House) -> None:
    """Relief with an objection, a call, a relative who acts, an accident, a card of two people, a list of heirs."""
    org = "6207251000001"
    relief_id = await asked_for(house, asking(await house.cover(org)))
    await verify(house, relief_id)
    await step(house, relief_id, "objections", {"text": "不实"}, ("n", "member", org), status=201)
    incident = {"kind": "ACCIDENT", "decisive_on": "2022-05-12"}
    agent = {"relation": "SPOUSE", "name": "某", "mobile": "13000000000", "proof": "CALL_BACK", "note": "已回电"}
    for _ in range(2):
        body = filing(await house.cover(org), "MEMBER_MOBILE", incident=incident, agent=agent)
        await house.filed(body, "relative", "agent", "620000")
    call = {
        "person_id": await house.cover(org),
        "plan": "GS-NEF-2022",
        "incident": incident,
        "cause": "DEPOSIT",
        "informant": {"name": "某", "mobile": "13000000000", "relation": "FRIEND"},
    }
    answer = await house.post("/claims/phone", call, "h", "hotline_agent")
    assert answer.status_code == 201, answer.text
    await asked_and_answered(house)
    await reached_out(house)


async def beside(house: House) -> None:
    """An urgent claim paid ahead and waiting for papers, and money of a paid one asked back."""
    person_id = await house.cover("6207251000001")
    urgent = await house.filed(filing(channel="MEMBER_MOBILE"), person_id, "member")
    await house.act(urgent, "urgent", "office_reviewer", body={"trigger": "HOSPITAL_DEPOSIT"})
    await house.act(urgent, "contact", "office_reviewer")
    await house.act(urgent, "advance", "office_head", body={"benefit_code": "INPATIENT_MEDICAL", "amount_fen": 36_000})
    await house.decide(urgent)
    other = await house.cover("6207251000001")
    asked = await house.filed(filing(channel="MEMBER_MOBILE"), other, "member")
    await house.act(asked, "ask-papers", "office_reviewer", body={"needs": ["NEED_STAMP"]})
    await house.pay(urgent)
    recovery = {"amount_fen": 10_000, "reason": "WRONG_AMOUNT"}
    answer = await house.post(f"/recoveries/{urgent}", recovery, "head", "office_head")
    assert answer.status_code == 200, answer.text


async def test_one_by_one_and_all_at_once_give_the_same_rows(bureau: Bureau) -> None:
    await lived(bureau)
    house = bureau.house
    for projection in OWN:
        live = await rows(house, projection)
        assert live, projection.name
        await house.world.context.projecting.rebuild(projection.name)
        assert await rows(house, projection) == live, projection.name


@pytest.mark.parametrize("projection", OWN, ids=lambda one: one.name)
async def test_a_batch_changes_no_column_twice(bureau: Bureau, projection: Projection) -> None:
    await lived(bureau)
    log = bureau.house.world.context.log
    history: list[Recorded] = [log.recorded(stored) for stored in await log.read(0, 100)]
    for first in range(len(history)):
        writes = [write for recorded in history[first:] for write in projection.apply(recorded)]
        for change in (one for wave in coalesce(writes) for one in wave.values()):
            assert not set(change.sets) & set(change.adds)


def test_every_table_is_named_like_its_read_model() -> None:
    assert all(one.table.name == one.name for one in projections.ALL)
    assert {one.source for one in projections.ALL} == {"claims", "enrolment", "notify"}
    assert SERVICE.projections is projections.ALL
