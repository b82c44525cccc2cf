"""Random histories: whatever comes in whatever order, caps hold, no stay is paid twice, no settlement is lost."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.domain.benefits import Award
from claims.domain.bureau import FIELDS, layout_of, stay_of
from claims.domain.incident import incident_key, same_incident
from claims.domain.matching import PAYABLE
from claims.domain.settlement import Known, incident_of, judge
from contracts.claims.matching import IncidentReleased
from contracts.claims.v1 import BenefitsAwarded, ClaimFiled, IncidentClaimed
from tests.claims.bureau_house import UNION, Bureau, file_of, row
from tests.claims.house import filing
from tests.claims.material import COVER, PLAN

LAYOUT = layout_of(FIELDS)
HISTORIES = int(os.environ.get("HUZHU_HISTORIES", "4"))
STEPS = 14
PATH = "620000.620700.620725.6207251000001"

stays = st.lists(st.tuples(st.integers(0, 340), st.integers(0, 20), st.integers(0, 3_000_000)), min_size=1, max_size=25)


@given(stays)
def test_no_sequence_of_stays_breaks_a_cap_or_pays_a_day_in_hospital_twice(drawn: list[tuple[int, int, int]]) -> None:
    known = Known()
    for number, (day, length, own) in enumerate(drawn):
        admitted = date(2022, 1, 31) + timedelta(days=day)
        amounts = {"inscp_scp_amt": _yuan(own), "fund_pay_sumamt": "0.00", "psn_pay": _yuan(own)}
        cells = row(
            f"S{number}", "", "", begntime=str(admitted), endtime=str(admitted + timedelta(days=length)), **amounts
        )
        stay = stay_of(LAYOUT, [cells[name] for name in FIELDS])
        found = judge(stay, PLAN, COVER, known, claim_id=f"c{number}", today=date(2023, 6, 1))
        if found.code in PAYABLE:
            key = incident_key(incident_of(stay))
            assert not any(same_incident(other, key) for other, _ in known.incidents)
            awards = tuple(Award(f"c{number}", key, one.benefit_code, one.amount_fen) for one in found.lines)
            known = Known((*known.incidents, (key, f"c{number}")), (*known.awards, *awards))
            assert all(one.amount_fen <= max(stay.self_paid_fen or 0, 0) for one in awards)
    assert sum(one.amount_fen for one in known.awards) <= PLAN.benefits["INPATIENT_MEDICAL"].period_cap_fen


@dataclass
class History:
    """One random history and what is known of it."""

    bureau: Bureau
    draw: random.Random
    rows: list[dict[str, str]] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)
    covered: dict[str, str] = field(default_factory=dict)
    papers: list[str] = field(default_factory=list)

    def number(self, member: int) -> str:
        return f"62072519880{member + 1}010016"

    async def cover(self, member: int, name: str = "") -> None:
        id_no = self.number(member)
        person_id = self.bureau.registry.add(id_no, name or f"甲{member}", self.covered.get(id_no, ""))
        self.covered[id_no] = await self.bureau.house.cover(UNION, person_id)

    def settlement(self) -> dict[str, str]:
        member, day = self.draw.randrange(5), self.draw.randrange(330)
        admitted = date(2021, 12, 20) + timedelta(days=day)
        left = admitted + timedelta(days=self.draw.randrange(12))
        own = _yuan(self.draw.choice((0, 20_000, 240_000, 2_000_000)))
        name = f"甲{member}" if self.draw.random() < 0.9 else "乙"
        amounts = {"inscp_scp_amt": own, "fund_pay_sumamt": "0.00", "psn_pay": own}
        number = f"S{len(self.rows)}"
        return row(number, self.number(member), name, begntime=str(admitted), endtime=str(left), **amounts)

    async def send(self) -> None:
        """A file of new, old and taken back settlements in any order; sometimes an old file again."""
        if self.files and self.draw.random() < 0.2:
            await self.bureau.imported(self.draw.choice(self.files))
            return
        fresh = []
        for _ in range(self.draw.randrange(1, 7)):
            self.rows.append(self.settlement())
            fresh.append(self.rows[-1])
        again = self.draw.sample(self.rows, self.draw.randrange(min(len(self.rows), 4)))
        taken_back = [{**one, "refd_setl_flag": "1"} for one in self.draw.sample(self.rows, self.draw.randrange(2))]
        rows = [*fresh, *again, *taken_back]
        self.draw.shuffle(rows)
        self.files.append(file_of(rows))
        view = await self.bureau.imported(self.files[-1])
        assert sum(view["by_result"].values()) == view["rows"] == len(rows)

    async def paper(self) -> None:
        """A member files a stay on paper, perhaps one that the bureau has told of too."""
        known = [one for one in self.rows if one["certno"] in self.covered and one["begntime"] >= "2022-02-01"]
        if known:
            told = self.draw.choice(known)
            incident = {"kind": "INPATIENT", "decisive_on": told["begntime"], "discharged_on": told["endtime"]}
            body = filing(self.covered[told["certno"]], incident=incident)
            answer = await self.bureau.house.post("/claims", body, "filer", "unit_clerk", UNION)
            if answer.status_code == 201:
                self.papers.append(answer.json()["claim_id"])

    async def pay(self) -> None:
        """A paper claim goes all the way; one whose caps are used up stays where it is."""
        if self.papers:
            claim_id = self.papers.pop()
            await self.bureau.house.pass_union(claim_id, PATH, "COUNTY_REVIEW")
            standing = await self.bureau.house.decide(claim_id)
            if standing["state"] == "APPROVED":
                await self.bureau.house.pay(claim_id)

    async def correct(self) -> None:
        """A late row of the roster, or a corrected name; the kept files are gone through again."""
        await self.cover(self.draw.randrange(5), self.draw.choice(("", "乙")))
        importer = self.bureau.importer()
        await importer.look_again()
        await importer.look_again()
        await self.bureau.work()

    async def holds(self) -> None:
        """Nothing is left over, no cap is broken, no day is claimed twice."""
        told = (await self.bureau.house.get("/completeness?period=2022", "supervisor")).json()
        assert told["remainder"] == 0, told
        awarded: dict[str, int] = {}
        incidents: dict[str, dict[str, str]] = {}
        for event in await self.bureau.house.world.events():
            match event:
                case BenefitsAwarded(person_id=person_id, lines=lines):
                    awarded[person_id] = awarded.get(person_id, 0) + sum(line.amount_fen for line in lines)
                case IncidentClaimed(person_id=person_id, incident_key=key, claim_id=claim_id):
                    before = incidents.setdefault(person_id, {})
                    assert not any(same_incident(other, key) for other in before.values())
                    before[claim_id] = key
                case IncidentReleased(person_id=person_id, claim_id=claim_id):
                    del incidents[person_id][claim_id]
                case _:
                    pass
        cap = PLAN.benefits["INPATIENT_MEDICAL"].period_cap_fen
        assert all(fen <= cap for fen in awarded.values())
        filed = [event.claim_id for event in await self.bureau.events(ClaimFiled)]
        assert len(filed) == len(set(filed))


@pytest.mark.parametrize("seed", range(HISTORIES))
async def test_no_history_breaks_a_cap_pays_a_duplicate_or_leaves_a_settlement_unaccounted(
    bureau: Bureau, seed: int
) -> None:
    history = History(bureau, random.Random(seed))
    bureau.house.at("2022-12-01")
    for member in range(3):
        await history.cover(member)
    acts = [history.send, history.send, history.send, history.paper, history.pay, history.correct]
    for _ in range(STEPS):
        await history.draw.choice(acts)()
        await history.holds()


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
