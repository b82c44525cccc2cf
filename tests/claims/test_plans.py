"""Plans are data: the three that are shipped, a fourth that is only a file, and what is said of a wrong one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from claims.api.plans import DIGESTS, PLANS, PlanUnusable, read_plans
from claims.domain.benefits import Award, Cover
from claims.domain.plan import Plan
from claims.domain.plan_check import faults
from claims.domain.required_papers import circumstances_of, papers_for
from contracts.claims.v1 import Incident
from contracts.person import Facts
from tests.claims.material import PLAN, PLAN_FILE, judged

JILIN = PLANS["JL-ZYYW-2022", 1]
BEIJING = PLANS["BJ-ZYJT-2024", 1]
STAY = Incident(kind="INPATIENT", decisive_on="2022-05-12", discharged_on="2022-05-20")
YEAR_2024 = Cover(date(2024, 1, 1), date(2025, 1, 1))


def stay(days: int) -> Incident:
    return Incident(kind="INPATIENT", decisive_on="2024-01-05", discharged_on=date(2024, 1, 5 + days).isoformat())


def amount(incident: Incident, facts: Facts, plan: Plan, cover: Cover, **others: Any) -> int | str:
    answer = judged(incident, facts, plan=plan, cover=cover, filed_on=cover.ends_on, **others)
    return answer.lines[0].amount_fen if answer.lines else answer.refusals[0].code


def of_jilin(level: str, fund_yuan: int, self_paid_yuan: int = 100_000, **others: Any) -> int | str:
    facts = Facts(hospital_level=level, fund_paid_fen=fund_yuan * 100, self_paid_fen=self_paid_yuan * 100)
    return amount(STAY, facts, JILIN, Cover(date(2022, 1, 1), date(2023, 1, 1)), **others)


def of_beijing(days: int, level: str = "LEVEL_2", **facts: Any) -> int | str:
    told = Facts(hospital_level=level, hospital_days=days, **facts)
    return amount(stay(1), told, BEIJING, YEAR_2024)


def test_the_fund_ratio_goes_by_the_hospitals_level() -> None:
    assert of_jilin("PROVINCE", 10_000) == 105_000
    assert of_jilin("CITY", 10_000) == 84_000
    assert of_jilin("DISTRICT", 10_000) == 63_000
    assert of_jilin("DISTRICT", 500) == 10_000, "at least 100 yuan"
    assert of_jilin("DISTRICT", 500, self_paid_yuan=60) == 6_000, "never above what was self-paid"
    assert of_jilin("VILLAGE", 10_000) == "RJ_HOSPITAL_LEVEL"
    assert of_jilin("CITY", 0) == "RJ_NO_SELF_PAY"


def test_a_level_that_nobody_stated_is_a_persons_matter() -> None:
    (refusal,) = judged(STAY, Facts(fund_paid_fen=1_000_000), plan=JILIN).refusals
    assert (refusal.code, refusal.manual) == ("RJ_HOSPITAL_LEVEL", True)


def test_the_fund_ratio_is_paid_for_two_claims_a_period() -> None:
    earlier = tuple(Award(f"c-{n}", f"INPATIENT/{n}/{n}", "INPATIENT_MEDICAL", 10_000) for n in range(2))
    assert of_jilin("CITY", 10_000, awarded=earlier[:1]) == 84_000
    assert of_jilin("CITY", 10_000, awarded=earlier) == "RJ_CAP_REACHED"


def test_the_fund_ratio_is_kept_below_the_rest_after_a_third_party() -> None:
    facts = Facts(hospital_level="CITY", fund_paid_fen=1_000_000, self_paid_fen=100_000, third_party_paid_fen=70_000)
    assert judged(STAY, facts, plan=JILIN).lines[0].amount_fen == 30_000


@pytest.mark.parametrize(
    ("days", "expected"), [(1, "RJ_BELOW_DEDUCTIBLE"), (2, 4_000), (11, 40_000), (181, 720_000), (200, 720_000)]
)
def test_the_allowance_counts_days_after_the_first_up_to_180(days: int, expected: int | str) -> None:
    assert of_beijing(days) == expected


def test_the_allowance_takes_the_days_from_the_stay_when_nobody_counted_them() -> None:
    facts = Facts(hospital_level="LEVEL_3")
    assert amount(stay(5), facts, BEIJING, YEAR_2024) == 16_000


def test_the_allowance_needs_a_hospital_of_the_second_level_and_knows_transfers() -> None:
    assert of_beijing(10, level="LEVEL_1") == "RJ_HOSPITAL_LEVEL"
    assert of_beijing(10, transferred_in=True) == 40_000, "the day before the transfer was the first"
    assert of_beijing(10, exclusions=("EX_PSYCHIATRIC",)) == "RJ_EXCLUDED"
    assert of_beijing(10, third_party_paid_fen=10_000_000) == 36_000, "an allowance is no indemnity"


def test_the_allowance_has_its_cap_in_the_period() -> None:
    earlier = (Award("c-1", "INPATIENT/1/2", "INPATIENT_ALLOWANCE", 700_000),)
    told = Facts(hospital_level="LEVEL_2", hospital_days=100)
    assert amount(stay(1), told, BEIJING, YEAR_2024, awarded=earlier) == 20_000


def changed_file(folder: Path, change: Callable[[dict[str, Any]], None], name: str = "FOURTH.v1.json") -> Path:
    document = json.loads(PLAN_FILE.read_text(encoding="utf-8"))
    change(document)
    (folder / name).write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return folder


def test_a_fourth_plan_is_a_file_and_nothing_else(tmp_path: Path) -> None:
    def fourth(document: dict[str, Any]) -> None:
        graded = document["benefits"]["ACCIDENT_DISABILITY"]
        document |= {"code": "FOURTH", "version": 7, "overall_cap_fen": 900_000, "assumed": ["benefits.DAYS"]}
        document["hospital_levels"] = {"ANY": "各级"}
        document["benefits"] = {
            "DAYS": {
                "name": "住院津贴",
                "enabled": True,
                "kinds": ["INPATIENT"],
                "death": "ANY",
                "waiting": [{"last_day": 3, "percent": 0}, {"last_day": 10, "percent": 50}],
                "once": False,
                "claims_max": 1,
                "period_cap_fen": 1_000_000,
                "formula": {
                    "kind": "DAILY_ALLOWANCE",
                    "per_day_fen": 5_000,
                    "free_days": 3,
                    "stay_days_max": 90,
                    "levels": ["ANY"],
                    "transfer_day_counts": False,
                },
            },
            "INJURY": {**graded, "formula": {**graded["formula"], "less_same_accident": []}},
        }
        document["exclusions"] = [
            {"code": "EX_NEW", "name": "新的除外", "benefits": ["DAYS"], "reason": "RJ_EXCLUDED", "active": True}
        ]

    plan = read_plans(changed_file(tmp_path, fourth))["FOURTH", 7]
    facts = Facts(hospital_level="ANY")
    assert judged(STAY, facts, plan=plan).lines[0].amount_fen == 25_000
    early = Incident(kind="INPATIENT", decisive_on="2022-01-05", discharged_on="2022-01-15")
    assert judged(early, facts, plan=plan).lines[0].amount_fen == 17_500
    (excluded,) = judged(STAY, Facts(hospital_level="ANY", exclusions=("EX_NEW",)), plan=plan).refusals
    assert (excluded.code, excluded.assumed) == ("RJ_EXCLUDED", False)
    (short,) = judged(
        Incident(kind="INPATIENT", decisive_on="2022-05-12", discharged_on="2022-05-13"), facts, plan=plan
    ).refusals
    assert (short.code, short.assumed) == ("RJ_BELOW_DEDUCTIBLE", True)
    injury = Facts(grading_standard="JR/T 0083-2013", disabilities=(("A", 1),))
    line = judged(Incident(kind="ACCIDENT", decisive_on="2022-05-12"), injury, plan=plan).lines[0]
    assert (line.benefit_code, line.amount_fen, line.cap_reasons) == ("INJURY", 900_000, ("CAP_OVERALL",))


def _drop_cap(document: dict[str, Any]) -> None:
    del document["benefits"]["ACCIDENT_DEATH"]["period_cap_fen"]


def _text_for_money(document: dict[str, Any]) -> None:
    document["benefits"]["INPATIENT_MEDICAL"]["formula"]["minimum_fen"] = "100"


def _surprise(document: dict[str, Any]) -> None:
    document["surprise"] = 1


def _unknown_benefit(document: dict[str, Any]) -> None:
    document["exclusions"][0]["benefits"] = ["NO_SUCH"]


def _no_sentence(document: dict[str, Any]) -> None:
    del document["refusals"]["RJ_LATE"]


def _falling_tiers(document: dict[str, Any]) -> None:
    document["benefits"]["CRITICAL_ILLNESS"]["waiting"] = [
        {"last_day": 60, "percent": 10},
        {"last_day": 30, "percent": 0},
    ]


def _mark_of_nothing(document: dict[str, Any]) -> None:
    document["assumed"] = ["benefits.NO_SUCH.waiting"]


def _members_alone(document: dict[str, Any]) -> None:
    next(one for one in document["exclusions"] if one["code"] == "EX_NOT_MEMBER")["active"] = False


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (_drop_cap, "period_cap_fen"),
        (_text_for_money, "minimum_fen"),
        (_surprise, "surprise"),
        (_unknown_benefit, "exclusions.EX_SELF_HARM.benefits"),
        (_no_sentence, "refusals.RJ_LATE"),
        (_falling_tiers, "benefits.CRITICAL_ILLNESS.waiting"),
        (_mark_of_nothing, "assumed.benefits.NO_SUCH.waiting"),
        (_members_alone, "exclusions.EX_NOT_MEMBER.active"),
    ],
)
def test_a_wrong_file_is_refused_by_its_name_and_field(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], field: str
) -> None:
    with pytest.raises(PlanUnusable) as refused:
        read_plans(changed_file(tmp_path, change))
    assert "FOURTH.v1.json" in str(refused.value)
    assert field in str(refused.value)


def test_what_is_no_json_or_stands_twice_is_refused(tmp_path: Path) -> None:
    changed_file(tmp_path, lambda _: None, "a.json")
    changed_file(tmp_path, lambda _: None, "b.json")
    with pytest.raises(PlanUnusable, match=r"b\.json"):
        read_plans(tmp_path)
    (tmp_path / "a.json").write_bytes(b"\xff{")
    with pytest.raises(PlanUnusable, match=r"a\.json"):
        read_plans(tmp_path)


def test_every_shipped_plan_makes_sense_and_has_its_digest() -> None:
    assert set(PLANS) == {("GS-NEF-2022", 1), ("JL-ZYYW-2022", 1), ("BJ-ZYJT-2024", 1)}
    assert [faults(plan) for plan in PLANS.values()] == [[], [], []]
    assert PLANS.keys() == DIGESTS.keys()


def kinds(benefit: str, incident: Incident, *, total_yuan: int = 0, channel: str = "UNIT", **told: bool) -> list[str]:
    assert PLAN.papers is not None
    here = circumstances_of(incident, traffic=told.get("traffic", False), out_of_area=told.get("out_of_area", False))
    papers = papers_for(PLAN.papers, [benefit], here, channel=channel, total_fen=total_yuan * 100)
    assert all(paper.name for paper in papers)
    return [paper.kind for paper in papers]


def test_the_papers_go_by_benefit_circumstances_and_sum() -> None:
    base = ["APPLICATION_FORM", "ID_CARD", "BANK_CARD"]
    assert kinds("INPATIENT_MEDICAL", STAY) == [*base, "DISCHARGE_RECORD", "SETTLEMENT"]
    assert kinds("INPATIENT_MEDICAL", STAY, out_of_area=True)[-1] == "OUT_OF_AREA_SETTLEMENT"
    assert "SIGNED_ORIGINALS" not in kinds("INPATIENT_MEDICAL", STAY, total_yuan=2_999)
    assert kinds("INPATIENT_MEDICAL", STAY, total_yuan=3_000)[-1] == "SIGNED_ORIGINALS"
    at_work = Incident(kind="ACCIDENT", decisive_on="2022-05-12", at_work=True)
    assert "WORK_PROOF" in kinds("ACCIDENT_DISABILITY", at_work)
    assert "ACCIDENT_FINDING" not in kinds("ACCIDENT_DISABILITY", at_work)
    assert "ACCIDENT_FINDING" in kinds("ACCIDENT_DISABILITY", at_work, traffic=True)
    died = Incident(kind="ACCIDENT", decisive_on="2022-05-12", died_on="2022-05-12")
    assert {"DEATH_CERTIFICATE", "KINSHIP_PROOF", "HEIR_LIST"} <= set(kinds("ACCIDENT_DEATH", died))


def test_a_matched_claim_needs_card_and_consent_alone() -> None:
    assert kinds("INPATIENT_MEDICAL", STAY, total_yuan=9_000, channel="DATA_MATCH") == ["BANK_CARD", "CONSENT"]
