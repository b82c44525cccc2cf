"""Claims with files of the bureau: sent over HTTP, matched in this process, people resolved by a registry in memory."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

from chassis.clock import new_id
from claims.api.plans import DIGESTS, PLANS
from claims.domain.bureau import FIELDS
from claims.domain.plan import Plan
from claims.intake.importer import Importer
from contracts.envelope import Event
from contracts.organization import path_of
from contracts.resolving import (
    EXACT,
    NAME_DIFF,
    NONE,
    CandidateFound,
    CoverFound,
    PeopleAsked,
    PeopleFound,
    PersonFound,
)
from tests.claims.house import House
from tests.claims.material import PLAN

UNION = "6207251000001"


@dataclass
class Registry:
    """Enrolment's part, in memory: who has which number, name and cover."""

    people: dict[str, tuple[str, str, CoverFound | None]] = field(default_factory=dict)
    asked: int = 0

    def add(self, id_no: str, name: str, person_id: str = "", *, starts: str = "2022-01-01", org: str = UNION) -> str:
        person_id = person_id or new_id()
        cover = CoverFound(
            plan_version=PLAN.version,
            effective_on=starts,
            ends_on="2023-01-01",
            org_path=path_of(org),
            division_code=org[:6],
            occupation="COURIER",
        )
        self.people[id_no] = (person_id, name, cover)
        return person_id

    async def resolve(self, asked: PeopleAsked) -> PeopleFound:
        self.asked += len(asked.entries)
        return PeopleFound(log_position=0, people=tuple(self._found(one) for one in asked.entries))

    def _found(self, one: Any) -> PersonFound:
        known = self.people.get(one.id_no.upper())
        if known is not None:
            person_id, name, cover = known
            return PersonFound(
                ref=one.ref, outcome=EXACT if name == one.name else NAME_DIFF, person_id=person_id, cover=cover
            )
        namesakes = (
            [
                CandidateFound(person_id=person_id, cover=cover)
                for id_no, (person_id, name, cover) in self.people.items()
                if one.born and name == one.name and id_no[6:14] == one.born.replace("-", "")
            ]
            if len(self.people) < 1_000
            else []
        )
        return PersonFound(ref=one.ref, outcome=NONE, candidates=tuple(namesakes))


def row(setl_id: str, id_no: str, name: str, **cells: str) -> dict[str, str]:
    """A plain stay of ten days in May: 2,400 yuan self-paid in scope."""
    return {
        **dict.fromkeys(FIELDS, ""),
        "psn_name": name,
        "certno": id_no,
        "brdy": f"{id_no[6:10]}-{id_no[10:12]}-{id_no[12:14]}",
        "gend": "1",
        "insutype": "310",
        "insu_admdvs": UNION[:6],
        "mdtrt_id": f"M{setl_id}",
        "setl_id": setl_id,
        "med_type": "21",
        "begntime": "2022-05-10 09:00:00",
        "endtime": "2022-05-20 10:00:00",
        "refd_setl_flag": "0",
        "medfee_sumamt": "10000.00",
        "inscp_scp_amt": "8000.00",
        "fund_pay_sumamt": "5600.00",
        "psn_pay": "4400.00",
        "dise_no": "J18.900",
        "dscg_way": "1",
        **cells,
    }


def file_of(rows: Iterable[Mapping[str, str]], *, header: Sequence[str] = FIELDS, encoding: str = "utf-8") -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, header, restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


@dataclass
class Bureau:
    """The house, its registry and its importer."""

    house: House
    registry: Registry
    plans: dict[tuple[str, int], Plan] = field(default_factory=lambda: dict(PLANS))

    def published(self) -> None:
        """As if all rules of the plans had been published: no refusal rests on an assumption."""
        self.plans = {key: msgspec.structs.replace(plan, assumed=()) for key, plan in self.plans.items()}

    def importer(self) -> Importer:
        return Importer(self.house.world.context, self.plans, DIGESTS, self.registry.resolve)

    async def send(
        self, content: bytes, role: str = "office_reviewer", sub: str = "reviewer-1", **more: Any
    ) -> httpx.Response:
        headers = more.pop("headers", {})
        async with self.house.world.client(role, "620000", sub, **headers) as client:
            return await client.post("/settlements", files={"file": ("s.csv", content)}, data=more)

    async def imported(self, content: bytes, **more: Any) -> dict[str, Any]:
        """Sent and gone through; its view."""
        answer = await self.send(content, **more)
        assert answer.status_code == 202, answer.text
        import_id = answer.json()["import_id"]
        await self.work()
        return await self.view(import_id)

    async def work(self) -> None:
        """Everything that is unfinished is gone through."""
        importer = self.importer()
        await self.house.world.settled()
        while await importer.intake.step():
            await self.house.world.settled()
        assert importer.intake.stalled == {}

    async def view(self, import_id: str) -> dict[str, Any]:
        answer = await self.house.get(f"/settlements/{import_id}", "office_reviewer")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def events(self, kind: type[Event]) -> list[Any]:
        return [event for event in await self.house.world.events() if isinstance(event, kind)]
