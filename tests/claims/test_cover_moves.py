"""A cover follows the person: what holds now, and what held on the event's day and on the day of filing."""

from __future__ import annotations

import pytest

from claims.projections import cover_moves, covers
from contracts.enrolment.people import CoverageMoved
from contracts.organization import path_of
from tests.claims.house import House, filing
from tests.claims.material import PLAN

SHANDAN, MINLE, GANZHOU = "6207251000001", "620722", "620702"


async def move(house: House, person_id: str, left: str, to: str, day: str, occupation: str = "COURIER") -> None:
    event = CoverageMoved(
        plan_code=PLAN.code,
        person_id=person_id,
        occupation=occupation,
        org_path=path_of(to),
        division_code=to[:6],
        left_occupation="COURIER",
        left_org_path=path_of(left),
        left_division_code=left[:6],
        effective_on=day,
        source="CITY",
    )
    await house.world.feed("enrolment", event, f"coverage-{PLAN.code}-{person_id}")


async def place(house: House, person_id: str, day: str) -> str | None:
    async with house.world.context.reads.connection() as c:
        found = await cover_moves.on_day(c, person_id, PLAN.code, day)
    return found.org_path if found else None


async def test_where_a_cover_was_is_known_for_every_day(house: House) -> None:
    person_id = await house.cover(SHANDAN)
    await move(house, person_id, SHANDAN, MINLE, "2022-03-01")
    await move(house, person_id, MINLE, GANZHOU, "2022-05-01", "TRUCK_DRIVER")
    days = {"2022-01-01": SHANDAN, "2022-02-28": SHANDAN, "2022-03-01": MINLE, "2022-04-30": MINLE,
            "2022-05-01": GANZHOU, "2022-12-31": GANZHOU}  # fmt: skip
    for day, org in days.items():
        assert await place(house, person_id, day) == path_of(org), day
    async with house.world.context.reads.connection() as c:
        now = await covers.of_person(c, person_id, PLAN.code)
    assert now is not None
    assert now.org_path == path_of(GANZHOU)


async def test_a_cover_that_never_moved_is_where_it_was_granted_and_nobody_is_nowhere(house: House) -> None:
    person_id = await house.cover(SHANDAN)
    assert await place(house, person_id, "2022-06-01") == path_of(SHANDAN)
    assert await place(house, "nobody", "2022-06-01") is None


async def test_of_two_moves_on_one_day_the_last_counts(house: House) -> None:
    person_id = await house.cover(SHANDAN)
    await move(house, person_id, SHANDAN, MINLE, "2022-03-01")
    await move(house, person_id, SHANDAN, GANZHOU, "2022-03-01")
    assert await place(house, person_id, "2022-03-01") == path_of(GANZHOU)
    assert await place(house, person_id, "2022-02-28") == path_of(SHANDAN)


@pytest.mark.parametrize(("org", "status"), [(MINLE, 200), ("620725", 404)])
async def test_a_claim_goes_to_the_union_that_is_the_members_on_the_day_of_filing(
    house: House, org: str, status: int
) -> None:
    """Domain 5.6: claims route to the union valid on filing day."""
    person_id = await house.cover(SHANDAN)
    await move(house, person_id, SHANDAN, MINLE, "2022-03-01")
    claim_id = await house.filed(filing(channel="MEMBER_MOBILE"), person_id, "member")
    answer = await house.get(f"/claims/{claim_id}", "county_clerk", org)
    assert answer.status_code == status
