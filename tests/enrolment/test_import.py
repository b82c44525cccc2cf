"""Rosters imported on the real Postgres: every row decided once, whatever happens on the way."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from chassis.clock import new_id
from chassis.keyring import Erased
from chassis.log import Recorded
from contracts.enrolment.v1 import (
    CoverageGranted,
    PersonRegistered,
    RosterImported,
    RosterProblemsFound,
    RosterRowsImported,
)
from contracts.person import Contact, Identity
from enrolment.domain.person_stages import REGISTERED_CONTACT as CONTACT_FIELD
from enrolment.domain.person_stages import REGISTERED_IDENTITY as IDENTITY_FIELD
from enrolment.domain.row import COLUMNS, Rules
from enrolment.domain.survey import Survey
from enrolment.intake.files import open_roster
from enrolment.intake.kept import RosterFiles
from huzhu.synthetic.people import Person
from huzhu.synthetic.roster import generate, write
from tests.enrolment.conftest import Running, World, asks
from tests.enrolment.material import the_plan, worker


def csv_of(*people: Person) -> bytes:
    return "\n".join([",".join(COLUMNS), *(",".join(person.cells()) for person in people)]).encode()


def generated(folder: Path, rows: int, seed: int, errors: str = "real", name: str = "r.csv") -> bytes:
    write(folder / name, generate(rows, seed, errors))
    return (folder / name).read_bytes()


async def history(running: Running) -> list[Recorded]:
    log = running.context.log
    return [log.recorded(stored) for stored in await log.read(0, 5_000)]


def of_kind(recorded: Iterable[Recorded], kind: type) -> list[Recorded]:
    return [one for one in recorded if isinstance(one.event, kind)]


async def test_every_row_is_decided_and_valid_people_are_covered(world: World, tmp_path: Path) -> None:
    running = await world.start()
    await running.donate(1_000)
    answer = await running.send(generated(tmp_path, 450, 1, "heavy"))
    assert answer.status_code == 202
    view = await running.imported(answer.json()["batch_id"])
    assert (view["rows"], view["rows_done"]) == (450, 450)
    events = await history(running)
    parts = [one.event for one in of_kind(events, RosterRowsImported)]
    assert [part.first_row for part in parts] == [1, *(part.last_row + 1 for part in parts[:-1])]
    covers = of_kind(events, CoverageGranted)
    assert len(covers) == len(of_kind(events, PersonRegistered)) == view["valid"] == sum(part.valid for part in parts)
    found = [problem for one in of_kind(events, RosterProblemsFound) for problem in one.event.problems]
    refused = {problem.row_no for problem in found if problem.errors}
    assert {one.event.row_no for one in covers} == set(range(1, 451)) - refused
    async with running.client() as client:
        plan = (await client.get("/plans/GS-NEF-2022", headers=asks("finance"))).json()
        counts = (await client.get("/covers/count?plan=GS-NEF-2022", headers=asks("county_clerk"))).json()
    assert (plan["given"], plan["reserved"], plan["covered"]) == (1_000, len(covers), len(covers))
    assert counts["people"] == len(covers)


async def test_the_actor_of_every_event_is_who_sent_the_roster(world: World) -> None:
    running = await world.start()
    await running.donate(10)
    answer = await running.send(csv_of(worker(1)), "620725", **asks("county_clerk", "620725", "clerk-7"))
    await running.imported(answer.json()["batch_id"])
    events = await history(running)
    assert {one.header.actorsub for one in events[1:]} == {"clerk-7"}
    assert {one.header.actorpath for one in events[1:]} == {"620000.620700.620725"}


async def test_what_is_sealed_opens_as_it_was_typed_and_stands_nowhere_in_plain(world: World) -> None:
    running = await world.start()
    await running.donate(10)
    person = worker(1, name="王 𠅤")
    await running.imported((await running.send(csv_of(person))).json()["batch_id"])
    (registered,) = of_kind(await history(running), PersonRegistered)
    event = registered.event
    keyring = running.context.keyring
    identity = await keyring.open(event.identity, Identity, subject=event.person_id, field=IDENTITY_FIELD)
    contact = await keyring.open(event.contact, Contact, subject=event.person_id, field=CONTACT_FIELD)
    assert (identity.name, identity.id_no, contact.mobile) == ("王𠅤", person.id_no, person.mobile)
    stored = b"".join(one.body for one in await running.context.log.read(0, 100))
    (kept,) = world.documents.rglob("*.sealed")
    for secret in ("王𠅤", person.id_no, person.mobile):
        assert secret.encode() not in stored
        assert secret.encode() not in kept.read_bytes()


async def test_the_same_file_twice_is_one_batch_and_changes_nothing(world: World, tmp_path: Path) -> None:
    running = await world.start()
    await running.donate(100)
    content = generated(tmp_path, 50, 1)
    first = await running.send(content)
    await running.imported(first.json()["batch_id"])
    before = await running.context.log.head()
    second = await running.send(content)
    assert (second.status_code, second.json()) == (202, first.json())
    await running.settled()
    assert await running.context.log.head() == before


async def test_a_person_of_two_files_is_covered_once(world: World) -> None:
    running = await world.start()
    await running.donate(100)
    await running.imported((await running.send(csv_of(worker(1)))).json()["batch_id"])
    second = await running.imported((await running.send(csv_of(worker(2, name="李四"), worker(1)))).json()["batch_id"])
    assert (second["valid"], second["errors"]) == (1, {"E_DUP_ACTIVE": 1})


async def test_the_dead_are_not_covered_again(world: World) -> None:
    running = await world.start()
    await running.donate(100)
    await running.imported((await running.send(csv_of(worker(1)))).json()["batch_id"])
    (registered,) = of_kind(await history(running), PersonRegistered)
    path = f"/members/{registered.event.person_id}/death"
    async with running.client() as client:
        outside = await client.post(path, json={"died_on": "2021-12-30"}, headers=asks("county_clerk", "620722"))
        answer = await client.post(path, json={"died_on": "2021-12-30"}, headers=asks("county_clerk", "620725"))
    assert (outside.status_code, answer.status_code) == (404, 200)
    second = await running.imported((await running.send(csv_of(worker(2, name="李四"), worker(1)))).json()["batch_id"])
    assert second["errors"] == {"E_DECEASED": 1, "E_DUP_ACTIVE": 1}


async def test_rows_beyond_the_donated_seats_have_no_place(world: World) -> None:
    running = await world.start(chunk_rows=2)
    await running.donate(3)
    people = [worker(n, name=name) for n, name in enumerate(("张三", "李四", "王五", "赵六", "孙七"))]
    view = await running.imported((await running.send(csv_of(*people))).json()["batch_id"])
    assert (view["valid"], view["errors"]) == (3, {"E_QUOTA": 2})


async def test_without_a_donation_nobody_is_covered(world: World) -> None:
    running = await world.start()
    view = await running.imported((await running.send(csv_of(worker(1)))).json()["batch_id"])
    assert (view["valid"], view["errors"]) == (0, {"E_QUOTA": 1})


async def test_every_format_gives_the_same_result(world: World, tmp_path: Path) -> None:
    results = []
    for name, encoding in [("a.csv", "utf-8"), ("b.csv", "gb18030"), ("c.xlsx", "")]:
        other = World(world.database, world.keyring_url, world.kek_file, tmp_path / "documents")
        running = await other.start()
        await running.donate(1)  # each finds one seat: the first valid row alone is covered, and later it is known
        write(tmp_path / name, generate(200, 9, "heavy"), encoding=encoding)
        view = await running.imported((await running.send((tmp_path / name).read_bytes())).json()["batch_id"])
        results.append({key: view[key] for key in ("rows", "warnings")})
        found = {code: count for code, count in view["errors"].items() if code not in {"E_QUOTA", "E_DUP_ACTIVE"}}
        results[-1]["errors"] = found
        await running.kill()
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("chunks_before", [0, 1, 3])
async def test_an_import_killed_at_any_point_goes_on_where_it_ended(
    world: World, tmp_path: Path, chunks_before: int
) -> None:
    content = generated(tmp_path, 600, 4, "heavy")
    undisturbed = await reference(world, content)
    first = await world.start(importing=False)
    await first.donate(10_000)
    batch_id = (await first.send(content)).json()["batch_id"]
    await first.kill()
    second = await world.start()
    async with asyncio.timeout(30):
        while len(of_kind(await history(second), RosterRowsImported)) < chunks_before:
            await second.context.log.grown(second.context.log.known_head, 0.05)
    await second.kill()
    third = await world.start()
    view = await third.imported(batch_id)
    events = await history(third)
    assert len(of_kind(events, RosterImported)) == 1
    assert {key: view[key] for key in ("rows", "valid", "errors", "warnings")} == undisturbed
    rows = [one.event.row_no for one in of_kind(events, CoverageGranted)]
    assert len(rows) == len(set(rows)) == view["valid"]


async def reference(world: World, content: bytes) -> dict[str, object]:
    """What a judge of the same rows says without any importer."""
    roster = open_roster(lambda: io.BytesIO(content), unpacked_bytes_max=10_000_000, rows_max=200_000)
    rows = list(roster.rows())
    survey = Survey.of(rows, Rules.of(the_plan(), "620000", date(2021, 12, 31)))
    judged = [survey.judge(row_no, cells) for row_no, cells in enumerate(rows, 1)]

    def count(codes: Iterable[str]) -> dict[str, int]:
        found = sorted(codes)
        return {code: found.count(code) for code in dict.fromkeys(found)}

    return {
        "rows": len(rows),
        "valid": sum(1 for row in judged if not row.errors),
        "errors": count(code for row in judged for code in row.errors),
        "warnings": count(code for row in judged for code in row.warnings),
    }


async def test_two_processes_import_a_roster_once(world: World, tmp_path: Path) -> None:
    first, second = await world.start(), await world.start()
    await first.donate(1_000)
    view = await second.imported((await first.send(generated(tmp_path, 300, 6))).json()["batch_id"])
    rows = [one.event.row_no for one in of_kind(await history(first), CoverageGranted)]
    assert len(rows) == len(set(rows)) == view["valid"]


async def test_two_rosters_at_once_that_share_people_cover_each_once(world: World) -> None:
    running = await world.start()
    await running.donate(1_000)
    shared = [worker(n) for n in range(20)]
    answers = [await running.send(csv_of(*shared)), await running.send(csv_of(*reversed(shared)))]
    views = [await running.imported(answer.json()["batch_id"]) for answer in answers]
    assert sorted([views[0]["valid"], views[1]["valid"]]) == [0, 20]


async def test_the_error_copy_keeps_columns_and_order_and_names_the_codes(world: World, tmp_path: Path) -> None:
    running = await world.start()
    await running.donate(100)
    rows = list(generate(60, 5, "heavy"))
    write(tmp_path / "r.xlsx", rows)
    batch_id = (await running.send((tmp_path / "r.xlsx").read_bytes())).json()["batch_id"]
    view = await running.imported(batch_id)
    async with running.client() as client:
        answer = await client.get(f"/rosters/{batch_id}/errors.xlsx", headers=asks("office_head"))
        outside = await client.get(f"/rosters/{batch_id}/errors.xlsx", headers=asks("county_clerk", "620725"))
        onlooker = await client.get(f"/rosters/{batch_id}/errors.xlsx", headers=asks("supervisor"))
    assert (answer.status_code, outside.status_code, onlooker.status_code) == (200, 404, 403)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0)
    header, *copied = [[*map(str, row)] for row in sheet.to_python()]
    assert header == [*COLUMNS, "校验结果"]
    assert [row[:10] for row in copied] == rows
    found = [code.split(" ")[0] for row in copied for code in row[10].split(";") if code.startswith("E_")]
    assert {code: found.count(code) for code in found} == view["errors"]


async def test_a_destroyed_key_makes_the_kept_file_unreadable(world: World) -> None:
    running = await world.start()
    await running.donate(1)
    # A file of this test's own: a batch whose key is destroyed would be refused to another test that sends the same.
    content = csv_of(replace(worker(1), remarks=new_id()))
    batch_id = (await running.send(content)).json()["batch_id"]
    await running.imported(batch_id)
    files = RosterFiles(world.documents, running.context.keyring)
    assert await files.take(batch_id) == content
    await running.context.keyring.destroy(f"roster-{batch_id}", ["identity"])
    with pytest.raises(Erased):
        await files.take(batch_id)
