"""The completeness ledger: every settlement of a covered person in one class, nothing left, and what breaks shows."""

from __future__ import annotations

from typing import Any

import pytest

from claims.projections import claims, match_results, match_tasks
from contracts.claims.matching import SettlementQueued
from contracts.claims.v1 import ClaimFiled
from tests.claims.bureau_house import UNION, Bureau, file_of, row
from tests.claims.house import filing

ID = "620725198801010016"
OTHER = "620725199001010034"
PAPER = {"kind": "INPATIENT", "decisive_on": "2022-03-10", "discharged_on": "2022-03-20"}


async def ledger(bureau: Bureau, role: str = "supervisor", org: str = "620000", period: str = "2022") -> dict[str, Any]:
    answer = await bureau.house.get(f"/completeness?period={period}", role, org)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    assert sum(told["by_class"].values()) + told["remainder"] == told["settlements"]
    return told


async def filled(bureau: Bureau) -> None:
    """One settlement or more in each class; the paper claim is paid."""
    house = bureau.house
    bureau.published()
    person_id = await house.cover(UNION, bureau.registry.add(ID, "甲乙"))
    await house.cover(UNION, bureau.registry.add(OTHER, "丙丁"))
    claim_id = await house.filed(filing(person_id, incident=PAPER))
    await house.pass_union(claim_id, "620000.620700.620725.6207251000001", "COUNTY_REVIEW")
    await house.decide(claim_id)
    await house.pay(claim_id)
    await bureau.imported(
        file_of(
            [
                row("S1", ID, "甲乙", begntime="2022-03-10", endtime="2022-03-20"),
                row("S2", ID, "甲乙"),
                row("S3", ID, "甲乙", begntime="2022-06-01", endtime="2022-06-05", fund_pay_sumamt="8000.00"),
                row("S4", ID, "甲乙", begntime="2021-12-01", endtime="2021-12-05"),
                row("S5", OTHER, "丙", insutype="390"),
                row("S6", ID, "甲乙", begntime="2022-06-10", endtime="2022-06-12", refd_setl_flag="1"),
                row("S7", "620725197001010011", "戊"),
            ]
        )
    )


async def test_every_settlement_is_in_exactly_one_class_and_nothing_is_left(bureau: Bureau) -> None:
    await filled(bureau)
    told = await ledger(bureau)
    assert told["by_class"] == {"paid": 1, "in_progress": 1, "rejected": 1, "not_covered": 1, "waiting": 1}
    assert (told["settlements"], told["remainder"]) == (5, 0)
    assert told["details"] == {
        "paid": {"ALREADY_PAID": 1},
        "in_progress": {"OFFICE_REVIEW": 1},
        "rejected": {"NO_SELF_PAY": 1},
        "not_covered": {"OUT_OF_PERIOD": 1},
        "waiting": {"reviewer-1": 1},
    }
    assert told["people"] == {"covered_people": 2, "seen_by_insutype": {"310": 1, "390": 1}, "never_seen": 0}


@pytest.mark.parametrize("table", [match_results, claims, match_tasks])
async def test_deleting_any_row_that_accounts_for_a_settlement_shows_as_the_remainder(
    bureau: Bureau, table: Any
) -> None:
    await filled(bureau)
    pool = bureau.house.world.context.log.pool
    before = await pool.fetch(f"select * from projection.{table.NAME}")
    assert before
    key = next(iter(table.TABLE.primary_key.columns)).name if table is not match_results else "setl_id"
    for found in before:
        async with pool.acquire() as c:
            transaction = c.transaction()
            await transaction.start()
            await c.execute(f"delete from projection.{table.NAME} where {key} = $1", found[key])
            await transaction.commit()
        told = await ledger(bureau)
        assert told["remainder"] >= 1
        await pool.execute(
            f"insert into projection.{table.NAME} select * from"
            f" jsonb_populate_record(null::projection.{table.NAME}, $1::jsonb)",
            await _as_json(found),
        )
        assert (await ledger(bureau))["remainder"] == 0


async def _as_json(found: Any) -> str:
    import json  # noqa: PLC0415

    return json.dumps(dict(found))


async def test_a_county_sees_no_ledger_and_a_prefecture_its_own(bureau: Bureau) -> None:
    await filled(bureau)
    assert (await ledger(bureau, "city_clerk", "620700"))["settlements"] == 5
    assert (await ledger(bureau, "city_clerk", "620100"))["settlements"] == 0
    assert (await bureau.house.get("/completeness?period=2022", "county_clerk", "620725")).status_code == 403
    assert (await bureau.house.get("/completeness?period=1999")).status_code == 404
    assert (await bureau.house.get("/completeness?period=all")).status_code == 400


async def test_a_person_whom_no_file_names_is_counted_beside_the_ledger(bureau: Bureau) -> None:
    await bureau.house.cover(UNION, bureau.registry.add(ID, "甲乙"))
    await bureau.house.cover(UNION)
    await bureau.imported(file_of([row("S1", ID, "甲乙")]))
    assert (await ledger(bureau))["people"]["never_seen"] == 1
    assert len(await bureau.events(ClaimFiled)) == 1


async def test_invariant_12_9_a_stay_across_the_years_end_is_payable_and_one_from_before_the_start_is_not(
    bureau: Bureau,
) -> None:
    bureau.registry.add(ID, "甲乙")
    rows = [
        row("S1", ID, "甲乙", begntime="2022-12-30", endtime="2023-01-08"),
        row("S2", ID, "甲乙", begntime="2021-12-30", endtime="2022-01-05"),
    ]
    bureau.house.at("2023-02-01")
    view = await bureau.imported(file_of(rows))
    assert view["by_result"] == {"EXACT_NEW": 1, "OUT_OF_PERIOD": 1}
    told = await ledger(bureau)
    assert (told["by_class"]["in_progress"], told["by_class"]["waiting"], told["remainder"]) == (1, 1, 0)
    (queued,) = await bureau.events(SettlementQueued)
    assert queued.code == "OUT_OF_PERIOD", "that the admission decides was not published: a person refuses"
