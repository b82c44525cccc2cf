"""One ID number under two names: nobody decides on the cover until the county has seen the card (domain 5.4)."""

from __future__ import annotations

import pytest

from chassis.testing import Spec
from contracts.enrolment.batches import NameConflictFound, NameConflictResolved
from contracts.enrolment.v1 import CoverageGranted
from contracts.envelope import Sealed
from enrolment.domain.name_conflict import NAME_CONFLICT, RaiseNameConflict, ResolveNameConflict
from tests.enrolment.conftest import Running, World, asks
from tests.enrolment.material import worker
from tests.enrolment.test_api import call, code_of
from tests.enrolment.test_import import csv_of, history, of_kind

COUNTY = asks("county_clerk", "620725")
ELSEWHERE = asks("county_clerk", "620602")
identity = Sealed(suite="A256GCM", s="p", k="identity", v=1, e="d", c="x")
FACTS = {"person_id": "p", "plan_code": "P", "batch_id": "b", "row_no": 2, "org_path": "620000.620700"}
raise_it = RaiseNameConflict(**FACTS, identity=identity)
found = NameConflictFound(**FACTS, identity=identity)
registered = ResolveNameConflict(person_id="p", right="REGISTERED", reason="card seen", by="clerk")
claimed = ResolveNameConflict(person_id="p", right="CLAIMED", reason="card seen", by="clerk")
kept = NameConflictResolved(person_id="p", right="REGISTERED", reason="card seen", by="clerk")
taken = NameConflictResolved(person_id="p", right="CLAIMED", reason="card seen", by="clerk")
conflict = Spec(NAME_CONFLICT)


def test_a_hold_is_raised_once_and_again_after_it_was_settled() -> None:
    conflict.when(raise_it).then(found)
    conflict.given(found).when(raise_it).then_nothing()
    conflict.given(found, kept).when(raise_it).then(found)


def test_the_county_says_which_name_is_right() -> None:
    conflict.given(found).when(registered).then(kept)
    conflict.given(found).when(claimed).then(taken)


def test_a_hold_is_settled_once_and_not_otherwise() -> None:
    conflict.given(found, kept).when(registered).then_nothing()
    conflict.given(found, kept).when(claimed).then_rejected("hold-resolved-otherwise")
    conflict.when(registered).then_rejected("hold-unknown")
    wrong = ResolveNameConflict(person_id="p", right="BOTH", reason="card seen", by="clerk")
    conflict.given(found).when(wrong).then_rejected("name-choice-unknown")


async def held_over_two_files(running: Running) -> str:
    """A person of 山丹 whom 凉州 names otherwise; the id."""
    await running.donate(10)
    answer = await running.send(csv_of(worker(11, name="张三")))
    assert answer.status_code == 202, answer.text
    await running.imported(answer.json()["batch_id"])
    other = worker(11, name="张山", division_code="620602")
    view = await running.imported((await running.send(csv_of(other), "620602")).json()["batch_id"])
    assert view["errors"] == {"E_DUP_ACTIVE": 1, "E_NAME_CONFLICT": 1}
    (hold,) = of_kind(await history(running), NameConflictFound)
    person_id: str = hold.event.person_id
    return person_id


async def test_a_second_name_in_another_file_puts_the_person_on_hold_for_both_counties(world: World) -> None:
    running = await world.start()
    person_id = await held_over_two_files(running)
    for who, count in ((COUNTY, 1), (ELSEWHERE, 1), (asks("county_clerk", "620722"), 0)):
        page = (await call(running, "GET", "/holds", who)).json()
        assert len(page["holds"]) == count
    (hold,) = (await call(running, "GET", "/holds", COUNTY)).json()["holds"]
    assert (hold["person_id"], hold["registered_name"], hold["claimed_name"]) == (person_id, "张*", "张*")
    assert hold["organization"] == "武威市凉州总工会"
    stored = b"".join(one.body for one in await running.context.log.read(0, 100))
    assert "张山".encode() not in stored


@pytest.mark.parametrize(("right", "name"), [("REGISTERED", "张三"), ("CLAIMED", "张山")])
async def test_after_the_card_was_seen_the_right_name_stands_and_the_other_raises_it_again(
    world: World, right: str, name: str
) -> None:
    running = await world.start()
    person_id = await held_over_two_files(running)
    body = {"right": right, "reason": "card seen at the counter"}
    outside = await call(running, "POST", f"/holds/{person_id}/resolve", asks("county_clerk", "620722"), json=body)
    answer = await call(running, "POST", f"/holds/{person_id}/resolve", COUNTY, json=body)
    assert (code_of(outside)[:2], answer.status_code) == ((404, "hold-unknown"), 200)
    await running.settled()
    assert (await call(running, "GET", "/holds", COUNTY)).json()["holds"] == []
    # The right name is only a repetition now; the wrong one is a conflict as before.
    again = csv_of(worker(11, name=name), worker(7, name="王五"))
    assert (await running.imported((await running.send(again)).json()["batch_id"]))["errors"] == {"E_DUP_ACTIVE": 1}
    other = csv_of(worker(11, name="张三" if name == "张山" else "张山"), worker(8, name="王六"))
    view = await running.imported((await running.send(other)).json()["batch_id"])
    assert view["errors"] == {"E_DUP_ACTIVE": 1, "E_NAME_CONFLICT": 1}


@pytest.mark.parametrize("chunk_rows", [1, 10])
async def test_two_names_in_one_file_hold_the_person_wherever_the_chunks_end(world: World, chunk_rows: int) -> None:
    running = await world.start(chunk_rows=chunk_rows)
    await running.donate(10)
    rows = csv_of(worker(11, name="张三"), worker(2, name="李四"), worker(11, name="张山"), worker(11, name="张三"))
    view = await running.imported((await running.send(rows)).json()["batch_id"])
    assert view["errors"] == {"E_DUP_IN_FILE": 2, "E_NAME_CONFLICT": 1}
    events = await history(running)
    (hold,) = of_kind(events, NameConflictFound)
    assert hold.event.row_no == 3
    assert hold.event.person_id == of_kind(events, CoverageGranted)[0].event.person_id


async def test_the_later_county_sees_who_holds_the_seat_by_organisation_alone(world: World) -> None:
    running = await world.start()
    await running.donate(10)
    answer = await running.send(csv_of(worker(11, name="张三")))
    assert answer.status_code == 202, answer.text
    await running.imported(answer.json()["batch_id"])
    moved = worker(11, name="张三", division_code="620602")
    batch_id = (await running.send(csv_of(moved), "620602", **ELSEWHERE)).json()["batch_id"]
    await running.imported(batch_id)
    (row,) = (await call(running, "GET", f"/rosters/{batch_id}/rows", ELSEWHERE)).json()["rows"]
    assert (row["state"], row["holder"], row["person_id"]) == ("DUPLICATE", "张掖市山丹总工会", "")
