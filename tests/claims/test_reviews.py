"""Where a claim enters the ladder of reviews, by channel, kind and the organisations there are."""

from __future__ import annotations

import pytest

from claims.domain.reviews import sampled, steps_of
from contracts.claims.v1 import Incident
from tests.claims.material import PLAN

STAY = Incident(kind="INPATIENT", decisive_on="2022-05-12")
ILLNESS = Incident(kind="ILLNESS", decisive_on="2022-05-12")
UNIT, COUNTY, CITY, OFFICE = "UNIT_REVIEW", "COUNTY_REVIEW", "CITY_REVIEW", "OFFICE_REVIEW"
IN_UNIT = "620000.620700.620725.6207251000001"
IN_COUNTY = "620000.620700.620725"
IN_CITY = "620000.620200"


@pytest.mark.parametrize(
    ("channel", "incident", "path", "steps"),
    [
        ("MEMBER_MOBILE", STAY, IN_UNIT, (OFFICE,)),
        ("MEMBER_MOBILE", ILLNESS, IN_UNIT, (UNIT, COUNTY, CITY, OFFICE)),
        ("MEMBER_MOBILE", ILLNESS, IN_COUNTY, (COUNTY, CITY, OFFICE)),
        ("MEMBER_MOBILE", ILLNESS, IN_CITY, (CITY, OFFICE)),
        ("UNIT", STAY, IN_UNIT, (COUNTY, CITY, OFFICE)),
        ("COUNTY", ILLNESS, IN_UNIT, (CITY, OFFICE)),
        ("CITY", ILLNESS, IN_UNIT, (OFFICE,)),
        ("OFFICE_COUNTER", ILLNESS, IN_UNIT, (OFFICE,)),
        ("DATA_MATCH", STAY, IN_UNIT, (OFFICE,)),
    ],
)
def test_a_claim_passes_the_levels_above_its_filing_that_exist(
    channel: str, incident: Incident, path: str, steps: tuple[str, ...]
) -> None:
    assert steps_of(PLAN, channel, incident, path) == steps


def test_a_death_in_hospital_is_not_a_plain_stay() -> None:
    died = Incident(kind="INPATIENT", decisive_on="2022-05-12", died_on="2022-05-13")
    assert steps_of(PLAN, "MEMBER_MOBILE", died, IN_COUNTY) == (COUNTY, CITY, OFFICE)


def test_the_sample_is_near_its_percentage() -> None:
    picked = sum(sampled(f"claim-{number}", 10) for number in range(2_000))
    assert 150 < picked < 250
