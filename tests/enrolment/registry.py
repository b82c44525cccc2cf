"""People who are registered and covered through a roster, and what is asked about them over HTTP."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx

from chassis.clock import FixedClock, new_id
from chassis.sweep import Sweeps
from chassis.worker import Jobs
from contracts.claims.v1 import ClaimFiled, Incident
from contracts.envelope import Event, Sealed
from enrolment import workers
from huzhu.synthetic.people import Person
from tests.enrolment.conftest import Running, asks
from tests.enrolment.test_import import csv_of

PROVINCE = "620000"
OPAQUE = Sealed(suite="A256GCM", s="someone", k="health", v=1, e="d", c="AAAA")
JOB_TURNS_MAX = 5


def at(running: Running, day: str) -> None:
    """Let the business day be this one, from ten in the morning on."""
    clock = running.context.clock
    assert isinstance(clock, FixedClock)
    clock.set(datetime.fromisoformat(day).replace(hour=2, tzinfo=UTC))


async def ask(running: Running, method: str, path: str, who: dict[str, str], body: Any = None) -> httpx.Response:
    async with running.client() as client:
        return await client.request(method, path, headers=who, json=body)


@dataclass
class Registry:
    """A process of enrolment with people in it."""

    running: Running

    async def cover(self, *people: Person) -> list[str]:
        """Import them in one roster of the province; their ids in the same order."""
        await self.running.donate(len(people))
        # No two tests send the same file: a batch whose key one has destroyed would be refused to the other.
        sent = await self.running.send(csv_of(replace(people[0], remarks=new_id()), *people[1:]))
        view = await self.running.imported(sent.json()["batch_id"])
        assert view["valid"] == len(people), view
        return [await self.find(one) for one in people]

    async def find(self, person: Person) -> str:
        found = await ask(self.running, "POST", "/members/lookup", asks("office_head"), {"id_no": person.id_no})
        assert found.status_code == 200, found.text
        person_id: str = found.json()["person_id"]
        return person_id

    async def post(self, path: str, body: Any, role: str = "office_head", org: str = PROVINCE, sub: str = "u1") -> Any:
        """An accepted request, visible afterwards."""
        answer = await ask(self.running, "POST", path, asks(role, org, sub), body)
        assert answer.status_code in {200, 202}, answer.text
        await self.running.settled()
        return answer.json()

    async def search(self, **wanted: Any) -> list[str]:
        """Who is found by mobile or name, province-wide, page by page."""
        found: list[str] = []
        while True:
            page = await self.post("/members/search", {**wanted, "after": found[-1] if found else "", "limit": 3})
            found += [one["person_id"] for one in page["members"]]
            if page["next"] is None:
                return found

    async def work(self) -> None:
        """Every job that is waiting, as the sweep would do them."""
        for worker in workers.WORKERS:
            jobs = Jobs(worker, self.running.context)
            log = self.running.context.log
            rows = await log.pool.fetch("select position from event where type = $1 order by position", jobs.wire_type)
            for row in rows:
                for _ in range(JOB_TURNS_MAX):
                    if await jobs.attempt(row["position"], woken=True) is None:
                        break
        await self.running.settled()

    async def sweep(self) -> int:
        """One turn of the sweep that ends retention."""
        context = self.running.context
        done = await Sweeps(workers.SWEEPS, context.executor, context.clock).once(workers.SWEEPS[0])
        await self.running.settled()
        return done

    async def events(self, kind: type[Event]) -> list[Any]:
        log = self.running.context.log
        recorded = [log.recorded(stored) for stored in await log.read(0, 5_000)]
        return [one.event for one in recorded if isinstance(one.event, kind)]


def claim_of(person_id: str, claim_id: str = "c1") -> ClaimFiled:
    """A claim as claims would publish it."""
    return ClaimFiled(
        claim_id=claim_id,
        claim_no="GS22-0000000000",
        person_id=person_id,
        plan_code="GS-NEF-2022",
        plan_version=1,
        channel="MEMBER_MOBILE",
        org_path="620000.620700.620725",
        incident=Incident(kind="ACCIDENT", decisive_on="2022-02-01"),
        facts=OPAQUE,
        documents=(),
        payees=(),
        urgent=False,
        filed_on="2022-03-01",
        steps=(),
        by="agent-1",
    )
