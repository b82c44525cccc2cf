"""The year, day by day: what is on the agenda is done, the clock moves on, once a week money goes out."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from claims.intake.working_days import works_on
from contracts.organization import path_of
from huzhu.demo.calendar import office_hour
from huzhu.demo.gateway import Gateway, StepFailed
from huzhu.demo.story import PLAN, SEATS, Step, Story
from huzhu.synthetic.roster import generate, write
from huzhu.year.agenda import Agenda, Hour
from huzhu.year.bureau import Bureau, members_of
from huzhu.year.crowd import Crowd
from huzhu.year.desk import Desk
from huzhu.year.incidence import Case, cases_of, read_incidence
from huzhu.year.till import Till

FIRST_DAY = date(2022, 1, 4)
LAST_DAY = date(2023, 9, 29)
"""Whatever is on the agenda later than this is left undone."""
ENDS_AFTER = date(2023, 4, 28)
PAID_ON_WEEKDAY = 3
"""Thursday, so that what comes back is known within the week."""
DIRT_PER_1000 = 1_053
"""So many rows for 1,000 covered people: about one in twenty of a real roster is in error."""
PEOPLE_PER_CALL = 2_500
CATCH_UP_S_MAX = 600.0


@dataclass
class Played:
    """What the run knows itself; the figures are the services' own."""

    seed: int
    members: int
    cases: int = 0
    uncovered: int = 0
    requests: int = 0
    batches: int = 0
    rows_of_bureau: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    import_seconds: float = 0.0
    year_seconds: float = 0.0


class Year:
    """One year on one running machine."""

    def __init__(self, gateway: Gateway, members: int, seed: int, show: Step) -> None:
        """Equal members and seed give equal cases; the order within an hour is the machine's."""
        self._gateway = gateway
        self._show = show
        self._played = Played(seed, members)

    def run(self) -> Played:
        """Donation, roster, the days, and what is left to pay. Raises StepFailed where claims have been filed."""
        if self._gateway.get("claims/claims?limit=1")["claims"]:
            raise StepFailed("Claims have been filed here already; a year begins on an empty machine (HUZHU_HOME).")
        started = time.monotonic()
        rows = min(self._played.members * DIRT_PER_1000 // 1_000, SEATS * DIRT_PER_1000 // 1_000)
        story = Story(self._gateway, rows, self._show)
        story.donate()
        roster = list(generate(rows, self._played.seed))
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "roster.csv"
            write(file, roster, encoding="gb18030")
            story.take_in(file)
        self._played.import_seconds = round(time.monotonic() - started, 1)
        started = time.monotonic()
        asyncio.run(self._days(cases_of(members_of(roster), self._played.seed, read_incidence())))
        self._played.year_seconds = round(time.monotonic() - started, 1)
        return self._played

    async def _days(self, drawn: list[Case]) -> None:
        crowd = Crowd(self._gateway)
        try:
            cases = await self._covered(crowd, drawn)
            agenda = Agenda(FIRST_DAY)
            desk = Desk(crowd, agenda)
            till = Till(crowd, agenda, desk.by_claim)
            bureau = Bureau(self._gateway, crowd, agenda, desk, cases)
            for case in cases:
                desk.expect(case)
            bureau.expect()
            await self._go_through(agenda, till)
            self._gateway.wait("Every service to catch up", self._gateway.caught_up, CATCH_UP_S_MAX)
        finally:
            await crowd.close()
        self._played.counts = desk.counts
        self._played.requests = crowd.asked
        self._played.batches = till.batches
        self._played.rows_of_bureau = bureau.rows

    async def _covered(self, crowd: Crowd, drawn: list[Case]) -> list[Case]:
        """Those whose members the registry knows and covers: an incident of a row in error is nobody's."""
        for first in range(0, len(drawn), PEOPLE_PER_CALL):
            some = drawn[first : first + PEOPLE_PER_CALL]
            entries = [
                {"ref": str(number), "id_no": case.member.id_no, "name": case.member.name}
                for number, case in enumerate(some)
            ]
            found = await crowd.ask_service("enrolment", "internal/people/resolve", {"plan": PLAN, "entries": entries})
            for case, one in zip(some, found["people"], strict=True):
                if one["outcome"] == "EXACT" and one["cover"] and not one["cover"]["held"]:
                    case.person_id, case.org_path = one["person_id"], one["cover"]["org_path"]
        cases = [case for case in drawn if case.person_id and case.org_path == path_of(case.org)]
        self._played.cases, self._played.uncovered = len(cases), len(drawn) - len(cases)
        return cases

    async def _go_through(self, agenda: Agenda, till: Till) -> None:
        day = FIRST_DAY
        while day <= LAST_DAY and not (day > ENDS_AFTER and agenda.is_empty):
            if works_on(day):
                await self._one_day(day, agenda, till)
            day += timedelta(days=1)
            following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
            days = (following - day.replace(day=1)).days
            self._show(f"{day:%Y-%m}", day.day, days)

    async def _one_day(self, day: date, agenda: Agenda, till: Till) -> None:
        for hour in Hour:
            actions = agenda.take(day, hour)
            pays = hour == Hour.AFTERNOON and day.weekday() == PAID_ON_WEEKDAY
            if not actions and not pays:
                continue
            self._gateway.at(office_hour(day, hour))
            await _all([action(day) for action in actions])
            if pays:
                await till.pay(day)


async def _all(actions: list[Any]) -> None:
    """At the same time; the first failure ends them all."""
    try:
        async with asyncio.TaskGroup() as group:
            for action in actions:
                group.create_task(action)
    except* StepFailed as failed:
        raise failed.exceptions[0] from None
