"""Files of the bureau on the real Postgres: every row gets one result, every payable stay one claim."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import pytest
import xlsxwriter

from claims.api.filing import FACTS_FIELD
from claims.api.plans import DIGESTS
from claims.domain.bureau import FIELDS
from claims.domain.match_task import match_claim_id, settlement_key
from claims.intake.importer import Importer
from contracts.claims.matching import MatchesAnnounced, SettlementQueued, SettlementReversed, SettlementsImported
from contracts.claims.v1 import ClaimFiled, ClaimRejected, IncidentClaimed
from contracts.person import Facts
from tests.claims.bureau_house import UNION, Bureau, file_of, row
from tests.claims.house import filing
from tests.claims.material import PLAN

ID = "620725198801010016"
OTHER = "620725199001010034"
STRANGER = "620725197001010011"


async def test_a_members_stay_opens_a_claim_that_waits_for_the_card(bureau: Bureau) -> None:
    person_id = bureau.registry.add(ID, "甲乙")
    view = await bureau.imported(file_of([row("S1", ID, "甲乙", hosp_lv="3"), row("S2", STRANGER, "丙")]))
    assert view["by_result"] == {"EXACT_NEW": 1, "NOT_COVERED": 1}
    assert (view["state"], view["rows"], view["opened"], view["computed_fen"]) == ("MATCHED", 2, 1, 72_000)
    (filed,) = await bureau.events(ClaimFiled)
    assert (filed.person_id, filed.channel, filed.payees, filed.by) == (person_id, "DATA_MATCH", (), "system")
    keyring = bureau.house.world.context.keyring
    facts = await keyring.open(filed.facts, Facts, subject=person_id, field=FACTS_FIELD)
    assert (facts.self_pay_in_scope_fen, facts.self_paid_fen, facts.settlement["hosp_lv"]) == (240_000, 440_000, "3")
    assert not {"certno", "psn_name"} & set(facts.settlement)


async def test_nothing_is_approved_before_the_member_has_confirmed_a_card(bureau: Bureau) -> None:
    await bureau.house.cover(UNION, bureau.registry.add(ID, "甲乙"))
    await bureau.imported(file_of([row("S1", ID, "甲乙")]))
    (filed,) = await bureau.events(ClaimFiled)
    answer = await bureau.house.post(f"/claims/{filed.claim_id}/assess", None, "reviewer-1", "office_reviewer")
    if answer.status_code == 200:
        answer = await bureau.house.post(f"/claims/{filed.claim_id}/recheck", None, "second", "office_rechecker")
    assert (answer.status_code, answer.json()["code"]) == (409, "payees-unconfirmed")


async def test_a_row_of_a_stranger_leaves_nothing_but_a_count(bureau: Bureau) -> None:
    await bureau.imported(file_of([row("S-OF-A-STRANGER", STRANGER, "丙")]))
    bodies = [one.body for one in await bureau.house.world.context.log.read(0, 5_000)]
    assert not any(b"S-OF-A-STRANGER" in body for body in bodies)
    assert await bureau.events(SettlementsImported) == []


async def test_invariant_12_8_the_same_settlement_twice_opens_one_claim_and_a_reversed_one_none(
    bureau: Bureau,
) -> None:
    bureau.registry.add(ID, "甲乙")
    rows = [
        row("S1", ID, "甲乙"),
        row("S1", ID, "甲乙"),
        row("S2", ID, "甲乙", begntime="2022-06-01", endtime="2022-06-04", refd_setl_flag="1"),
        row("S2", ID, "甲乙", begntime="2022-06-01", endtime="2022-06-04"),
    ]
    view = await bureau.imported(file_of(rows))
    assert view["by_result"] == {"ALREADY_CLAIMED": 1, "EXACT_NEW": 1, "REVERSED": 2}
    head = await bureau.house.world.context.log.head()
    assert await bureau.imported(file_of(rows)) == view
    assert await bureau.house.world.context.log.head() == head
    again = await bureau.imported(file_of([*rows, row("S3", STRANGER, "丙")]))
    assert (again["opened"], again["by_result"]["ALREADY_CLAIMED"]) == (0, 2)
    assert len(await bureau.events(ClaimFiled)) == 1


async def test_a_reversal_with_a_number_of_its_own_cancels_one_row_of_the_visit(bureau: Bureau) -> None:
    bureau.registry.add(ID, "甲乙")
    rows = [
        row("S1", ID, "甲乙", mdtrt_id="M"),
        row("S2", ID, "甲乙", mdtrt_id="M", refd_setl_flag="1", medfee_sumamt="-10000.00"),
        row("S3", ID, "甲乙", mdtrt_id="M"),
    ]
    view = await bureau.imported(file_of(rows))
    assert view["by_result"] == {"EXACT_NEW": 1, "REVERSED": 2}


OWN = {"mdtrt_id": "M", "refd_setl_flag": "1", "medfee_sumamt": "-10000.00"}


async def test_a_reversal_with_a_number_of_its_own_takes_back_a_settlement_of_an_earlier_file_once(
    bureau: Bureau,
) -> None:
    bureau.registry.add(ID, "甲乙")
    first, corrected = row("S1", ID, "甲乙", mdtrt_id="M"), row("S3", ID, "甲乙", mdtrt_id="M")
    reversal = row("S2", ID, "甲乙", **OWN)
    await bureau.imported(file_of([first]))
    view = await bureau.imported(file_of([reversal, corrected]))
    assert view["by_result"] == {"EXACT_NEW": 1, "REVERSED": 1}
    (taken_back,) = await bureau.events(SettlementReversed)
    before, after = await bureau.events(ClaimFiled)
    assert (taken_back.setl_id, taken_back.claim_id) == ("S1", before.claim_id)
    (rejected,) = await bureau.events(ClaimRejected)
    assert (rejected.claim_id, rejected.reason) == (before.claim_id, "RJ_WITHDRAWN")
    assert after.claim_id != before.claim_id
    importer = bureau.importer()
    assert await importer.rematch(view["import_id"], "AGAIN")
    await bureau.work()
    again = await bureau.view(view["import_id"])
    assert again["by_result"] == {"EXACT_NEW": 1, "REVERSED": 1}
    whole = await bureau.imported(file_of([first, reversal, corrected]))
    assert whole["by_result"] == {"ALREADY_CLAIMED": 1, "REVERSED": 2}
    assert (len(await bureau.events(SettlementReversed)), len(await bureau.events(ClaimFiled))) == (1, 2)


@pytest.mark.parametrize(
    "cells",
    [{"mdtrt_id": "OTHER"}, {"medfee_sumamt": "-9999.00"}, {"mdtrt_id": ""}, {"certno": OTHER, "psn_name": "丁"}],
)
async def test_a_reversal_of_another_visit_total_or_person_takes_nothing_back(
    bureau: Bureau, cells: dict[str, str]
) -> None:
    bureau.registry.add(ID, "甲乙")
    bureau.registry.add(OTHER, "丁")
    await bureau.imported(file_of([row("S1", ID, "甲乙", mdtrt_id="M")]))
    view = await bureau.imported(file_of([{**row("S2", ID, "甲乙", **OWN), **cells}]))
    assert view["by_result"] == {"REVERSED": 1}
    assert await bureau.events(SettlementReversed) == []


async def test_two_reversals_of_one_visit_take_back_one_settlement_each(bureau: Bureau) -> None:
    bureau.registry.add(ID, "甲乙")
    await bureau.imported(file_of([row("S1", ID, "甲乙", mdtrt_id="M")]))
    rows = [
        row("S2", ID, "甲乙", **OWN),
        row("S3", ID, "甲乙", mdtrt_id="M"),
        row("S4", ID, "甲乙", **OWN),
        row("S5", ID, "甲乙", mdtrt_id="M"),
    ]
    view = await bureau.imported(file_of(rows))
    assert view["by_result"] == {"EXACT_NEW": 1, "REVERSED": 3}
    assert [one.setl_id for one in await bureau.events(SettlementReversed)] == ["S1"]
    assert [one.claim_id for one in await bureau.events(ClaimFiled)][1:] == [
        match_claim_id(settlement_key(PLAN.code, "S5"))
    ]


async def test_a_later_reversal_ends_the_claim_and_frees_the_stay_for_the_corrected_settlement(bureau: Bureau) -> None:
    bureau.registry.add(ID, "甲乙")
    await bureau.imported(file_of([row("S1", ID, "甲乙")]))
    corrected = row("S9", ID, "甲乙", psn_pay="4000.00")
    view = await bureau.imported(file_of([corrected, row("S1", ID, "甲乙", refd_setl_flag="1")]))
    assert view["by_result"] == {"EXACT_NEW": 1, "REVERSED": 1}
    (first, second) = await bureau.events(ClaimFiled)
    (rejected,) = await bureau.events(ClaimRejected)
    assert (rejected.claim_id, rejected.reason) == (first.claim_id, "RJ_WITHDRAWN")
    (taken_back,) = await bureau.events(SettlementReversed)
    assert (taken_back.claim_id, taken_back.paid) == (first.claim_id, False)
    assert second.claim_id != first.claim_id
    repeated = await bureau.imported(file_of([row("S1", ID, "甲乙"), row("S8", STRANGER, "丙")]))
    assert repeated["by_result"] == {"NOT_COVERED": 1, "REVERSED": 1}


async def test_a_reversal_may_come_before_its_original(bureau: Bureau) -> None:
    bureau.registry.add(ID, "甲乙")
    await bureau.imported(file_of([row("S1", ID, "甲乙", refd_setl_flag="1")]))
    view = await bureau.imported(file_of([row("S1", ID, "甲乙")]))
    assert view["by_result"] == {"REVERSED": 1}
    assert await bureau.events(ClaimFiled) == []


async def test_of_a_visit_that_was_taken_back_before_its_settlement_came_a_person_decides(bureau: Bureau) -> None:
    await bureau.house.cover(UNION, bureau.registry.add(ID, "甲乙"))
    await bureau.imported(file_of([row("S2", ID, "甲乙", **OWN)]))
    other = row("S4", ID, "甲乙", mdtrt_id="N", begntime="2022-06-01", endtime="2022-06-04")
    late = file_of([row("S1", ID, "甲乙", mdtrt_id="M"), other])
    view = await bureau.imported(late)
    assert view["by_result"] == {"EXACT_NEW": 1, "REVERSED": 1}
    (queued,) = await bureau.events(SettlementQueued)
    assert (queued.setl_id, queued.code, queued.detail) == ("S1", "REVERSED", "EARLY")
    (filed,) = await bureau.events(ClaimFiled)
    assert filed.claim_id == match_claim_id(settlement_key(PLAN.code, "S4"))
    ledger = (await bureau.house.get("/completeness?period=2022")).json()
    assert (ledger["by_class"]["waiting"], ledger["remainder"]) == (1, 0)
    assert await bureau.importer().rematch(view["import_id"], "AGAIN")
    await bureau.work()
    assert len(await bureau.events(SettlementQueued)) == 1
    answer = await bureau.house.post(
        f"/matches/{queued.task_id}/decide",
        {"outcome": "MATCHED", "reason": "是重新结算"},
        "reviewer-1",
        "office_reviewer",
    )
    assert answer.json()["claim_id"] == match_claim_id(settlement_key(PLAN.code, "S1"))
    assert len(await bureau.events(ClaimFiled)) == 2


async def test_the_corrected_settlement_in_the_file_of_an_early_reversal_is_not_doubted(bureau: Bureau) -> None:
    bureau.registry.add(ID, "甲乙")
    rows = [row("S2", ID, "甲乙", **OWN), row("S3", ID, "甲乙", mdtrt_id="M", medfee_sumamt="9000.00")]
    view = await bureau.imported(file_of(rows))
    assert view["by_result"] == {"EXACT_NEW": 1, "REVERSED": 1}


async def test_a_stay_claimed_on_paper_is_linked_and_not_paid_again(bureau: Bureau) -> None:
    person_id = bureau.registry.add(ID, "甲乙")
    house = bureau.house
    await house.cover(UNION, person_id)
    claim_id = await house.filed(
        filing(person_id, incident={"kind": "INPATIENT", "decisive_on": "2022-05-10", "discharged_on": "2022-05-20"})
    )
    overlapping = row("S2", ID, "甲乙", begntime="2022-05-18", endtime="2022-05-25")
    view = await bureau.imported(file_of([row("S1", ID, "甲乙"), overlapping]))
    assert view["by_result"] == {"ALREADY_CLAIMED": 1, "POSSIBLE_DUP": 1}
    (queued,) = await bureau.events(SettlementQueued)
    assert (queued.code, queued.claim_id, queued.assigned_to) == ("POSSIBLE_DUP", claim_id, "reviewer-1")
    assert len(await bureau.events(ClaimFiled)) == 1


async def test_members_are_told_of_claims_and_refusals_but_never_of_a_death(bureau: Bureau) -> None:
    bureau.registry.add(ID, "甲乙")
    bureau.registry.add(OTHER, "丙丁")
    await bureau.imported(
        file_of(
            [
                row("S1", ID, "甲乙"),
                row("S2", OTHER, "丙丁", dscg_way="5"),
                row("S3", ID, "甲乙", begntime="2021-12-01", endtime="2021-12-05"),
            ]
        )
    )
    (announced,) = await bureau.events(MatchesAnnounced)
    assert [one.code for one in announced.matches] == ["EXACT_NEW", "OUT_OF_PERIOD"]
    (lead,) = await bureau.events(SettlementQueued)
    assert lead.code == "LEAD_DEATH"
    assert len(await bureau.events(ClaimFiled)) == 2


async def test_caps_hold_over_all_open_matches_of_a_member(bureau: Bureau) -> None:
    bureau.registry.add(ID, "甲乙")
    large = {"inscp_scp_amt": "30000.00", "fund_pay_sumamt": "10000.00", "psn_pay": "20000.00"}
    rows = [
        row(f"S{month}", ID, "甲乙", begntime=f"2022-{month:02d}-01", endtime=f"2022-{month:02d}-05", **large)
        for month in range(2, 9)
    ]
    view = await bureau.imported(file_of(rows))
    assert (view["opened"], view["computed_fen"]) == (7, 1_000_000)
    expected = [fen for one in await bureau.events(IncidentClaimed) for fen in one.expected_fen.values()]
    assert expected == [500_000, 500_000]


async def test_only_notified_members_have_no_claim_opened(bureau: Bureau) -> None:
    bureau.registry.add(ID, "甲乙")
    for key, plan in bureau.plans.items():
        if plan.matching is not None:
            matching = msgspec.structs.replace(plan.matching, mode="NOTIFY")
            bureau.plans[key] = msgspec.structs.replace(plan, matching=matching)
    view = await bureau.imported(file_of([row("S1", ID, "甲乙")]))
    assert (view["by_result"], view["opened"], view["computed_fen"]) == ({"EXACT_NEW": 1}, 0, 0)
    assert await bureau.events(ClaimFiled) == []
    assert len(await bureau.events(MatchesAnnounced)) == 1


async def test_an_import_that_is_killed_at_any_chunk_goes_on_where_it_ended(bureau: Bureau) -> None:
    for number in range(5):
        bureau.registry.add(f"62072519880{number + 1}010016", f"甲{number}")
    rows = [
        row(
            f"S{n}",
            f"62072519880{n % 5 + 1}010016",
            f"甲{n % 5}",
            begntime=f"2022-0{n % 7 + 2}-0{n % 5 + 1}",
            endtime="",
        )
        for n in range(22)
    ]
    sent = await bureau.send(file_of(rows))
    import_id = sent.json()["import_id"]
    await bureau.house.world.settled()

    class Killed(Exception):
        pass

    killed = 0
    for chunks in range(5):
        asked = 0

        async def dying(question: Any, chunks: int = chunks) -> Any:
            nonlocal asked
            asked += 1
            if asked > chunks:
                raise Killed
            return await bureau.registry.resolve(question)

        try:
            await Importer(bureau.house.world.context, bureau.plans, DIGESTS, dying).import_file(import_id)
        except Killed:
            killed += 1
    assert killed > 2
    await bureau.work()
    view = await bureau.view(import_id)
    assert view["state"] == "MATCHED"
    assert sum(view["by_result"].values()) == view["rows"] == view["rows_done"] == 22
    assert view["opened"] == len(await bureau.events(ClaimFiled)) == view["by_result"]["EXACT_NEW"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
async def test_a_csv_is_read_in_the_encodings_that_the_bureau_uses(bureau: Bureau, encoding: str) -> None:
    bureau.registry.add(ID, "甲·乙")
    content = file_of([row("S1", ID, "甲·乙")], header=["备注", *reversed(FIELDS)], encoding=encoding)
    assert (await bureau.imported(content))["by_result"] == {"EXACT_NEW": 1}


async def test_a_workbook_is_read_too(bureau: Bureau) -> None:
    bureau.registry.add(ID, "甲乙")
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, FIELDS)
        for column, name in enumerate(FIELDS):
            cell = row("S1", ID, "甲乙")[name]
            if name.endswith("amt"):
                sheet.write_number(1, column, float(cell or 0))
            else:
                sheet.write_string(1, column, cell)
    view = await bureau.imported(out.getvalue())
    assert (view["format"], view["by_result"]) == ("xlsx", {"EXACT_NEW": 1})


async def test_a_file_without_a_required_column_or_a_row_is_refused_by_name(bureau: Bureau) -> None:
    for missing in ("certno", "setl_id", "inscp_scp_amt"):
        header = [name for name in FIELDS if name != missing]
        answer = await bureau.send(file_of([row("S1", ID, "甲乙")], header=header))
        told = answer.json()
        assert (answer.status_code, told["code"], told["field"]) == (422, "settlements-column-missing", missing)
    answer = await bureau.send(file_of([]))
    assert (answer.status_code, answer.json()["code"]) == (422, "settlements-empty")
    answer = await bureau.send(b"\x00\x01")
    assert (answer.status_code, answer.json()["code"]) == (415, "settlements-format-unknown")


async def test_a_file_that_breaks_further_down_is_given_up_and_says_so(bureau: Bureau) -> None:
    bureau.registry.add(ID, "甲乙")
    answer = await bureau.send(file_of([row("S1", ID, "甲乙")]) + b'a,"b\n')
    assert answer.status_code == 202, answer.text
    await bureau.work()
    view = await bureau.view(answer.json()["import_id"])
    assert (view["state"], view["refusal"]) == ("REFUSED", "settlements-file-unreadable")
    assert await bureau.events(ClaimFiled) == []


async def test_who_may_send_and_who_may_look(bureau: Bureau) -> None:
    content = file_of([row("S1", ID, "甲乙")])
    for role in ("member", "county_clerk", "office_rechecker", "finance"):
        assert (await bureau.send(content, role)).status_code == 403
    sent = await bureau.send(content, "service")
    path = f"/settlements/{sent.json()['import_id']}"
    for role, status in (("office_head", 200), ("auditor", 200), ("member", 403), ("county_clerk", 403)):
        assert (await bureau.house.get(path, role)).status_code == status
    assert (await bureau.house.get(f"/settlements/{'0' * 40}", "office_head")).status_code == 404
    assert (await bureau.send(content, plan="NO-PLAN")).status_code == 404


async def test_a_key_used_for_one_file_is_not_used_for_another(bureau: Bureau) -> None:
    headers = {"Idempotency-Key": "k"}
    one = await bureau.send(file_of([row("S1", ID, "甲乙")]), headers=headers)
    again = await bureau.send(file_of([row("S1", ID, "甲乙")]), headers=headers)
    assert (one.status_code, again.json()) == (202, one.json())
    other = await bureau.send(file_of([row("S2", ID, "甲乙")]), headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
