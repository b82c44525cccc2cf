"""A mobile of many and a likely typing error are told across files, as warnings (domain 5.4)."""

from __future__ import annotations

import random
from datetime import date

from contracts.enrolment.v1 import RosterProblemsFound
from enrolment.intake import index
from enrolment.intake.neighbours import crowded, doubtful
from huzhu.synthetic.people import Person, id_number
from tests.enrolment.conftest import Running, World
from tests.enrolment.material import worker
from tests.enrolment.test_import import csv_of, history, of_kind

MOBILE = "13812345678"
KEY = b"k"


def test_a_mobile_is_crowded_by_people_of_other_files_and_of_these_rows_together() -> None:
    found = {KEY: ["a", "b"]}
    assert crowded({1: KEY}, found, {}, 3) == set()
    assert crowded({1: KEY, 2: KEY, 3: b"other"}, found, {}, 3) == {1, 2}
    assert crowded({1: KEY, 2: KEY}, found, {2: "b"}, 3) == set()
    assert crowded({1: KEY, 2: KEY, 3: KEY, 4: KEY}, {}, {}, 3) == set()


def test_a_person_is_nobody_elses_typing_error_but_ones_own() -> None:
    assert doubtful({1: KEY, 2: b"other"}, {KEY: ["a"]}, {}) == {1}
    assert doubtful({1: KEY}, {KEY: ["a"]}, {1: "a"}) == set()
    assert doubtful({1: KEY}, {KEY: ["a", "b"]}, {1: "a"}) == {1}


async def indexed(running: Running, *people: Person) -> tuple[int, dict[int, tuple[str, ...]]]:
    """Import a roster and let the index reach it; how many were valid, and the warnings by row."""
    before = await running.context.log.head()
    view = await running.imported((await running.send(csv_of(*people))).json()["batch_id"])
    head = await running.context.log.head()
    await index.reach(running.context, head)
    events = [one for one in await history(running) if one.position > before]
    problems = [problem for one in of_kind(events, RosterProblemsFound) for problem in one.event.problems]
    return view["valid"], {problem.row_no: problem.warnings for problem in problems}


def women(seed: int, **fields: str) -> Person:
    return worker(seed, **{"id_no": number(seed), **fields})


def number(seed: int) -> str:
    return id_number(random.Random(seed), date(1985, 5, 20), sex="F", region="620725")


async def test_warnings_are_told_across_files_and_refuse_nobody(world: World) -> None:
    running = await world.start()
    await running.donate(100)
    first = [women(n, name=name, mobile=MOBILE) for n, name in enumerate(("甲一", "乙二", "丙三"))]
    assert await indexed(running, *first) == (3, {})
    again = [women(10, name="甲一"), women(11, name="丁四", mobile=MOBILE), women(12, name="戊五")]
    assert await indexed(running, *again) == (3, {1: ("W_SAME_NAME_BIRTH",), 2: ("W_MOBILE_SHARED",)})


async def test_a_person_who_is_sent_again_is_not_doubted_for_being_known(world: World) -> None:
    running = await world.start()
    await running.donate(100)
    person = women(1, name="甲一", mobile=MOBILE)
    await indexed(running, person)
    _, warnings = await indexed(running, person, women(2, name="乙二"))
    assert warnings == {1: ()}
