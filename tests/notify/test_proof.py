"""The proof of notice, and what officers are told: tasks, digests, numbers in doubt, approved texts."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pytest

from contracts.claims.process import ClaimWithdrawn, StepOverdue
from contracts.claims.v1 import ClaimForwarded
from contracts.enrolment.v1 import CoverageGranted
from notify.domain.template import TEMPLATES
from notify.workers import approving, digests
from tests.notify.house import House

UNIT = "620000.620600.620621.6206211000001"


async def test_a_message_is_proved_with_its_words_and_its_whole_history(house: House) -> None:
    await house.register()
    await house.behave(fail=1)
    await house.settle()
    await house.work(house.paid)
    await house.collect(house.paid)
    await house.world.settled()
    async with house.world.client("auditor") as client:
        answer = await client.get(f"/messages/{house.paid}")
    proof = answer.json()
    assert [one["what"] for one in proof["history"]] == [
        "MessageQueued",
        "MessageReleased",
        "MessageHandedOver",
        "MessageSent",
        "MessageDelivered",
    ]
    assert proof["message"]["state"] == "delivered"
    assert proof["wording"] == "【甘肃互助保障】{name}您好,互助金{amt}元已打入您尾号{tail}的银行卡,请查收。"
    said = "{name}您好,互助金150,000.00元已打入您尾号1234的银行卡,请查收。"
    digest = sha256(said.encode()).hexdigest()
    assert proof["message"]["text_digest"] == proof["history"][2]["facts"]["text_digest"] == digest
    assert proof["history"][4]["facts"]["receipt"] == "DELIVERED"
    for secret in ("某某某", house.mobile):
        assert secret not in answer.text


async def test_everything_a_person_or_a_claim_was_told_is_proved_in_order(house: House) -> None:
    await house.register()
    await house.file()
    await house.settle()
    await house.world.settled()
    async with house.world.client("supervisor") as client:
        by_person = (await client.get("/proof", params={"person_id": house.member})).json()
        by_claim = (await client.get("/proof", params={"claim_id": house.claim})).json()
        assert (await client.get("/proof")).status_code == 400
    assert by_person == by_claim
    assert by_person["complete"]
    codes = [one["message"]["template_code"] for one in by_person["messages"]]
    assert codes == ["claim-received", "benefit-paid"]


async def test_a_message_that_does_not_exist_is_not_found(house: House) -> None:
    async with house.world.client("auditor") as client:
        assert (await client.get("/messages/no-such-message")).status_code == 404


@pytest.mark.parametrize("role", ["member", "unit_clerk", "finance"])
async def test_the_proof_is_for_those_who_oversee(house: House, role: str) -> None:
    async with house.world.client(role) as client:
        assert (await client.get("/proof", params={"person_id": house.member})).status_code == 403


async def test_every_text_says_who_approved_it(house: House) -> None:
    async with house.world.client("auditor") as client:
        shown = (await client.get("/templates")).json()["templates"]
    assert len(shown) == len(TEMPLATES)
    assert {(one["state"], one["submitted_by"], one["approved_by"]) for one in shown} == {
        ("approved", "system", "aliyun")
    }
    assert await approving.submit_and_review(house.context) is False, "Nothing is asked twice."


def steps(house: House, **changes: str) -> ClaimForwarded:
    fields = {"step": "UNIT_REVIEW", "next_step": "COUNTY_REVIEW", "due_on": "2022-03-04", **changes}
    return ClaimForwarded(claim_id=house.claim, opinion="", by="c", **fields)


async def waiting(house: House, role: str, org: str) -> list[str]:
    async with house.world.client(role, org) as client:
        tasks = (await client.get("/tasks", params={"limit": 200})).json()["tasks"]
    return [one["step"] for one in tasks if one["claim_id"] == house.claim]


async def test_a_claim_waits_in_the_app_of_whoever_has_the_step_and_sees_it(house: House) -> None:
    await house.file()
    await house.world.feed("claims", steps(house), f"claim-{house.claim}")
    assert await waiting(house, "county_clerk", "620621") == ["COUNTY_REVIEW"]
    assert await waiting(house, "county_clerk", "620622") == []
    assert await waiting(house, "unit_clerk", "620621") == []
    overdue = StepOverdue(claim_id=house.claim, step="COUNTY_REVIEW", due_on="2022-03-04", escalated_to="city_clerk")
    await house.world.feed("claims", overdue, f"claim-{house.claim}")
    assert await waiting(house, "city_clerk", "620600") == ["COUNTY_REVIEW"]
    withdrawn = ClaimWithdrawn(claim_id=house.claim, claim_no="n", person_id=house.member, by="f")
    await house.world.feed("claims", withdrawn, f"claim-{house.claim}")
    assert await waiting(house, "county_clerk", "620621") == []


async def test_the_digest_of_a_day_counts_what_waits_and_what_is_late_once(house: House) -> None:
    await house.file()
    await house.world.feed("claims", steps(house, due_on="2022-03-04"), f"claim-{house.claim}")
    house.world.clock.advance(timedelta(days=5))
    for _ in range(2):
        await digests.post_digest(house.context)
    await house.world.settled()
    async with house.world.client("county_clerk", "620621") as client:
        digest = (await client.get("/notices")).json()["notices"][0]
        day = [
            one for one in (await client.get("/notices")).json()["notices"] if one["posted_on"] == digest["posted_on"]
        ]
    assert (digest["kind"], digest["posted_on"]) == ("task-digest", "2022-03-06")
    assert int(digest["facts"]["waiting"]) >= int(digest["facts"]["overdue"]) >= 1
    assert len(day) == 1
    async with house.world.client("city_clerk", "620600") as client:
        assert (await client.get("/notices")).json()["notices"] == [], "It is the county's."


async def test_a_number_in_doubt_is_a_task_of_the_persons_unit(house: House) -> None:
    await house.register()
    granted = CoverageGranted(
        plan_code="GS-NEF-2022",
        plan_version=1,
        person_id=house.member,
        batch_id="b",
        row_no=1,
        effective_on="2022-01-01",
        ends_on="2023-01-01",
        occupation="COURIER",
        org_path=UNIT,
        division_code="620621",
    )
    await house.world.feed("enrolment", granted, f"coverage-GS-NEF-2022-{house.member}")
    await house.behave(illegal_suffix=house.mobile[-8:])
    for attempt in (1, 2):
        await house.settle(attempt=attempt, amount_fen=attempt)
        await house.work(f"paid-{house.payout}-{attempt}-{house.member}")
    await house.world.settled()
    async with house.world.client("unit_clerk", "6206211000001") as client:
        [person] = (await client.get("/mobiles")).json()["people"]
    assert (person["person_id"], person["failures"], person["org_path"]) == (house.member, 2, UNIT)
    async with house.world.client("county_clerk", "620622") as client:
        assert (await client.get("/mobiles")).json()["people"] == []
    async with house.world.client("member", sub=house.member) as client:
        assert (await client.get("/mobiles")).status_code == 403
        assert (await client.get("/tasks")).status_code == 403
        assert (await client.get("/notices")).status_code == 403
        assert (await client.get("/templates")).status_code == 403
