"""Accounts and papers that come after the filing are looked at as those that come with it (domain 4.6, 4.10)."""

from __future__ import annotations

from typing import Any

import pytest

from claims.papers import reading_process
from claims.papers.fields import Found
from claims.workers import reading as workers
from contracts.claims.heirs import HeirsListed
from tests.claims.house import House, filing, payee, small_picture
from tests.claims.test_flags import account, own, raised
from tests.claims.test_papers import UNIT, Machine, stored, work
from tests.claims.test_phone import call
from tests.claims.test_process_api import swept

ASK = {"needs": ["NEED_DISCHARGE"], "text": ""}
HEIRS = {
    "heirs": [{"relation": "SPOUSE", "payee": 0}, {"relation": "CHILD", "payee": -1}],
    "division": "AGREEMENT",
}


async def phoned(house: House, **changes: Any) -> tuple[str, str]:
    """A claim without an account, and its member."""
    person_id = await house.cover(UNIT)
    answer = await house.post("/claims/phone", call(person_id, **changes), "h", "hotline_agent")
    assert answer.status_code == 201, answer.text
    return answer.json()["claim_id"], person_id


async def name(house: House, claim_id: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await house.post(f"/claims/{claim_id}/payees", body, "counter", "office_reviewer")
    told: dict[str, Any] = answer.json()
    return {**told, "status": answer.status_code}


async def heirs(house: House, claim_id: str) -> list[Any]:
    return [one.event for one in await house.world.context.log.load(f"heirs-{claim_id}")]


async def test_the_accounts_of_a_death_name_its_heirs(house: House) -> None:
    claim_id, _ = await phoned(house)
    assert (await name(house, claim_id, {"payees": [payee("SPOUSE", 50), payee("CHILD", 50)]}))["status"] == 200
    (listed,) = await heirs(house, claim_id)
    assert isinstance(listed, HeirsListed)
    assert [(one.relation, one.share_percent) for one in listed.heirs] == [("SPOUSE", 50), ("CHILD", 50)]
    assert (listed.division, listed.by) == ("EQUAL_SHARES", "counter")


async def test_an_heir_who_waives_is_named_with_the_accounts(house: House) -> None:
    claim_id, person_id = await phoned(house)
    body = {"payees": [payee("SPOUSE")], "heirs": HEIRS}
    invented = {**HEIRS, "documents": [{"kind": "HEIR_WAIVER", "sha256": "0" * 64}]}
    refused = await name(house, claim_id, {**body, "heirs": invented})
    assert (refused["status"], refused["code"]) == (404, "document-unknown")
    handed = {**HEIRS, "documents": await house.papers(person_id, ["HEIR_WAIVER"])}
    assert (await name(house, claim_id, {**body, "heirs": handed}))["status"] == 200
    (listed,) = await heirs(house, claim_id)
    assert [(one.relation, one.waived) for one in listed.heirs] == [("SPOUSE", False), ("CHILD", True)]
    assert listed.documents == ("HEIR_WAIVER",)


async def test_heirs_of_a_wrong_order_leave_the_claim_without_accounts(house: House) -> None:
    claim_id, _ = await phoned(house)
    refused = await name(house, claim_id, {"payees": [payee("SPOUSE", 50), payee("SIBLING", 50)]})
    assert (refused["status"], refused["code"]) == (409, "order-not-due")
    assert await heirs(house, claim_id) == []


async def test_an_account_that_is_named_later_is_compared_with_others(house: House) -> None:
    first = await house.filed(filing(await house.cover(UNIT), **own("1" * 16)))
    claim_id, _ = await phoned(house)
    await name(
        house,
        claim_id,
        {"payees": [{**account("1" * 16), "relation": "SPOUSE", "contact": payee("SPOUSE")["contact"]}]},
    )
    assert await raised(house, claim_id) == {"CARD_SHARED": [first]}
    assert await raised(house, first) == {"CARD_SHARED": [claim_id]}


@pytest.mark.parametrize("closed", [False, True])
async def test_a_paper_that_comes_later_is_compared_with_others(house: House, closed: bool) -> None:
    people = [await house.cover(UNIT) for _ in range(2)]
    handed = [(await house.hand_in(small_picture("one stay"), "DISCHARGE", one)).json()["sha256"] for one in people]
    papers = [{"documents": [{"kind": "DISCHARGE", "sha256": one}]} for one in handed]
    first = await house.post("/claims", filing(people[0], **own("1" * 16) | papers[0]), "filer", "unit_clerk", UNIT)
    second = await house.filed(filing("", "MEMBER_MOBILE", **own("2" * 16)), people[1], "member")
    await house.act(second, "ask-papers", "office_reviewer", body=ASK)
    assert await raised(house, second) == {}
    if closed:
        house.at("2022-07-31")
        await swept(house)
    path = f"/claims/{second}/{'reopen' if closed else 'supply-papers'}"
    assert (await house.post(path, papers[1], people[1], "member", UNIT)).status_code == 200
    assert await raised(house, second) == {"PAPER_REPEATED": [first.json()["claim_id"]]}


@pytest.mark.parametrize("filed_first", [True, False])
@pytest.mark.parametrize("changed", [True, False])
async def test_a_reading_that_people_changed_is_a_signal_on_the_claim_that_names_the_paper(
    house: House, monkeypatch: pytest.MonkeyPatch, filed_first: bool, changed: bool
) -> None:
    monkeypatch.setattr(
        workers, "reader", Machine([Found("settlement_no", "S1", 97), Found("self_paid_fen", "1400", 97)])
    )
    monkeypatch.setattr(reading_process, "is_installed", lambda: True)
    person_id = await house.cover(UNIT)
    document_id = await stored(house, "SETTLEMENT", small_picture("stay"), person_id)
    await work(house, document_id)
    listed = (await house.get(f"/papers?person_id={person_id}", "member", UNIT, person_id)).json()["documents"]
    documents = [{"kind": "SETTLEMENT", "sha256": listed[0]["sha256"]}]
    body = filing("", "MEMBER_MOBILE", **own("1" * 16) | {"documents": documents})
    values = {"settlement_no": "S1", "self_paid_fen": "2400" if changed else "1400"}

    async def confirm() -> None:
        answer = await house.post(f"/papers/{document_id}/reading", {"values": values}, person_id, "member", UNIT)
        assert answer.status_code == 200, answer.text

    if not filed_first:
        await confirm()
    claim_id = (await house.post("/claims", body, person_id, "member", UNIT)).json()["claim_id"]
    if filed_first:
        assert await raised(house, claim_id) == {}
        await confirm()
    assert await raised(house, claim_id) == ({"READING_EDITED": []} if changed else {})
