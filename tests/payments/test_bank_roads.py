"""Whole roads to the bank: in the plain format, of a grant that was raised, and who may end what does not agree."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from chassis.clock import FixedClock
from chassis.keyring import Keyring
from contracts.envelope import changed
from payments import projections

from .house import COUNTY, GOOD_CARD, WRONG_NAME_CARD, House, bearer, build, close
from .synthetic import PLAN
from .test_disputes import assert_the_bank_agrees, fund, morning

OFFICES = ("member", "unit_clerk", "county_clerk", "office_head", "auditor", "supervisor", "sys_admin")
"""Some of these read the province's book; none of them ends an item."""


@pytest.fixture
async def plain_house(
    make_database: Callable[[], Awaitable[str]], bank_keyring: Keyring, own_bank: str, tmp_path: Path, clock: FixedClock
) -> AsyncIterator[House]:
    documents = tmp_path / "documents"
    made = await build(await make_database(), bank_keyring, own_bank, documents, projections.ALL, clock, "csv")
    yield made
    await close(made)


async def test_a_batch_goes_all_the_way_in_the_plain_format(plain_house: House) -> None:
    house = plain_house
    await fund(house)
    (paid,) = await house.approve(50_000, GOOD_CARD)
    (refused,) = await house.approve(30_000, WRONG_NAME_CARD)
    (back,) = await house.approve(20_000, "622848000000654321")
    await house.misbehave(kind="reverse", matches="654321")
    handed_in: list[tuple[str, bytes]] = []

    async def note(request: Any) -> None:
        if request.method == "POST":
            handed_in.append((request.headers["content-type"], request.content))

    house.context.http.event_hooks["request"].append(note)
    await house.send(await house.sign_all())
    ((media_type, file),) = handed_in
    assert media_type == "text/csv"
    assert "1000.00" in file.decode("gb18030"), "The control total, with two decimals."
    rows = {one["payout_id"]: one for one in (await house.get("/payouts"))["items"]}
    assert (rows[paid]["state"], rows[refused]["reason"], rows[back]["reason"]) == (
        "settled",
        "NAME_MISMATCH",
        "REVERSED_BY_BANK",
    )
    await assert_the_bank_agrees(house)


@pytest.mark.parametrize("shares", [(100,), (33, 67)])
async def test_of_a_grant_that_is_raised_the_difference_is_paid_once(house: House, shares: tuple[int, ...]) -> None:
    await fund(house)
    await house.approve(50_001, *[GOOD_CARD] * len(shares), shares=shares)
    granted = house.last_approval
    assert granted is not None
    await house.send(await house.sign_all())
    (line,) = granted.lines
    whole = changed(line, line_id=f"{line.line_id}.raised1", amount_fen=80_000, advanced_fen=50_001)
    raised = changed(granted, lines=(whole,), total_fen=80_000, raised=True)
    for told in (raised, granted, raised):
        await house.react("claims", told)
    await house.settled_reads()
    batch_id = await house.sign_all()
    assert (await house.get(f"/batches/{batch_id}"))["total_fen"] == 29_999
    for _ in range(2):
        await house.send(batch_id)
        await house.react("claims", raised)
    await house.settled_reads()
    nothing = await house.post("/batches", {"plan_code": PLAN}, "maker")
    assert nothing.json()["code"] == "batch-empty"
    bookings = await house.bookings()
    assert [one["bookings"] for one in bookings] == [1] * (2 * len(shares))
    assert sum(one["booked_fen"] for one in bookings) == 80_000
    await assert_the_bank_agrees(house)


async def test_only_finance_of_the_province_ends_what_does_not_agree(house: House) -> None:
    await fund(house)
    await house.approve(50_000, GOOD_CARD)
    await house.misbehave(kind="lose")
    await house.send(await house.sign_all())
    await morning(house)
    (item,) = (await house.get("/reconciliation/open"))["items"]
    path = f"/reconciliation/items/{item['item_id']}"
    resolve = {"resolution": "not_paid", "reason": "letter", "bank_reference": "L-1"}
    steps: tuple[tuple[str, object], ...] = (("resolve", resolve), ("confirm", None), ("decline", {"reason": "no"}))
    for step, body in steps:
        for role in OFFICES:
            answer = await house.post(f"{path}/{step}", body, "somebody", role=role)
            assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed"), (step, role)
        below = await house.post(f"{path}/{step}", body, "f", role="finance", org_path="620000.620700")
        assert (below.status_code, below.json()["code"]) == (403, "organization-not-allowed")
        absent = await house.post(f"/reconciliation/items/none/{step}", body, "f")
        assert absent.json()["code"] == "open-item-unknown"
    assert (await house.post(f"{path}/resolve", resolve, "one")).json()["state"] == "proposed"
    assert (await house.post(f"{path}/decline", {"reason": "no"}, "two")).json()["state"] == "open"
    assert (await house.post(f"{path}/resolve", resolve, "one")).json()["state"] == "proposed"
    assert (await house.post(f"{path}/confirm", None, "two")).json()["state"] == "closed"


async def test_the_days_and_open_items_are_for_those_who_keep_the_provinces_books(house: House) -> None:
    for path in ("/reconciliation/open", f"/reconciliation/{house.clock.today().isoformat()}"):
        for role in ("member", "unit_clerk", "county_clerk", "hotline_agent"):
            refused = await house.web.get(path, headers=bearer("somebody", role, COUNTY))
            assert (refused.status_code, refused.json()["code"]) == (403, "role-not-allowed"), (path, role)
        below = await house.web.get(path, headers=bearer("f", "finance", "620000.620700"))
        assert (below.status_code, below.json()["code"]) == (403, "organization-not-allowed")
        for role in ("finance", "auditor", "supervisor"):
            assert (await house.web.get(path, headers=bearer("somebody", role))).status_code == 200, (path, role)
    day = await house.web.get("/reconciliation/yesterday", headers=bearer("f"))
    assert (day.status_code, day.json()["code"]) == (404, "day-unknown")
