"""Whose name is in doubt is assessed and not paid, until the county has seen the ID card (domain 5.4)."""

from __future__ import annotations

import pytest

from chassis.testing import Spec
from claims.api.wording import IDENTITY_HELD
from claims.domain.claim import CLAIM
from claims.domain.claim_commands import ApproveClaim, AssessClaim, RecheckClaim
from claims.domain.reviews import sampled
from contracts.claims.v1 import ClaimAssessed
from contracts.enrolment.batches import NameConflictFound, NameConflictResolved
from tests.claims.house import House, filing
from tests.claims.material import PLAN, line, sealed
from tests.claims.material import filing as filed

UNIT = "6207251000001"
spec = Spec(CLAIM)
TODAY = "2022-06-03"
SMALL = (line("INPATIENT_MEDICAL", 100),)


async def held(house: House) -> tuple[str, str]:
    """A member's plain small stay, when another name has come with the number; the claim's and the person's id."""
    person_id = await house.cover(UNIT)
    found = NameConflictFound(
        person_id=person_id,
        plan_code=PLAN.code,
        batch_id="b2",
        row_no=1,
        org_path="620000",
        identity=sealed(person_id, "identity"),
    )
    await house.world.feed("enrolment", found, f"name_conflict-{person_id}")
    return await house.filed(filing(channel="MEMBER_MOBILE"), person_id, "member"), person_id


async def resolve(house: House, person_id: str) -> None:
    resolved = NameConflictResolved(person_id=person_id, right="REGISTERED", reason="card seen", by="clerk")
    await house.world.feed("enrolment", resolved, f"name_conflict-{person_id}")


async def test_the_office_is_told_and_nobody_grants_it_until_the_county_has_looked(house: House) -> None:
    claim_id, person_id = await held(house)
    assessed = await house.act(claim_id, "assess", "office_reviewer")
    assert (assessed["state"], assessed["step"]) == ("IN_REVIEW", "OFFICE_RECHECK")
    assert IDENTITY_HELD in assessed["findings"]
    refused = await house.post(f"/claims/{claim_id}/recheck", None, "second", "office_rechecker")
    assert (refused.status_code, refused.json()["code"]) == (409, "identity-held")
    await resolve(house, person_id)
    assert (await house.act(claim_id, "recheck", "office_rechecker"))["state"] == "APPROVED"


async def test_nothing_is_paid_ahead_either(house: House) -> None:
    claim_id, person_id = await held(house)
    await house.act(claim_id, "urgent", "office_reviewer", body={"trigger": "HOSPITAL_DEPOSIT"})
    body = {"benefit_code": "INPATIENT_MEDICAL", "amount_fen": 10_000}
    refused = await house.post(f"/claims/{claim_id}/advance", body, "head", "office_head")
    assert (refused.status_code, refused.json()["code"]) == (409, "identity-held")
    await resolve(house, person_id)
    assert (await house.post(f"/claims/{claim_id}/advance", body, "head", "office_head")).status_code == 200


def alone() -> str:
    """A claim that no sample picks: the reviewer would grant it alone."""
    percent = PLAN.authority.sampling_percent
    return next(one for one in (f"c{number}" for number in range(100)) if not sampled(one, percent))


@pytest.mark.parametrize(("is_held", "next_step"), [(True, "OFFICE_RECHECK"), (False, "")])
def test_what_a_reviewer_would_grant_alone_waits_for_the_recheck(is_held: bool, next_step: str) -> None:
    command = AssessClaim("reviewer", SMALL, (), PLAN.authority, TODAY, held=is_held)
    assessed, *granted = spec.given(filed(claim_id=alone(), steps=("OFFICE_REVIEW",))).when(command).events
    assert isinstance(assessed, ClaimAssessed)
    assert (assessed.next_step, len(granted)) == (next_step, 0 if is_held else 1)


def test_the_head_does_not_grant_it_and_may_still_be_asked_to() -> None:
    large = (line("INPATIENT_MEDICAL", PLAN.authority.without_head_max_fen + 1),)
    way = spec.given(filed(steps=("OFFICE_REVIEW",)))
    assessed = way.when(AssessClaim("reviewer", large, (), PLAN.authority, TODAY, held=True)).events
    rechecked = way.given(*assessed).when(RecheckClaim("second", PLAN.authority, TODAY, held=True)).events
    before = way.given(*assessed, *rechecked)
    before.when(ApproveClaim("head", TODAY, held=True)).then_rejected("identity-held")
    assert len(before.when(ApproveClaim("head", TODAY)).events) == 1
