"""Relief at work over HTTP: asked for, looked into, published, agreed, decided in a meeting, paid."""

from __future__ import annotations

from typing import Any

from contracts.claims.relief import ReliefGranted
from contracts.payments.v1 import PayoutReturned, PayoutSettled
from tests.claims.house import House, digest_of, payee
from tests.claims.material import PLAN

UNIT, COUNTY, CITY = "6207251000001", "620725", "620700"
POOR = {"members": 3, "income_fen": 1_000_000, "minimum_living_fen": 60_000}
PAPERS = ("APPLICATION_FORM", "INCOME_STATEMENT", "EVENT_PROOF", "KINSHIP_PROOF", "ADMISSION_LETTER")


def asking(person_id: str = "", channel: str = "UNIT", **others: Any) -> dict[str, Any]:
    """Hardship in the family, unless told otherwise."""
    asked = {
        "person_id": person_id,
        "plan": PLAN.code,
        "channel": channel,
        "kind": "RELIEF_HARDSHIP",
        "reason": "FAMILY",
        "happened_on": "2022-05-12",
        "narrative": "家中遭遇变故",
        "household": POOR,
        "contact": {"name": "张某某", "mobile": "13000000000"},
        "documents": [{"kind": kind, "sha256": digest_of(person_id + kind)} for kind in PAPERS],
        "payees": [payee()],
    }
    return {**asked, **others}


async def asked_for(house: House, body: dict[str, Any], sub: str = "filer", role: str = "unit_clerk") -> str:
    """Relief is asked for; the case's id."""
    body = await house.with_papers(body, body["person_id"] or sub)
    answer = await house.post("/relief/cases", body, sub, role, UNIT)
    assert answer.status_code == 201, answer.text
    relief_id: str = answer.json()["relief_id"]
    return relief_id


async def step(
    house: House, relief_id: str, name: str, body: object, who: tuple[str, str, str], status: int = 200
) -> dict[str, Any]:
    """One step of a case; `who` is sub, role, organisation."""
    answer = await house.post(f"/relief/cases/{relief_id}/{name}", body, *who)
    assert answer.status_code == status, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def verify(house: House, relief_id: str, *, confirmed: bool = True, **household: int) -> dict[str, Any]:
    body = {
        "method": "HOME_VISIT",
        "confirmed": confirmed,
        "opinion": "属实",
        "household": {**POOR, **household},
    }
    return await step(house, relief_id, "verify", body, ("county", "county_clerk", COUNTY))


async def agree(house: House, relief_id: str) -> dict[str, Any]:
    body = {"agrees": True, "opinion": "同意"}
    return await step(house, relief_id, "agree", body, ("city", "city_clerk", CITY))


async def ready(house: House, relief_id: str) -> None:
    """Verified at the end of June, published, agreed after the notice."""
    house.at("2022-06-30")
    notice = await verify(house, relief_id)
    assert notice["notice_ends_on"] == "2022-07-07"
    house.at("2022-07-08")
    assert (await agree(house, relief_id))["state"] == "AT_OFFICE"


async def meet(
    house: House, verdicts: list[dict[str, Any]], *participants: tuple[str, str], status: int = 200
) -> dict[str, Any]:
    """A meeting of these (sub, role) on these verdicts; the first writes the minutes."""
    people = participants or (("one", "office_reviewer"), ("two", "office_rechecker"))
    body = {"plan": PLAN.code, "relief_ids": [one["relief_id"] for one in verdicts]}
    convened = await house.post("/relief/meetings", body, *people[0])
    assert convened.status_code == 201, convened.text
    meeting_id = convened.json()["meeting_id"]
    for sub, role in people:
        joined = await house.post(f"/relief/meetings/{meeting_id}/join", None, sub, role)
        assert joined.status_code == 200, joined.text
    held = await house.post(f"/relief/meetings/{meeting_id}/hold", {"verdicts": verdicts}, *people[0])
    assert held.status_code == status, held.text
    told: dict[str, Any] = held.json()
    return told


async def granted(house: House, relief_id: str) -> ReliefGranted:
    way = await house.world.context.log.load(f"relief-{relief_id}")
    return next(one.event for one in way if isinstance(one.event, ReliefGranted))


def settled(of: ReliefGranted) -> PayoutSettled:
    return PayoutSettled(
        payout_id=f"{of.relief_id}.{of.kind}-{of.payees[0].payee_id}",
        claim_id=of.relief_id,
        claim_no=of.relief_no,
        person_id=of.person_id,
        payee_id=of.payees[0].payee_id,
        plan_code=of.plan_code,
        benefit_code=of.kind,
        amount_fen=of.amount_fen,
        account_tail="6666",
        attempt=1,
        bank_reference="r",
        settled_on="2022-07-10",
        transfers=(),
        fund="relief",
    )


def returned(of: PayoutSettled) -> PayoutReturned:
    return PayoutReturned(
        payout_id=of.payout_id,
        claim_id=of.claim_id,
        claim_no=of.claim_no,
        person_id=of.person_id,
        payee_id=of.payee_id,
        plan_code=of.plan_code,
        amount_fen=of.amount_fen,
        attempt=of.attempt,
        reason="ACCOUNT_NAME",
        after_booking=True,
        bank_reference="r",
        transfers=(),
        fund="relief",
    )
