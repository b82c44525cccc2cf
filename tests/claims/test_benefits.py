"""The plan's rules, case by case; 12_4 in a name is the fourth of the domain's list of invariants."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from claims.domain.benefits import Award, Refusal, assess, grant
from claims.domain.trace import INTERNAL
from contracts.claims.v1 import Incident
from contracts.person import Facts
from tests.claims.material import PLAN, YUAN, application, changed, judged

CANCER = Facts(illness="CANCER", illness_basis="PATHOLOGY")
HEART = Incident(kind="SUDDEN_ILLNESS", decisive_on="2022-05-12", died_on="2022-05-12")
DEATH = Incident(kind="ACCIDENT", decisive_on="2022-05-12", died_on="2022-05-12")
INJURY = Incident(kind="ACCIDENT", decisive_on="2022-05-12")
STAY = Incident(kind="INPATIENT", decisive_on="2022-05-12", discharged_on="2022-05-20")


def illness(on: str) -> Incident:
    return Incident(kind="ILLNESS", decisive_on=on)


def graded(*grades: int, standard: str = "JR/T 0083-2013") -> Facts:
    items = tuple((f"ITEM_{number}", grade) for number, grade in enumerate(grades))
    return Facts(grading_standard=standard, disabilities=items)


def stay(self_pay_yuan: int, self_paid_yuan: int | None = None) -> Facts:
    paid = self_pay_yuan if self_paid_yuan is None else self_paid_yuan
    return Facts(self_pay_in_scope_fen=self_pay_yuan * YUAN, self_paid_fen=paid * YUAN)


def award(code: str, fen: int, key: str = "ILLNESS/2022-03-03") -> Award:
    return Award("earlier", key, code, fen)


def amounts(incident: Incident, facts: Facts, **others: object) -> list[int]:
    return [line.amount_fen for line in judged(incident, facts, **others).lines]  # type: ignore[arg-type]


def reasons(incident: Incident, facts: Facts, **others: object) -> list[str]:
    return [refusal.code for refusal in judged(incident, facts, **others).refusals]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pathology_on", "expected_yuan"),
    [("2022-01-30", None), ("2022-01-31", 5_000), ("2022-03-01", 5_000), ("2022-03-02", 50_000)],
)
def test_invariant_12_4_cancer_is_paid_by_the_waiting_tier_of_its_day(
    pathology_on: str, expected_yuan: int | None
) -> None:
    expected = [] if expected_yuan is None else [expected_yuan * YUAN]
    assert amounts(illness(pathology_on), CANCER) == expected
    if expected_yuan is None:
        assert reasons(illness(pathology_on), CANCER) == ["RJ_WAITING"]


@pytest.mark.parametrize(
    ("grades", "expected_yuan"),
    [((6,), 75_000), ((6, 6), 90_000), ((6, 8), 75_000), ((1, 1), 150_000), ((10,), 15_000), ((6, 6, 6), 90_000)],
)
def test_invariant_12_5_the_most_severe_grade_counts_and_two_of_it_one_more(
    grades: tuple[int, ...], expected_yuan: int
) -> None:
    assert amounts(INJURY, graded(*grades)) == [expected_yuan * YUAN]


def test_invariant_12_6_accident_death_doubles_at_work_and_pays_the_difference_after_an_injury() -> None:
    at_work = msgspec.structs.replace(DEATH, at_work=True)
    earlier = (award("ACCIDENT_DISABILITY", 75_000 * YUAN, "ACCIDENT/2022-05-12"),)
    assert amounts(at_work, Facts()) == [300_000 * YUAN]
    assert amounts(DEATH, Facts()) == [150_000 * YUAN]
    assert amounts(DEATH, Facts(), awarded=earlier) == [75_000 * YUAN]


def test_an_injury_after_its_death_benefit_pays_nothing_more() -> None:
    earlier = (award("ACCIDENT_DEATH", 150_000 * YUAN, "DEATH/ACCIDENT/2022-05-12"),)
    assert reasons(INJURY, graded(6), awarded=earlier) == ["RJ_CAP_REACHED"]


def test_an_injury_of_another_accident_is_not_taken_from_the_death_benefit() -> None:
    earlier = (award("ACCIDENT_DISABILITY", 75_000 * YUAN, "ACCIDENT/2022-02-02"),)
    assert amounts(DEATH, Facts(), awarded=earlier) == [150_000 * YUAN]


@pytest.mark.parametrize(
    ("self_pay_yuan", "expected_fen"), [(2_400, 72_000), (200, 10_000), (80, 8_000), (0, None), (20_000, 500_000)]
)
def test_invariant_12_7_inpatient_ratio_has_a_floor_a_cap_and_never_exceeds_what_was_paid(
    self_pay_yuan: int, expected_fen: int | None
) -> None:
    if expected_fen is None:
        assert reasons(STAY, stay(self_pay_yuan)) == ["RJ_NO_SELF_PAY"]
    else:
        assert amounts(STAY, stay(self_pay_yuan)) == [expected_fen]


@pytest.mark.parametrize(
    ("admitted", "discharged", "payable"), [("2022-12-30", "2023-01-08", True), ("2021-12-30", "2022-01-05", False)]
)
def test_invariant_12_9_a_stay_belongs_to_the_period_it_begins_in(
    admitted: str, discharged: str, payable: bool
) -> None:
    incident = Incident(kind="INPATIENT", decisive_on=admitted, discharged_on=discharged)
    filed_on = date(2023, 1, 20)
    assert bool(amounts(incident, stay(2_400), filed_on=filed_on)) is payable
    if not payable:
        assert reasons(incident, stay(2_400), filed_on=filed_on) == ["RJ_OUT_OF_PERIOD"]


def test_the_fen_is_rounded_half_up() -> None:
    facts = Facts(self_pay_in_scope_fen=100_005, self_paid_fen=100_005)
    assert amounts(STAY, facts) == [30_002]  # 30,001.5 fen


def test_changing_a_parameter_changes_what_is_paid() -> None:
    assert amounts(illness("2022-05-12"), CANCER, plan=changed("CRITICAL_ILLNESS", amount_fen=4_000_000)) == [4_000_000]
    assert amounts(DEATH, Facts(), plan=changed("ACCIDENT_DEATH", base_fen=10_000_000)) == [10_000_000]
    assert amounts(INJURY, graded(6), plan=changed("ACCIDENT_DISABILITY", base_fen=10_000_000)) == [5_000_000]
    assert amounts(STAY, stay(2_400), plan=changed("INPATIENT_MEDICAL", ratio_percent=50)) == [120_000]


def test_an_illness_off_the_list_or_short_of_evidence_is_not_payable() -> None:
    on = illness("2022-05-12")
    assert reasons(on, Facts(illness="ANGINA", illness_basis="DIAGNOSIS")) == ["RJ_NOT_LISTED_ILLNESS"]
    assert reasons(on, Facts(illness="ACUTE_MI", illness_basis="CHEST_PAIN,ECG")) == ["RJ_NOT_LISTED_ILLNESS"]
    assert amounts(on, Facts(illness="ACUTE_MI", illness_basis="CHEST_PAIN, ECG, ENZYMES")) == [50_000 * YUAN]


def test_critical_illness_is_paid_once_in_a_period() -> None:
    earlier = (award("CRITICAL_ILLNESS", 500_000),)
    assert reasons(illness("2022-05-12"), CANCER, awarded=earlier) == ["RJ_CAP_REACHED"]


def test_sudden_death_is_a_parameter_and_pays_the_difference_to_critical_illness() -> None:
    facts = Facts(illness="ACUTE_MI", illness_basis="ECG")
    assert reasons(HEART, facts) == ["RJ_NOT_LISTED_ILLNESS", "RJ_NOT_IN_PLAN"]
    assert amounts(HEART, facts, plan=changed("SUDDEN_DEATH", enabled=True)) == [50_000 * YUAN]
    proven = Facts(illness="ACUTE_MI", illness_basis="CHEST_PAIN,ECG,ENZYMES")
    assert amounts(HEART, proven, plan=changed("SUDDEN_DEATH", enabled=True)) == [50_000 * YUAN]
    larger = changed("SUDDEN_DEATH", enabled=True, amount_fen=6_000_000, period_cap_fen=6_000_000)
    assert amounts(HEART, proven, plan=larger) == [5_000_000, 1_000_000]


def test_a_special_decision_waives_the_definition_and_nothing_else() -> None:
    facts = Facts(illness="ACUTE_MI", illness_basis="ECG")
    granted = grant(application(HEART, facts), "CRITICAL_ILLNESS", ())
    assert not isinstance(granted, Refusal)
    assert granted.amount_fen == 50_000 * YUAN
    early = msgspec.structs.replace(HEART, decisive_on="2022-01-20", died_on="2022-01-20")
    waiting = grant(application(early, facts), "CRITICAL_ILLNESS", ())
    assert isinstance(waiting, Refusal)
    assert waiting.code == "RJ_WAITING"
    unknown = grant(application(HEART, facts), "NO_SUCH", ())
    assert isinstance(unknown, Refusal)
    assert unknown.code == "RJ_NOT_IN_PLAN"


def test_exclusions_bar_their_benefits_by_their_reason() -> None:
    assert reasons(DEATH, Facts(exclusions=("EX_DRUNK_DRIVE",))) == ["RJ_EXCLUDED"]
    assert reasons(DEATH, Facts(exclusions=("EX_DISEASE_NOT_ACCIDENT",))) == ["RJ_NOT_ACCIDENT"]
    pre_existing = msgspec.structs.replace(CANCER, exclusions=("EX_PRE_EXISTING",))
    assert reasons(illness("2022-05-12"), pre_existing) == ["RJ_PRE_EXISTING"]
    assert amounts(illness("2022-05-12"), msgspec.structs.replace(CANCER, exclusions=("EX_DRUNK",))) == [5_000_000]


def test_an_exclusion_that_is_off_has_no_effect() -> None:
    assert amounts(DEATH, Facts(exclusions=("EX_WAR_DISASTER",))) == [150_000 * YUAN]


def test_without_cover_nothing_is_payable() -> None:
    assert reasons(illness("2022-05-12"), CANCER, cover=None) == ["RJ_NOT_COVERED"]


def test_a_claim_after_the_run_off_is_late() -> None:
    assert reasons(illness("2022-05-12"), CANCER, filed_on=date(2024, 5, 12)) == ["RJ_LATE"]
    assert amounts(illness("2022-05-12"), CANCER, filed_on=date(2024, 5, 11)) == [5_000_000]


def test_a_death_long_after_the_accident_is_not_its_death() -> None:
    late = msgspec.structs.replace(DEATH, died_on="2022-11-09")
    assert reasons(late, Facts()) == ["RJ_NOT_ACCIDENT"]
    assert amounts(msgspec.structs.replace(DEATH, died_on="2022-11-08"), Facts()) == [150_000 * YUAN]


def test_another_grading_standard_goes_to_a_person() -> None:
    (refusal,) = judged(INJURY, graded(6, standard="GB/T 16180")).refusals
    assert (refusal.code, refusal.manual, refusal.needs_person) == ("RJ_GRADE_NONE", True, True)
    assert "不作换算" in refusal.explanation


def test_one_item_graded_twice_counts_once() -> None:
    facts = Facts(grading_standard="JR/T 0083-2013", disabilities=(("ITEM", 6), ("ITEM", 6)))
    assert amounts(INJURY, facts) == [75_000 * YUAN]


def test_the_benefit_cap_then_the_overall_cap_cut_and_say_so() -> None:
    earlier = (award("INPATIENT_MEDICAL", 970_000),)
    line = judged(STAY, stay(2_400), awarded=earlier).lines[0]
    assert (line.computed_fen, line.cap_cut_fen, line.amount_fen) == (72_000, 42_000, 30_000)
    nearly = (award("ACCIDENT_DEATH", 29_990_000),)
    cut = judged(STAY, stay(2_400), awarded=nearly).lines[0]
    assert (cut.amount_fen, cut.cap_cut_fen) == (10_000, 62_000)
    assert any("CAP_OVERALL" in step for step in cut.trace)
    assert (line.cap_reasons, cut.cap_reasons) == (("CAP_PERIOD",), ("CAP_OVERALL",))
    assert reasons(STAY, stay(2_400), awarded=(award("ACCIDENT_DEATH", 30_000_000),)) == ["RJ_CAP_REACHED"]


def test_a_trace_explains_without_naming_the_illness() -> None:
    traces = [
        step
        for incident, facts in ((illness("2022-05-12"), CANCER), (STAY, stay(2_400)), (DEATH, Facts()))
        for line in assess(application(incident, facts)).lines
        for step in line.trace
    ]
    formula = PLAN.benefits["CRITICAL_ILLNESS"].formula
    names = [word for one in formula.illnesses for word in (one.code, one.name)]  # type: ignore[union-attr]
    assert traces
    assert not [step for step in traces if any(name in step for name in names)]
    assert all(step.startswith(INTERNAL) for step in traces if "WORK" in step)


def test_the_list_has_thirty_illnesses() -> None:
    formula = PLAN.benefits["CRITICAL_ILLNESS"].formula
    assert [one.no for one in formula.illnesses] == list(range(1, 31))  # type: ignore[union-attr]
    assert len({one.code for one in formula.illnesses}) == 30  # type: ignore[union-attr]
