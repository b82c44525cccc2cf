"""A claim explained in plain Chinese: to its member, and with the office's own steps to the office."""

from __future__ import annotations

from contracts.organization import path_of
from tests.claims.house import House, filing, payee

UNIT = "6207251000001"


async def test_a_member_reads_how_the_amount_came_about(house: House) -> None:
    person_id = await house.cover(UNIT)
    large = {"self_pay_in_scope_fen": 2_000_000, "self_paid_fen": 2_000_000}
    claim_id = await house.filed(filing(channel="MEMBER_MOBILE", facts=large), person_id, "member")
    before = await house.get(f"/claims/{claim_id}/explanation", "member", UNIT, sub=person_id)
    assert "尚未核定金额" in before.text
    await house.decide(claim_id)
    answer = await house.get(f"/claims/{claim_id}/explanation", "member", UNIT, sub=person_id)
    assert answer.headers["content-type"].startswith("text/plain")
    text = answer.text
    marks = ["版本:方案 GS-NEF-2022 第 1 版", "规则:", "输入:", "步骤:", "限额:单次限额", "给付:5,000.00 元"]
    assert [text.index(mark) for mark in marks] == sorted(text.index(mark) for mark in marks)
    assert "20,000.00 元 × 30% = 6,000.00 元" in text


async def test_a_refusal_is_explained_with_its_rule_and_the_way_to_object(house: House) -> None:
    person_id = await house.cover(UNIT)
    claim_id = await house.filed(filing(channel="MEMBER_MOBILE", facts={}), person_id, "member")
    await house.act(claim_id, "reject", "office_reviewer", body={"reason": "RJ_NO_SELF_PAY"})
    text = (await house.get(f"/claims/{claim_id}/explanation", "member", UNIT, sub=person_id)).text
    assert "不予给付" in text
    assert "住院医疗互助金:没有政策范围内的个人自付金额" in text
    assert "12351" in text


async def test_how_a_death_is_weighed_is_for_the_office_alone_and_others_see_nothing(house: House) -> None:
    person_id = await house.cover(UNIT)
    died = {"kind": "ACCIDENT", "decisive_on": "2022-05-12", "died_on": "2022-05-12", "at_work": True}
    claim_id = await house.filed(
        filing(person_id, "UNIT", incident=died, facts={}, payees=[payee("SPOUSE")]), "filer", "unit_clerk"
    )
    await house.pass_union(claim_id, path_of(UNIT), "COUNTY_REVIEW")
    await house.decide(claim_id)
    path = f"/claims/{claim_id}/explanation"
    assert "[内部]" in (await house.get(path, "office_head")).text
    family = (await house.get(path, "agent", UNIT, sub="filer")).text
    assert "300,000.00 元" in family
    assert "[内部]" not in family
    assert "WORK" not in family
    assert "200%" not in family
    assert (await house.get(path, "county_clerk", "620702")).status_code == 404
    assert (await house.get(path, "member", UNIT, sub="stranger")).status_code == 404
