"""The rules sheet says what the plan's data say: every enabled benefit, every bar, and figures that follow the data."""

from __future__ import annotations

import msgspec
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.web import Problem
from claims.api.plans import PLANS
from claims.api.rules_sheets import drawn
from claims.domain.plan import Plan, SelfPayRatio
from claims.domain.rules_sheet import sheet_of
from tests.claims.house import House
from tests.claims.material import PLAN

VERSIONS = sorted(PLANS)


def said(plan: Plan) -> str:
    return "\n".join(sentence for section in sheet_of(plan).sections for sentence in section.sentences)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_benefit_that_is_paid_and_every_active_bar_is_told(version: tuple[str, int]) -> None:
    plan = PLANS[version]
    text = said(plan)
    for benefit in plan.benefits.values():
        assert (f"{benefit.name}:" in text) == benefit.enabled
    for exclusion in plan.exclusions:
        on_paid = any(plan.benefits[code].enabled for code in exclusion.benefits)
        assert (f"{exclusion.name}(" in text) == (exclusion.active and exclusion.effect == "BARS" and on_paid)


@given(percent=st.integers(1, 100), cap_fen=st.integers(100, 10**9), days=st.integers(1, 400))
def test_a_changed_parameter_changes_the_sheet(percent: int, cap_fen: int, days: int) -> None:
    benefit = PLAN.benefits["INPATIENT_MEDICAL"]
    assert isinstance(benefit.formula, SelfPayRatio)
    formula = msgspec.structs.replace(benefit.formula, ratio_percent=percent)
    changed = msgspec.structs.replace(benefit, formula=formula, period_cap_fen=cap_fen)
    plan = msgspec.structs.replace(
        PLAN, benefits={**PLAN.benefits, "INPATIENT_MEDICAL": changed}, objection_days=days, relief=None
    )
    text = said(plan)
    assert f"个人自付金额的 {percent}%" in text
    assert f"{cap_fen // 100:,}.{cap_fen % 100:02d} 元" in text
    assert f"收到通知后 {days} 日内" in text
    assert "困难救助" not in [section.heading for section in sheet_of(plan).sections]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_pages_carry_the_sentences_and_equal_versions_are_equal_bytes(version: tuple[str, int]) -> None:
    page = drawn(*version)
    drawn.cache_clear()
    assert drawn(*version) == page
    with pypdfium2.PdfDocument(page) as document:
        text = "".join(one.get_textpage().get_text_bounded() for one in document)
    plain = "".join(text.split())
    for section in sheet_of(PLANS[version]).sections:
        assert "".join(section.heading.split()) in plain


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(Problem) as refused:
        drawn("GS-NEF-2022", 99)
    assert refused.value.code == "plan-unknown"


async def test_anyone_reads_the_sheet_without_a_token(house: House) -> None:
    async with house.world.client("auditor", Authorization="") as anyone:
        sheet = await anyone.get("/public/plans/GS-NEF-2022/1/sheet")
        page = await anyone.get("/public/plans/GS-NEF-2022/1/sheet.pdf")
        missing = await anyone.get("/public/plans/GS-NEF-2022/9/sheet")
    assert sheet.status_code == page.status_code == 200
    assert sheet.json()["plan_version"] == 1
    assert page.content.startswith(b"%PDF")
    assert (missing.status_code, missing.json()["code"]) == (404, "plan-unknown")
