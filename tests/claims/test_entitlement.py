"""One claim an incident, and caps that no history exceeds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.decider import Rejected
from chassis.testing import Spec
from claims.domain.benefits import Application, Award, assess
from claims.domain.entitlement import (
    ENTITLEMENT,
    AwardBenefits,
    ClaimIncident,
    Entitlement,
    EntitlementCommand,
    EntitlementEvent,
    ReleaseIncident,
    limits_of,
)
from claims.domain.incident import incident_key, same_accident, same_incident
from contracts.claims.matching import IncidentReleased
from contracts.claims.v1 import BenefitLine, BenefitsAwarded, DuplicateFiled, Incident, IncidentClaimed
from contracts.person import Facts
from tests.claims.material import COVER, PLAN, line

SPEC = Spec(ENTITLEMENT)
LIMITS = limits_of(PLAN)
KEY = "ILLNESS/2022-05-12"
CLAIMED = IncidentClaimed(plan_code=PLAN.code, person_id="p1", incident_key=KEY, claim_id="c1")
AWARDED = BenefitsAwarded(plan_code=PLAN.code, person_id="p1", claim_id="c1", lines=(line(),))


def claim(claim_id: str = "c1", key: str = KEY) -> ClaimIncident:
    return ClaimIncident(PLAN.code, "p1", key, claim_id, "UNIT")


def award(lines: tuple[BenefitLine, ...], claim_id: str = "c1") -> AwardBenefits:
    return AwardBenefits(PLAN.code, "p1", claim_id, lines, LIMITS)


def test_an_incident_becomes_the_matter_of_one_claim() -> None:
    SPEC.when(claim()).then(CLAIMED)


def test_claiming_again_under_the_same_claim_changes_nothing() -> None:
    SPEC.given(CLAIMED).when(claim()).then_nothing()


def test_another_filing_of_the_incident_is_counted_and_names_the_first() -> None:
    duplicate = DuplicateFiled(
        plan_code=PLAN.code,
        person_id="p1",
        incident_key=KEY,
        claim_id="c2",
        first_claim_id="c1",
        channel="UNIT",
    )
    SPEC.given(CLAIMED).when(claim("c2")).then(duplicate)
    SPEC.given(CLAIMED, duplicate).when(claim("c2")).then_nothing()


def test_awarding_takes_from_the_caps_once() -> None:
    SPEC.given(CLAIMED).when(award((line(),))).then(AWARDED)
    SPEC.given(CLAIMED, AWARDED).when(award((line(),))).then_nothing()


def test_awarding_without_an_incident_is_rejected() -> None:
    SPEC.when(award((line(),))).then_rejected("incident-unclaimed")


def test_an_award_that_no_longer_fits_the_caps_is_rejected() -> None:
    second = IncidentClaimed(plan_code=PLAN.code, person_id="p1", incident_key="ILLNESS/2022-06-12", claim_id="c2")
    history = SPEC.given(CLAIMED, AWARDED, second)
    history.when(award((line(fen=1),), "c2")).then_rejected("assessment-outdated")
    SPEC.given(CLAIMED).when(award((line("ACCIDENT_DEATH", 30_000_001),))).then_rejected("assessment-outdated")
    SPEC.given(CLAIMED).when(award((line("UNKNOWN", 1),))).then_rejected("assessment-outdated")


def stay(start: str, end: str) -> str:
    return incident_key(Incident(kind="INPATIENT", decisive_on=start, discharged_on=end))


def test_the_same_incident_is_recognised_however_it_is_told() -> None:
    alive = Incident(kind="SUDDEN_ILLNESS", decisive_on="2022-05-12")
    assert incident_key(alive) == KEY
    assert same_incident(stay("2022-03-01", "2022-03-09"), stay("2022-03-05", "2022-03-12"))
    assert not same_incident(stay("2022-03-01", "2022-03-09"), stay("2022-03-09", "2022-03-12"))
    assert same_incident(stay("2022-03-01", ""), stay("2022-03-01", "2022-03-12"))
    injury = incident_key(Incident(kind="ACCIDENT", decisive_on="2022-05-12"))
    death = incident_key(Incident(kind="ACCIDENT", decisive_on="2022-05-12", died_on="2022-06-12"))
    other_death = incident_key(Incident(kind="ILLNESS", decisive_on="2022-06-11", died_on="2022-06-12"))
    assert not same_incident(injury, death)
    assert same_accident(injury, death)
    assert same_incident(death, other_death)
    assert not same_accident(other_death, death)
    assert not same_incident(stay("2022-03-01", "2022-03-09"), injury)


FIRST = date(2022, 3, 5)
INCIDENTS = st.builds(
    lambda kind, day, length, died, at_work: Incident(
        kind=kind,
        decisive_on=(FIRST + timedelta(days=day)).isoformat(),
        discharged_on=(FIRST + timedelta(days=day + length)).isoformat() if kind == "INPATIENT" else "",
        died_on=(FIRST + timedelta(days=day + length)).isoformat() if died and kind != "INPATIENT" else "",
        at_work=at_work,
    ),
    st.sampled_from(["INPATIENT", "ACCIDENT", "ILLNESS", "SUDDEN_ILLNESS"]),
    st.integers(0, 40),
    st.integers(0, 10),
    st.booleans(),
    st.booleans(),
)
FACTS = st.builds(
    lambda grade, fen: Facts(
        illness="CANCER",
        illness_basis="PATHOLOGY",
        grading_standard="JR/T 0083-2013",
        disabilities=(("ITEM", grade),),
        self_pay_in_scope_fen=fen,
        self_paid_fen=fen,
    ),
    st.integers(1, 10),
    st.integers(0, 4_000_000),
)
STEPS = st.lists(st.tuples(INCIDENTS, FACTS, st.booleans()), max_size=14)


def decide(state: Entitlement, command: EntitlementCommand) -> Entitlement:
    for event in ENTITLEMENT.decide(command, state):
        state = ENTITLEMENT.evolve(state, event)
    return state


def outdated(state: Entitlement, command: EntitlementCommand) -> bool:
    try:
        ENTITLEMENT.decide(command, state)
    except Rejected as rejected:
        return rejected.code == "assessment-outdated"
    return False


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_no_history_exceeds_the_caps_or_awards_an_incident_twice(
    history: list[tuple[Incident, Facts, bool]],
) -> None:
    state = Entitlement()
    stale: tuple[Award, ...] = ()
    for number, (incident, facts, late) in enumerate(history):
        claim_id = f"c{number}"
        state = decide(state, claim(claim_id, incident_key(incident)))
        if state.claim_of(incident_key(incident)) != claim_id:
            continue
        # A reviewer who looked before the last award was made must be turned away by the caps.
        seen = stale if late else state.awards
        lines = assess(Application(claim_id, PLAN, COVER, incident, facts, FIRST + timedelta(days=90), seen)).lines
        stale = state.awards
        if not lines:
            continue
        if late and outdated(state, award(lines, claim_id)):
            continue
        state = decide(state, award(lines, claim_id))
    assert sum(one.amount_fen for one in state.awards) <= PLAN.overall_cap_fen
    for code, benefit in PLAN.benefits.items():
        own = [one.amount_fen for one in state.awards if one.benefit_code == code]
        assert sum(own) <= benefit.period_cap_fen
        assert len(own) <= 1 or not benefit.once
    claims = {one.claim_id: one.incident_key for one in state.awards}
    assert len(set(claims.values())) == len(claims)


def test_a_benefit_is_awarded_for_no_more_claims_than_the_plan_allows() -> None:
    limits = replace(LIMITS, times={"INPATIENT_MEDICAL": 2})
    history: list[EntitlementEvent] = []
    for number in (1, 2, 3):
        claimed = msgspec.structs.replace(CLAIMED, incident_key=f"ILLNESS/2022-05-1{number}", claim_id=f"c{number}")
        history.append(claimed)
        one = (line("INPATIENT_MEDICAL", 1, f"c{number}"),)
        command = AwardBenefits(PLAN.code, "p1", f"c{number}", one, limits)
        asked = SPEC.given(*history).when(command)
        if number == 3:
            asked.then_rejected("assessment-outdated")
        else:
            history += asked.events


def test_a_released_incident_is_claimed_anew() -> None:
    released = IncidentReleased(plan_code=PLAN.code, person_id="p1", claim_id="c1")
    release = ReleaseIncident(PLAN.code, "p1", "c1")
    SPEC.given(CLAIMED).when(release).then(released)
    SPEC.given(CLAIMED, released).when(release).then_nothing()
    anew = msgspec.structs.replace(CLAIMED, claim_id="c2")
    SPEC.given(CLAIMED, released).when(claim("c2")).then(anew)
