"""What waits for a named person, how it is decided, and what a later look changes."""

from __future__ import annotations

from typing import Any

import pytest

from claims.api import wording
from claims.intake import kept
from contracts.claims.matching import MatchesAnnounced, MatchingStarted, SettlementDecided, SettlementQueued
from contracts.claims.v1 import ClaimAssessed, ClaimFiled, ClaimRejected
from tests.claims.bureau_house import UNION, Bureau, file_of, row
from tests.claims.house import payee
from tests.claims.material import PLAN

ID = "620725198801010016"
OTHER = "620725199001010034"


async def member(bureau: Bureau, id_no: str = ID, name: str = "甲乙") -> str:
    """Covered for the registry and for claims."""
    return await bureau.house.cover(UNION, bureau.registry.add(id_no, name))


async def queue(bureau: Bureau, **filters: str) -> list[dict[str, Any]]:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    answer = await bureau.house.get(f"/matches?{query}", "office_rechecker")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["matches"]
    return found


async def decide(bureau: Bureau, task_id: str, outcome: str, sub: str = "reviewer-1", **more: str) -> Any:
    body = {"outcome": outcome, "reason": "已核对", **more}
    return await bureau.house.post(f"/matches/{task_id}/decide", body, sub, "office_reviewer")


async def test_another_name_waits_and_opens_a_claim_when_the_person_says_so(bureau: Bureau) -> None:
    person_id = await member(bureau)
    view = await bureau.imported(file_of([row("S1", ID, "甲已")]))
    assert view["by_result"] == {"NAME_DIFF": 1}
    (waiting,) = await queue(bureau, code="NAME_DIFF")
    assert (waiting["person_id"], waiting["assigned_to"], waiting["claim_id"]) == (person_id, "reviewer-1", "")
    seen = await bureau.house.get(f"/matches/{waiting['task_id']}/row", "office_reviewer")
    assert seen.json()["values"]["psn_name"] == "甲已"
    assert (await decide(bureau, waiting["task_id"], "MATCHED", "somebody-else")).json()["code"] == "not-assigned"
    decided = await decide(bureau, waiting["task_id"], "MATCHED")
    assert decided.status_code == 200, decided.text
    (filed,) = await bureau.events(ClaimFiled)
    assert (filed.claim_id, filed.person_id) == (decided.json()["claim_id"], person_id)
    assert await queue(bureau) == []
    assert (await decide(bureau, waiting["task_id"], "MATCHED")).status_code == 200
    assert len(await bureau.events(ClaimFiled)) == 1


async def test_a_person_may_hand_it_on_and_block_the_pair_for_ever(bureau: Bureau) -> None:
    await member(bureau)
    await bureau.imported(file_of([row("S1", ID, "甲已")]))
    (waiting,) = await queue(bureau)
    path = f"/matches/{waiting['task_id']}/assign"
    handed = await bureau.house.post(path, {"assigned_to": "bert"}, "reviewer-1", "office_reviewer")
    assert handed.status_code == 200
    assert [one["assigned_to"] for one in await queue(bureau, assigned_to="bert")] == ["bert"]
    assert (await decide(bureau, waiting["task_id"], "NOT_MATCHED", "bert")).status_code == 200
    bureau.registry.people[ID] = (bureau.registry.people[ID][0], "甲已", bureau.registry.people[ID][2])
    view = await bureau.imported(file_of([row("S1", ID, "甲已"), row("S2", OTHER, "丙")]))
    assert view["by_result"] == {"NAME_DIFF": 1, "NOT_COVERED": 1}
    assert await bureau.events(ClaimFiled) == []


async def test_the_same_name_birth_date_and_county_under_another_number_never_pays_by_itself(bureau: Bureau) -> None:
    await member(bureau)
    near = row("S1", "AB6207251", "甲乙", brdy="1988-01-01")
    view = await bureau.imported(file_of([near, {**near, "setl_id": "S2", "insu_admdvs": "620102"}]))
    assert view["by_result"] == {"NOT_COVERED": 1, "WEAK": 1}
    assert await bureau.events(ClaimFiled) == []


async def test_a_refusal_that_rests_on_an_assumption_is_confirmed_by_a_person(bureau: Bureau) -> None:
    await member(bureau)
    await bureau.imported(file_of([row("S1", ID, "甲乙", begntime="2022-01-10", endtime="2022-01-12")]))
    (waiting,) = await queue(bureau, code="WAITING")
    refused = await decide(bureau, waiting["task_id"], "NOT_PAYABLE")
    assert (refused.status_code, refused.json()["code"]) == (422, "rule-unknown")
    assert (await decide(bureau, waiting["task_id"], "NOT_PAYABLE", rule_code="RJ_WAITING")).status_code == 200
    (decided,) = await bureau.events(SettlementDecided)
    assert (decided.outcome, decided.rule_code, decided.by) == ("NOT_PAYABLE", "RJ_WAITING", "reviewer-1")


async def test_a_stay_that_is_the_members_but_not_payable_is_not_opened_by_matching_it(bureau: Bureau) -> None:
    await member(bureau)
    await bureau.imported(file_of([row("S1", ID, "甲已", begntime="2021-12-01", endtime="2021-12-05")]))
    (waiting,) = await queue(bureau)
    answer = await decide(bureau, waiting["task_id"], "MATCHED")
    assert (answer.status_code, answer.json()["code"]) == (409, "settlement-not-payable")


async def test_not_me_puts_the_match_before_a_person_who_may_end_the_claim(bureau: Bureau) -> None:
    person_id = await member(bureau)
    await bureau.imported(file_of([row("S1", ID, "甲乙")]))
    (filed,) = await bureau.events(ClaimFiled)
    path = f"/claims/{filed.claim_id}/not-me"
    assert (await bureau.house.post(path, None, "another-member", "member")).status_code == 404
    assert (await bureau.house.post(path, None, person_id, "member")).status_code == 200
    assert (await bureau.house.post(path, None, person_id, "member")).status_code == 200
    (waiting,) = await queue(bureau, code="MATCH_DISPUTED")
    await bureau.house.act(filed.claim_id, "assess", "office_reviewer")
    (assessed,) = await bureau.events(ClaimAssessed)
    assert wording.MATCH_DISPUTED in assessed.findings
    card = {"payees": [payee("SELF", 100)]}
    assert (await bureau.house.post(f"/claims/{filed.claim_id}/payees", card, person_id, "member")).status_code == 200
    recheck = await bureau.house.post(f"/claims/{filed.claim_id}/recheck", None, "rechecker", "office_rechecker")
    assert (recheck.status_code, recheck.json()["code"]) == (409, "identity-held")
    assert (await decide(bureau, waiting["task_id"], "NOT_MATCHED")).status_code == 200
    (rejected,) = await bureau.events(ClaimRejected)
    assert (rejected.claim_id, rejected.by) == (filed.claim_id, "reviewer-1")


async def test_who_may_see_and_decide_the_queue(bureau: Bureau) -> None:
    await member(bureau)
    await bureau.imported(file_of([row("S1", ID, "甲已")]))
    (waiting,) = await queue(bureau)
    for role, status in (("member", 403), ("county_clerk", 403), ("office_head", 200), ("supervisor", 200)):
        assert (await bureau.house.get("/matches", role)).status_code == status
    assert (await bureau.house.get(f"/matches/{waiting['task_id']}/row", "supervisor")).status_code == 403
    elsewhere = await bureau.house.get(f"/matches/{waiting['task_id']}/row", "office_reviewer", "620100")
    assert elsewhere.status_code == 404


async def test_people_covered_late_are_matched_when_the_file_is_gone_through_again(bureau: Bureau) -> None:
    await member(bureau)
    rows = [row("S1", ID, "甲乙"), row("S1", ID, "甲乙"), row("S2", OTHER, "丙丁")]
    first = await bureau.imported(file_of(rows))
    assert first["by_result"] == {"ALREADY_CLAIMED": 1, "EXACT_NEW": 1, "NOT_COVERED": 1}
    importer = bureau.importer()
    assert not await importer.look_again()
    await member(bureau, OTHER, "丙丁")
    assert [await importer.look_again(), await importer.look_again()] == [False, True]
    await bureau.work()
    view = await bureau.view(first["import_id"])
    assert (view["run"], view["opened"], view["computed_fen"]) == (2, 2, 144_000)
    assert view["by_result"] == {"ALREADY_CLAIMED": 1, "EXACT_NEW": 2}
    assert len(await bureau.events(ClaimFiled)) == 2
    assert not await importer.look_again()
    assert len(await bureau.events(MatchingStarted)) == 2


async def test_a_corrected_name_answers_the_question_by_itself(bureau: Bureau) -> None:
    person_id = await member(bureau, name="甲已")
    first = await bureau.imported(file_of([row("S1", ID, "甲乙")]))
    assert len(await queue(bureau)) == 1
    bureau.registry.people[ID] = (person_id, "甲乙", bureau.registry.people[ID][2])
    again = await bureau.house.post(f"/settlements/{first['import_id']}/rematch", None, "h", "office_head")
    assert (again.status_code, again.json()) == (202, {"run": 2})
    await bureau.work()
    assert (await bureau.view(first["import_id"]))["by_result"] == {"EXACT_NEW": 1}
    assert await queue(bureau) == []
    (decided,) = await bureau.events(SettlementDecided)
    assert (decided.outcome, decided.by) == ("MATCHED", "system")


async def test_a_file_is_kept_for_its_days_and_not_longer(bureau: Bureau) -> None:
    await member(bureau)
    first = await bureau.imported(file_of([row("S1", ID, "甲乙")]))
    context = bureau.house.world.context
    await kept.vault_of(context).discard_expired(kept.FOLDER, context.clock.today())
    path = f"/settlements/{first['import_id']}/rematch"
    assert (await bureau.house.post(path, None, "h", "office_head")).status_code == 202
    await bureau.work()
    bureau.house.at("2022-10-01")
    await kept.vault_of(context).discard_expired(kept.FOLDER, context.clock.today())
    answer = await bureau.house.post(path, None, "h", "office_head")
    assert (answer.status_code, answer.json()["code"]) == (410, "settlements-file-gone")


async def test_a_file_that_is_being_gone_through_is_not_begun_again(bureau: Bureau) -> None:
    await member(bureau)
    sent = await bureau.send(file_of([row("S1", ID, "甲乙")]))
    path = f"/settlements/{sent.json()['import_id']}/rematch"
    answer = await bureau.house.post(path, None, "h", "office_head")
    assert (answer.status_code, answer.json()["code"]) == (409, "matching-unfinished")


@pytest.mark.parametrize(("way", "diagnosis", "code"), [("5", "", "LEAD_DEATH"), ("1", "C34.900", "LEAD_CI")])
async def test_a_lead_opens_its_claim_and_asks_a_person_to_follow_it(
    bureau: Bureau, way: str, diagnosis: str, code: str
) -> None:
    await member(bureau)
    view = await bureau.imported(file_of([row("S1", ID, "甲乙", dscg_way=way, dise_no=diagnosis)]))
    assert (view["by_result"], view["opened"]) == ({code: 1}, 1)
    (queued,) = await bureau.events(SettlementQueued)
    (filed,) = await bureau.events(ClaimFiled)
    assert (queued.claim_id, filed.incident.died_on) == (filed.claim_id, "")
    assert (await decide(bureau, queued.task_id, "MATCHED")).json()["code"] == "outcome-not-possible"
    assert (await decide(bureau, queued.task_id, "DONE")).status_code == 200
    assert filed.plan_code == PLAN.code


async def refused_stays(bureau: Bureau, person_id: str) -> list[dict[str, str]]:
    answer = await bureau.house.get("/claims/mine/refused-stays", "member", sub=person_id)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, str]] = answer.json()["stays"]
    return found


async def test_a_member_reads_the_rule_and_how_to_object_where_a_stay_is_not_payable(bureau: Bureau) -> None:
    person_id = await member(bureau)
    await bureau.imported(file_of([row("S1", ID, "甲乙", begntime="2021-12-01", endtime="2021-12-05")]))
    (told,) = await refused_stays(bureau, person_id)
    text = PLAN.refusals["RJ_OUT_OF_PERIOD"]
    assert (told["reason"], told["rule"], told["admitted_on"]) == ("RJ_OUT_OF_PERIOD", text.rule, "2021-12-01")
    assert told["explanation"].startswith(text.text)
    assert f"{PLAN.objection_days} 日内提出" in told["explanation"]
    assert "12351" in told["explanation"]
    assert await refused_stays(bureau, "somebody-else") == []
    denied = await bureau.house.get("/claims/mine/refused-stays", "office_reviewer")
    assert denied.status_code == 403


async def test_a_refusal_by_an_assumed_rule_is_not_told_before_a_person_has_confirmed_it(bureau: Bureau) -> None:
    person_id = await member(bureau)
    await bureau.imported(file_of([row("S1", ID, "甲乙", fund_pay_sumamt="8000.00")]))
    (waiting,) = await queue(bureau, code="NO_SELF_PAY")
    assert await bureau.events(MatchesAnnounced) == []
    assert await refused_stays(bureau, person_id) == []
    assert (await decide(bureau, waiting["task_id"], "NOT_PAYABLE", rule_code="RJ_NO_SELF_PAY")).status_code == 200
    (told,) = await refused_stays(bureau, person_id)
    assert told["reason"] == "RJ_NO_SELF_PAY"
    view = await bureau.imported(
        file_of([row("S1", ID, "甲乙", fund_pay_sumamt="8000.00"), row("S2", "620725197001010011", "丙")])
    )
    assert view["by_result"] == {"NOT_COVERED": 1, "NO_SELF_PAY": 1}
    assert await queue(bureau) == []


async def test_a_published_rule_refuses_by_itself_and_is_told(bureau: Bureau) -> None:
    person_id = await member(bureau)
    bureau.published()
    await bureau.imported(file_of([row("S1", ID, "甲乙", fund_pay_sumamt="8000.00")]))
    (announced,) = await bureau.events(MatchesAnnounced)
    assert [one.code for one in announced.matches] == ["NO_SELF_PAY"]
    assert await queue(bureau) == []
    assert [one["reason"] for one in await refused_stays(bureau, person_id)] == ["RJ_NO_SELF_PAY"]
