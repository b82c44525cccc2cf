"""Exclusions, dates, interaction of benefits, waiting on renewal: what the plan's data say beside the formulas."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.domain.benefits import Application, Award, Cover, assess
from claims.domain.plan import Plan, Renewal
from claims.domain.trace import INTERNAL, KINDS, kind_of
from contracts.claims.v1 import Incident
from contracts.person import Facts
from tests.claims.material import COVER, PLAN, YUAN, changed, judged

CANCER = Facts(illness="CANCER", illness_basis="PATHOLOGY")
INJURY = Incident(kind="ACCIDENT", decisive_on="2022-05-12")
STAY = Incident(kind="INPATIENT", decisive_on="2022-05-12", discharged_on="2022-05-20")
PAID_STAY = Facts(self_pay_in_scope_fen=240_000, self_paid_fen=240_000)


def illness(on: str) -> Incident:
    return Incident(kind="ILLNESS", decisive_on=on)


def switched(code: str, *, active: bool) -> Plan:
    fresh = tuple(msgspec.structs.replace(one, active=active) if one.code == code else one for one in PLAN.exclusions)
    return msgspec.structs.replace(PLAN, exclusions=fresh)


def with_facts(facts: Facts, **columns: object) -> Facts:
    return msgspec.structs.replace(facts, **columns)


@pytest.mark.parametrize("code", [one.code for one in PLAN.exclusions if one.effect == "BARS"])
def test_every_exclusion_bars_its_benefits_when_it_is_on_and_no_other(code: str) -> None:
    exclusion = next(one for one in PLAN.exclusions if one.code == code)
    incidents = {
        "INPATIENT_MEDICAL": (STAY, PAID_STAY),
        "ACCIDENT_DEATH": (msgspec.structs.replace(INJURY, died_on="2022-05-13"), Facts()),
        "ACCIDENT_DISABILITY": (INJURY, Facts(grading_standard="JR/T 0083-2013", disabilities=(("A", 6),))),
        "CRITICAL_ILLNESS": (illness("2022-05-12"), CANCER),
    }
    for benefit, (incident, facts) in incidents.items():
        stated = with_facts(facts, exclusions=(code,))
        on = judged(incident, stated, plan=switched(code, active=True))
        off = judged(incident, stated, plan=switched(code, active=False))
        assert [line.benefit_code for line in off.lines] == [benefit]
        if benefit in exclusion.benefits:
            assert [refusal.code for refusal in on.refusals] == [exclusion.reason]
        else:
            assert [line.benefit_code for line in on.lines] == [benefit]


def test_a_hospital_that_is_not_designated_is_no_matter_in_an_emergency() -> None:
    stated = with_facts(PAID_STAY, exclusions=("EX_NON_DESIGNATED",))
    assert [one.code for one in judged(STAY, stated).refusals] == ["RJ_EXCLUDED"]
    assert judged(STAY, with_facts(stated, emergency=True)).lines
    psychiatric = with_facts(PAID_STAY, exclusions=("EX_PSYCHIATRIC",), emergency=True)
    assert judged(STAY, psychiatric).refusals


def test_what_others_paid_is_taken_from_the_self_payment_and_not_from_lump_sums() -> None:
    others = with_facts(PAID_STAY, third_party_paid_fen=200_000)
    (line,) = judged(STAY, others).lines
    assert line.amount_fen == 12_000  # 30 % of the 400 yuan that are left
    assert judged(STAY, with_facts(PAID_STAY, third_party_paid_fen=240_000)).refusals[0].code == "RJ_NO_SELF_PAY"
    assert judged(STAY, others, plan=switched("EX_THIRD_PARTY_PAID", active=False)).lines[0].amount_fen == 72_000
    out_of_scope = Facts(self_pay_in_scope_fen=240_000, self_paid_fen=300_000, third_party_paid_fen=60_000)
    assert judged(STAY, out_of_scope).lines[0].amount_fen == 72_000, "what is left is still in scope"
    ill = judged(illness("2022-05-12"), with_facts(CANCER, third_party_paid_fen=10_000_000))
    assert ill.lines[0].amount_fen == 5_000_000


def test_waiting_can_be_switched_off_and_a_renewed_cover_has_none() -> None:
    early = illness("2022-01-20")
    assert judged(early, CANCER).refusals[0].code == "RJ_WAITING"
    assert judged(early, CANCER, plan=switched("EX_WAITING", active=False)).lines[0].amount_fen == 5_000_000
    renewing = msgspec.structs.replace(PLAN, renewal=Renewal(gap_days_max=30, plans=("GS-NEF-2021",)))
    ended = {"on the day": date(2022, 1, 1), "30 days before": date(2021, 12, 2)}
    for ended_on in ended.values():
        cover = Cover(COVER.effective_on, COVER.ends_on, (("GS-NEF-2021", ended_on),))
        assert judged(early, CANCER, plan=renewing, cover=cover).lines[0].amount_fen == 5_000_000
    for plan_code, ended_on in (("GS-NEF-2021", date(2021, 12, 1)), ("OTHER", date(2022, 1, 1))):
        cover = Cover(COVER.effective_on, COVER.ends_on, ((plan_code, ended_on),))
        assert judged(early, CANCER, plan=renewing, cover=cover).refusals[0].code == "RJ_WAITING"


def test_the_plan_says_which_date_decides() -> None:
    over_new_year = Incident(kind="INPATIENT", decisive_on="2021-12-30", discharged_on="2022-02-05")
    (refusal,) = judged(over_new_year, PAID_STAY).refusals
    assert (refusal.code, refusal.assumed) == ("RJ_OUT_OF_PERIOD", True), "the choice of the date refuses"
    by_discharge = msgspec.structs.replace(PLAN, dates={**PLAN.dates, "INPATIENT": ("DISCHARGE",)})
    assert judged(over_new_year, PAID_STAY, plan=by_discharge).lines
    before = Incident(kind="INPATIENT", decisive_on="2021-12-10", discharged_on="2021-12-20")
    (refusal,) = judged(before, PAID_STAY).refusals
    assert (refusal.code, refusal.assumed) == ("RJ_OUT_OF_PERIOD", False)


def test_the_papers_date_decides_by_the_kind_of_illness() -> None:
    told = illness("2022-01-20")
    pathology = with_facts(CANCER, dates=(("PATHOLOGY", "2022-03-05"), ("ADMISSION", "2022-01-10")))
    assert judged(told, pathology).lines[0].amount_fen == 5_000_000
    admitted = with_facts(CANCER, dates=(("ADMISSION", "2022-03-05"),))
    assert judged(told, admitted).refusals[0].code == "RJ_WAITING", "a cancer is not decided by its admission"
    coma = Facts(illness="DEEP_COMA", illness_basis="DIAGNOSIS", dates=(("ADMISSION", "2022-03-05"),))
    assert judged(told, coma).lines[0].amount_fen == 5_000_000
    operated = Facts(illness="CABG", illness_basis="OPERATION", dates=(("OPERATION", "2022-02-10"),))
    assert judged(told, operated).lines[0].amount_fen == 500_000


def test_a_grading_after_day_180_is_a_persons_matter() -> None:
    graded = Facts(grading_standard="JR/T 0083-2013", disabilities=(("A", 6),), dates=(("GRADED", "2022-11-08"),))
    assert judged(INJURY, graded).lines[0].amount_fen == 75_000 * YUAN
    late = with_facts(graded, dates=(("GRADED", "2022-11-09"),))
    (refusal,) = judged(INJURY, late).refusals
    assert (refusal.code, refusal.manual) == ("RJ_GRADE_NONE", True)


def test_two_grades_raise_none_where_the_plan_says_so() -> None:
    facts = Facts(grading_standard="JR/T 0083-2013", disabilities=(("A", 6), ("B", 6)))
    assert judged(INJURY, facts, plan=changed("ACCIDENT_DISABILITY", two_raise=False)).lines[0].amount_fen == 7_500_000


def test_a_benefit_is_paid_for_a_number_of_claims_where_the_plan_limits_it() -> None:
    twice = changed("INPATIENT_MEDICAL", claims_max=2)
    earlier = tuple(Award(f"c-{n}", f"INPATIENT/2022-0{n}-01/2022-0{n}-02", "INPATIENT_MEDICAL", 1) for n in (2, 3))
    assert judged(STAY, PAID_STAY, plan=twice, awarded=earlier[:1]).lines
    (refusal,) = judged(STAY, PAID_STAY, plan=twice, awarded=earlier).refusals
    assert refusal.code == "RJ_CAP_REACHED"
    assert "2 次" in refusal.explanation
    assert judged(STAY, PAID_STAY, awarded=earlier).lines


@pytest.mark.parametrize(
    ("incident", "facts", "plan", "path"),
    [
        (illness("2022-01-20"), CANCER, PLAN, "benefits.CRITICAL_ILLNESS.waiting"),
        (illness("2022-05-12"), Facts(illness="ANGINA"), PLAN, "benefits.CRITICAL_ILLNESS.formula.edition"),
        (STAY, Facts(), PLAN, "benefits.INPATIENT_MEDICAL.formula"),
        (STAY, with_facts(PAID_STAY, exclusions=("EX_DRUGS",)), PLAN, "exclusions.EX_DRUGS"),
        (STAY, PAID_STAY, changed("INPATIENT_MEDICAL", enabled=False), "benefits.INPATIENT_MEDICAL.enabled"),
    ],
)
def test_a_refusal_says_whether_it_rests_on_an_assumed_parameter(
    incident: Incident, facts: Facts, plan: Plan, path: str
) -> None:
    marked = msgspec.structs.replace(plan, assumed=(path,))
    above = msgspec.structs.replace(plan, assumed=(path.rpartition(".")[0],))
    other = msgspec.structs.replace(plan, assumed=("age_max", path[:-1], f"{path}_other"))
    assert [one.assumed for one in judged(incident, facts, plan=marked).refusals] == [True]
    assert [one.assumed for one in judged(incident, facts, plan=above).refusals] == [True]
    assert [one.assumed for one in judged(incident, facts, plan=other).refusals] == [False]


def test_what_was_published_refuses_without_a_person() -> None:
    (refusal,) = judged(illness("2022-05-12"), Facts(illness="ACUTE_MI", illness_basis="ECG")).refusals
    assert (refusal.code, refusal.needs_person) == ("RJ_NOT_LISTED_ILLNESS", False), "a published definition"
    (refusal,) = judged(illness("2022-05-12"), Facts(illness="AORTA_SURGERY")).refusals
    assert (refusal.code, refusal.needs_person) == ("RJ_NOT_LISTED_ILLNESS", True), "the item was not seen"
    assert "人工" in refusal.finding


def test_a_trace_tells_version_rule_input_steps_caps_and_result() -> None:
    facts = Facts(self_pay_in_scope_fen=3_000_000, self_paid_fen=3_000_000)
    (line,) = judged(STAY, facts).lines
    kinds = [kind_of(step) for step in line.trace]
    assert list(dict.fromkeys(kinds)) == list(KINDS)
    assert f"第 {PLAN.version} 版" in line.trace[0]
    death = judged(msgspec.structs.replace(INJURY, died_on="2022-05-13", at_work=True), Facts()).lines[0]
    assert all(kind_of(step) or step.startswith(INTERNAL) for step in death.trace)
    assert not [step for step in death.trace if kind_of(step) and ("200%" in step or "WORK" in step)]


amount = st.integers(0, 100_000_000)
day = st.dates(date(2021, 12, 1), date(2023, 1, 31)).map(date.isoformat)
grades = st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 10)), max_size=4).map(tuple)
facts_of_any_kind = st.builds(
    Facts,
    illness=st.sampled_from(["", "CANCER", "CABG", "DEEP_COMA"]),
    illness_basis=st.sampled_from(["", "PATHOLOGY", "OPERATION", "DIAGNOSIS"]),
    grading_standard=st.sampled_from(["", "JR/T 0083-2013", "GB/T 16180"]),
    disabilities=grades,
    self_pay_in_scope_fen=amount,
    self_paid_fen=amount,
    third_party_paid_fen=amount,
)
incidents_of_any_kind = st.builds(
    Incident, kind=st.sampled_from(["INPATIENT", "ACCIDENT", "ILLNESS", "SUDDEN_ILLNESS"]), decisive_on=day
)


@given(st.lists(st.tuples(incidents_of_any_kind, facts_of_any_kind, st.booleans()), max_size=12))
def test_invariant_12_2_no_history_exceeds_a_cap_and_ratio_benefits_never_exceed_what_is_still_self_paid(
    history: list[tuple[Incident, Facts, bool]],
) -> None:
    plan = changed("SUDDEN_DEATH", enabled=True)
    awarded: tuple[Award, ...] = ()
    for number, (incident, facts, died) in enumerate(history):
        happened = msgspec.structs.replace(incident, died_on=incident.decisive_on) if died else incident
        application = Application(f"c{number}", plan, COVER, happened, facts, date(2023, 2, 1), awarded)
        for line in assess(application).lines:
            assert 0 < line.amount_fen == line.computed_fen - line.cap_cut_fen
            assert bool(line.cap_cut_fen) == bool(line.cap_reasons)
            if line.benefit_code == "INPATIENT_MEDICAL":
                assert line.amount_fen <= facts.self_paid_fen - facts.third_party_paid_fen
            awarded += (Award(f"c{number}", f"key-{number}", line.benefit_code, line.amount_fen),)
    assert sum(one.amount_fen for one in awarded) <= plan.overall_cap_fen
    for code, benefit in plan.benefits.items():
        paid = [one.amount_fen for one in awarded if one.benefit_code == code]
        assert sum(paid) <= benefit.period_cap_fen
        assert not benefit.once or len(paid) <= 1
