"""How a row of the bureau is read, and what the plan's rules make of it, row by row (domain 6.2, 6.3)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.api.plans import PLANS
from claims.domain.benefits import Award
from claims.domain.bureau import FIELDS, fen_of, iso_date, kept_values, layout_of, missing_columns, stay_of
from claims.domain.matching import hinted
from claims.domain.plan import DailyAllowance, FundPayRatio, Plan
from claims.domain.settlement import Known, Verdict, judge, reason_of
from tests.claims.bureau_house import row
from tests.claims.material import COVER, PLAN

TODAY = date(2022, 7, 1)
ID = "620725198801010016"
LAYOUT = layout_of(FIELDS)


def verdict(known: Known | None = None, plan: Plan = PLAN, **cells: str) -> Verdict:
    stay = stay_of(LAYOUT, [row("S1", ID, "甲乙", **cells)[name] for name in FIELDS])
    return judge(stay, plan, COVER, known or Known(), claim_id="own", today=TODAY)


def paid_before(fen: int) -> Known:
    return Known((("INPATIENT/2022-02-10/2022-02-12", "c0"),), (Award("c0", "", "INPATIENT_MEDICAL", fen),))


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2, allow_nan=False))
def test_every_decimal_of_two_places_is_held_in_fen_exactly(amount: Decimal) -> None:
    assert fen_of(f"{amount:.2f}") == int(amount * 100)


@pytest.mark.parametrize("text", ["", "1,000.00", "12.345", "1e3", "--1", "abc", "."])
def test_what_is_no_amount_is_not_guessed(text: str) -> None:
    assert fen_of(text) is None


@pytest.mark.parametrize("text", ["2022-05-09", "2022/05/09", "20220509", "2022-5-9", "20220509 0"])
def test_a_date_is_read_however_the_bureau_writes_it(text: str) -> None:
    assert iso_date(text) == "2022-05-09"
    assert iso_date("2022-02-30") == iso_date("") == iso_date("soon") == ""


def test_columns_are_found_in_any_order_and_unknown_ones_are_kept() -> None:
    layout = layout_of(["extra", *reversed(FIELDS)])
    assert missing_columns(layout) == []
    cells = ["kept", *(row("S1", ID, "甲乙")[name] for name in reversed(FIELDS))]
    assert stay_of(layout, cells) == stay_of(LAYOUT, [row("S1", ID, "甲乙")[name] for name in FIELDS])
    values = kept_values(layout, cells, identifying=False)
    assert values["extra"] == "kept"
    assert not {"certno", "psn_name"} & set(values)
    assert missing_columns(layout_of([name for name in FIELDS if name != "certno"])) == ["certno"]


def test_a_plain_stay_is_new_and_computed_by_the_plans_ratio() -> None:
    found = verdict()
    assert (found.code, sum(line.amount_fen for line in found.lines)) == ("EXACT_NEW", 72_000)


@pytest.mark.parametrize(
    ("cells", "code", "detail"),
    [
        ({"med_type": "11"}, "EXCLUDED", "NOT_INPATIENT"),
        ({"med_type": "52"}, "EXCLUDED", "MED_TYPE"),
        ({"dise_no": "F20.900"}, "EXCLUDED", "DIAGNOSIS"),
        ({"begntime": "2021-12-30", "endtime": "2022-01-05"}, "OUT_OF_PERIOD", ""),
        ({"begntime": "2023-01-01", "endtime": "2023-01-05"}, "OUT_OF_PERIOD", ""),
        ({"begntime": "2022-01-30", "endtime": "2022-02-05"}, "WAITING", ""),
        ({"begntime": "2022-12-30", "endtime": "2023-01-08"}, "EXACT_NEW", ""),
        ({"begntime": "soon"}, "Q_AMOUNT", "DATES"),
        ({"endtime": "2022-05-01"}, "Q_AMOUNT", "DATES"),
        ({"psn_pay": "2399.99"}, "Q_AMOUNT", "AMOUNT"),
        ({"fund_pay_sumamt": "8000.01"}, "Q_AMOUNT", "AMOUNT"),
        ({"inscp_scp_amt": "n/a"}, "Q_AMOUNT", "AMOUNT"),
        ({"fund_pay_sumamt": "8000.00"}, "NO_SELF_PAY", ""),
        ({"dise_no": "C34.900x001"}, "LEAD_CI", ""),
        ({"dise_no": "C44.900"}, "EXACT_NEW", ""),
        ({"dise_no": "S82.200"}, "LEAD_ACCIDENT", ""),
        ({"dise_no": "C34.900", "dscg_way": "5"}, "LEAD_DEATH", ""),
    ],
)
def test_each_circumstance_has_one_code(cells: dict[str, str], code: str, detail: str) -> None:
    found = verdict(**cells)
    assert (found.code, found.detail) == (code, detail)


def test_a_lead_is_paid_all_the_same_and_a_death_is_never_taken_from_the_data() -> None:
    for cells in ({"dise_no": "C34.900"}, {"dise_no": "S82.200"}, {"dscg_way": "5"}):
        assert sum(line.amount_fen for line in verdict(**cells).lines) == 72_000


def test_an_operation_may_be_needed_for_a_hint() -> None:
    assert PLAN.matching is not None
    hints = PLAN.matching.illness_hints
    assert hinted("I25.100", ("36.1000",), hints) == "CABG"
    assert hinted("I25.100", (), hints) == ""


def test_the_same_stay_on_paper_is_linked_and_an_overlapping_one_is_asked_about() -> None:
    for key in ("INPATIENT/2022-05-10/2022-05-20", "INPATIENT/2022-05-10/2022-05-10"):
        assert verdict(Known(((key, "paper"),))) == Verdict("ALREADY_CLAIMED", claim_id="paper")
    found = verdict(Known((("INPATIENT/2022-05-15/2022-05-25", "paper"),)))
    assert (found.code, found.claim_id) == ("POSSIBLE_DUP", "paper")
    assert verdict(Known((("INPATIENT/2022-05-20/2022-05-25", "transfer"),))).code == "EXACT_NEW"


def test_nothing_is_paid_to_a_barred_person_and_a_person_confirms_it() -> None:
    barred = Known(barred_until=TODAY.isoformat())
    assert verdict(barred) == Verdict("EXCLUDED", "BARRED", needs_person=True)
    assert verdict(Known(barred_until=(TODAY - timedelta(days=1)).isoformat())).code == "EXACT_NEW"


def test_caps_count_what_open_matches_are_expected_to_be_granted() -> None:
    assert sum(line.amount_fen for line in verdict(paid_before(970_000)).lines) == 30_000
    found = verdict(paid_before(1_000_000))
    assert (found.code, found.detail, found.lines) == ("EXACT_NEW", "RJ_CAP_REACHED", ())


def test_types_hints_and_the_way_of_leaving_are_the_plans_data() -> None:
    assert PLAN.matching is not None
    changed: dict[str, Any] = {"inpatient_types": ("77",), "death_ways": ("9",), "diagnosis_exclusions": ()}
    plan = msgspec.structs.replace(PLAN, matching=msgspec.structs.replace(PLAN.matching, **changed))
    assert verdict(plan=plan).code == "EXCLUDED"
    assert verdict(plan=plan, med_type="77", dise_no="F20.900").code == "EXACT_NEW"
    assert verdict(plan=plan, med_type="77", dscg_way="9").code == "LEAD_DEATH"


def test_what_rests_on_a_rule_that_was_not_published_is_a_persons_to_refuse() -> None:
    assert verdict(begntime="2021-12-30", endtime="2022-01-05").needs_person, "the choice of the date refuses"
    assert verdict(begntime="2022-01-20", endtime="2022-01-25").needs_person, "the waiting is assumed"
    assert verdict(fund_pay_sumamt="8000.00").needs_person, "the formula is assumed"
    assert not verdict(begntime="2021-12-01", endtime="2021-12-05").needs_person
    published = msgspec.structs.replace(PLAN, assumed=())
    assert verdict(plan=published, fund_pay_sumamt="8000.00") == Verdict("NO_SELF_PAY")


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (("OUT_OF_PERIOD", ""), "RJ_OUT_OF_PERIOD"),
        (("OUT_OF_PERIOD", "LATE"), "RJ_LATE"),
        (("NO_SELF_PAY", ""), "RJ_NO_SELF_PAY"),
        (("EXCLUDED", "MED_TYPE"), ""),
    ],
)
def test_a_result_is_told_with_the_plans_reason(result: tuple[str, str], reason: str) -> None:
    assert reason_of(*result) == reason


def matched_by(code: str, levels: dict[str, str]) -> Plan:
    """Another plan of the files, matched as the programme is."""
    assert PLAN.matching is not None
    (plan,) = (plan for (name, _), plan in PLANS.items() if name == code)
    return msgspec.structs.replace(plan, matching=msgspec.structs.replace(PLAN.matching, hospital_levels=levels))


@pytest.mark.parametrize("code", ["JL-ZYYW-2022", "BJ-ZYJT-2024"])
def test_a_stay_is_matched_by_each_plans_own_data_and_an_unnamed_level_is_a_persons(code: str) -> None:
    (plan,) = (plan for (name, _), plan in PLANS.items() if name == code)
    assert plan.matching is not None
    found = verdict(plan=plan, hosp_lv="3", hifp_pay="5000.00")
    assert (found.code, found.detail, found.lines) == ("EXACT_NEW", "RJ_HOSPITAL_LEVEL", ())
    assert verdict(plan=plan, dise_no="F20.900").code == "EXCLUDED"
    assert verdict(plan=plan, med_type="11").code == "EXCLUDED"
    levels = {"3": next(reversed(plan.hospital_levels))}
    named = msgspec.structs.replace(plan, matching=msgspec.structs.replace(plan.matching, hospital_levels=levels))
    assert verdict(plan=named, hosp_lv="3", hifp_pay="5000.00").lines


def test_an_injury_is_a_lead_where_the_plan_pays_accidents_only() -> None:
    of = {code: plan for (code, _), plan in PLANS.items()}
    assert verdict(plan=of["JL-ZYYW-2022"], hifp_pay="5000.00", dise_no="S72.000").code == "LEAD_ACCIDENT"
    assert verdict(plan=of["BJ-ZYJT-2024"], dise_no="S72.000").code == "EXACT_NEW"


def test_a_plan_that_pays_a_share_of_the_pooled_fund_reads_the_funds_own_column() -> None:
    plan = matched_by("JL-ZYYW-2022", {"3": "PROVINCE"})
    found = verdict(plan=plan, hosp_lv="3", hifp_pay="5000.00")
    (line,) = found.lines
    formula = plan.benefits["INPATIENT_MEDICAL"].formula
    assert isinstance(formula, FundPayRatio)
    assert line.amount_fen == 500_000 * formula.level_basis_points["PROVINCE"] // 10_000
    assert verdict(plan=plan, hosp_lv="3").code == "Q_AMOUNT", "the total of all funds is no substitute"
    unknown = verdict(plan=plan, hosp_lv="9", hifp_pay="5000.00")
    assert (unknown.code, unknown.detail, unknown.lines) == ("EXACT_NEW", "RJ_HOSPITAL_LEVEL", ()), "a person judges"


@pytest.mark.parametrize(("days", "paid_days"), [("6", 5), ("6.0", 5), ("", 9), ("six", 9)])
def test_a_plan_that_pays_by_the_day_reads_the_days_that_the_bureau_counted(days: str, paid_days: int) -> None:
    plan = matched_by("BJ-ZYJT-2024", {"3": "LEVEL_3"})
    (line,) = verdict(plan=plan, hosp_lv="3", ipt_days=days).lines
    formula = plan.benefits["INPATIENT_ALLOWANCE"].formula
    assert isinstance(formula, DailyAllowance)
    assert line.amount_fen == paid_days * formula.per_day_fen
