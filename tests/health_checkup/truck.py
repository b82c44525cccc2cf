"""A campaign of its own: covered members, a stop, and everyone's steps over HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import httpx

from chassis.clock import SHANGHAI, new_id
from chassis.sweep import Sweeps
from contracts.enrolment.v1 import CoverageGranted, PersonRegistered
from contracts.envelope import Sealed
from contracts.organization import path_of
from health_checkup.domain.package import PACKAGES
from health_checkup.workers import SWEEPS
from tests.world import World

OPAQUE = Sealed(suite="A256GCM", s="someone", k="identity", v=1, e="d", c="AAAA")
CITY = "620600"
CAMPAIGNS = count(1)
DAY = "2022-03-10"
NORMAL = {"GLU": "5.0", "HGB": "140", "SBP": "120"}
URGENT = {"GLU": "17.0", "HGB": "140", "SBP": "165"}


class Truck:
    """One campaign in a county of its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        number = next(CAMPAIGNS)
        self.campaign = f"2022-{number}"
        # A module has a database of its own, and fewer than a hundred tests.
        self.county = f"6206{number % 99 + 1:02}"
        self.stop_id = ""
        self.planned: set[str] = set()

    async def cover(self, *, occupation: str = "COURIER", born: int = 1990, county: str = "") -> str:
        person = new_id()
        registered = PersonRegistered(person_id=person, identity=OPAQUE, contact=None, sex="M", birth_year=born)
        granted = CoverageGranted(
            plan_code=f"plan-{self.campaign}",
            plan_version=1,
            person_id=person,
            batch_id="b",
            row_no=1,
            effective_on="2022-01-01",
            ends_on="2023-01-01",
            occupation=occupation,
            org_path=path_of(county or self.county),
            division_code=county or self.county,
        )
        await self.world.feed("enrolment", registered, f"person-{person}")
        await self.world.feed("enrolment", granted, f"coverage-{person}")
        return person

    async def post(
        self, path: str, body: Any, role: str, org: str = "", sub: str = "", **headers: str
    ) -> httpx.Response:
        async with self.world.client(role, org or self.county, sub, **headers) as client:
            answer = await client.post(path, json=body)
        await self.world.settled()
        return answer

    async def get(self, path: str, role: str, org: str = "", sub: str = "", **query: str) -> httpx.Response:
        await self.world.settled()
        async with self.world.client(role, org or self.county, sub) as client:
            return await client.get(path, params=query)

    def asked(self, **changes: Any) -> dict[str, Any]:
        body = {
            "campaign": self.campaign,
            "division_code": self.county,
            "place": "凉州区总工会广场",
            "date": DAY,
            "slots": 2,
            "slot_capacity": 2,
        }
        return {**body, **changes}

    async def plan(self, quota: int = 1_000, seats: int = 1_000) -> None:
        """Open the campaign, with a quota for the prefecture; once."""
        if self.campaign in self.planned:
            return
        self.planned.add(self.campaign)
        body = {
            "campaign": self.campaign,
            "year": 2022,
            "name": "健康大篷车",
            "quota": quota,
            "budget_fen": 160_000_000,
            "packages": sorted(PACKAGES),
        }
        answer = await self.post("/campaigns", body, "office_head", "620000")
        assert answer.status_code == 201, answer.text
        asked = {"prefecture": CITY, "seats": seats}
        answer = await self.post(f"/campaigns/{self.campaign}/quotas", asked, "office_head", "620000")
        assert answer.status_code == 200, answer.text

    async def open(self, **changes: Any) -> str:
        await self.plan()
        answer = await self.post("/stops", self.asked(**changes), "county_clerk")
        assert answer.status_code == 201, answer.text
        self.stop_id = answer.json()["stop_id"]
        return self.stop_id

    async def sweep(self, name: str) -> None:
        """One turn of a sweep, as it stands in the service."""
        sweep = next(one for one in SWEEPS if one.name == name)
        context = self.world.context
        await self.world.settled()
        await Sweeps([sweep], context.executor, context.clock).once(sweep)
        await self.world.settled()

    async def invite(self, role: str = "county_clerk", org: str = "") -> httpx.Response:
        return await self.post(f"/stops/{self.stop_id}/invitations", None, role, org)

    async def book(self, person: str, slot: str = "s1") -> httpx.Response:
        return await self.post(f"/stops/{self.stop_id}/bookings", {"slot_id": slot}, "member", sub=person)

    async def attend(self, person: str, role: str = "health_provider", org: str = CITY) -> httpx.Response:
        return await self.post(f"/stops/{self.stop_id}/attendance", {"person_id": person}, role, org)

    async def results(
        self, person: str, values: dict[str, str], role: str = "health_provider", org: str = CITY
    ) -> httpx.Response:
        return await self.post(
            f"/stops/{self.stop_id}/results", {"person_id": person, "values": values, "advice": "多喝水"}, role, org
        )

    async def follow_up(self, finding_id: str, outcome: str, org: str = CITY) -> httpx.Response:
        body = {"outcome": outcome, "note": "电话已接通"}
        return await self.post(f"/findings/{finding_id}/follow-ups", body, "health_provider", org)

    def go_to_the_day(self) -> None:
        """Nine o'clock on the day of the stop."""
        self.world.clock.set(datetime.fromisoformat(DAY).replace(tzinfo=SHANGHAI) + timedelta(hours=9))

    async def examined(self, values: dict[str, str], **person: Any) -> tuple[str, httpx.Response]:
        """A member from cover to results."""
        member = await self.cover(**person)
        await self.open()
        assert (await self.invite()).json()["invited"] >= 1
        assert (await self.book(member)).status_code == 201
        self.go_to_the_day()
        assert (await self.attend(member)).status_code == 201
        return member, await self.results(member, values)
