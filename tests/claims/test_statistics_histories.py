"""Whatever has happened: in every cell of every report of claims 人 ≤ 人次 ≤ 件, and few people are never public."""

from __future__ import annotations

import itertools
import os
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from chassis.clock import new_id
from chassis.execute import Session
from claims.api.filing import FACTS_FIELD
from claims.projections import figures
from contracts.claims.flags import ClaimFlagged, FlagCleared, FlagConfirmed
from contracts.claims.matching import (
    ImportedSettlement,
    MatchingStarted,
    MatchResult,
    SettlementsImported,
    SettlementsJudged,
    SettlementsReceived,
)
from contracts.claims.process import PapersRequested, RecoveryOpened, RecoveryReceived, StepOverdue
from contracts.claims.relief import ReliefFiled, ReliefGranted, ReliefPaid
from contracts.claims.v1 import (
    ClaimApproved,
    ClaimFiled,
    ClaimPaid,
    ClaimRejected,
    Incident,
    PaymentFailed,
    PayoutArrived,
)
from contracts.envelope import Event, Sealed
from contracts.organization import path_of
from contracts.person import Facts
from tests.claims.house import House
from tests.claims.material import PLAN
from tests.claims.test_statistics import UNIONS, ask, member

HISTORIES = int(os.environ.get("HUZHU_HISTORIES", "2"))
PEOPLE, CLAIMS, PEOPLE_MIN = 22, 70, 5
DAYS = ("2022-05-03", "2022-05-30", "2022-06-17", "2022-07-04", "2022-08-15")
OPAQUE = Sealed(suite="A256GCM", s="someone", k="health", v=1, e="d", c="AAAA")
BENEFITS = ("INPATIENT_MEDICAL", "CRITICAL_ILLNESS", "ACCIDENT_DEATH")
REPORTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "claims": (figures.OF_CLAIMS, ("people", "filed")),
    "paid": ((*figures.OF_CLAIMS, "benefit"), ("people", "person_times", "lines")),
    "turnaround": (figures.TURNAROUND_BY, ("people", "claims")),
    "matching": (figures.MATCHED_BY, ("people", "settlements")),
    "relief": (figures.RELIEF_BY, ("people", "cases")),
    "risk": (figures.RISK_BY, ("people", "cases", "flags")),
}
"""Each report with its dimensions, and those of its figures none of which is larger than the one that follows."""
PARTS = {
    "claims": ("refused", "approved", "open", "ended_undecided"),
    "matching": ("claims", "opened", "paid"),
    "relief": ("granted", "refused", "paid"),
    "risk": ("confirmed", "cleared", "open"),
}
"""What is never more than the last of those."""
ADDED = {"claims": "filed", "paid": "fen", "matching": "settlements", "relief": "cases", "risk": "flags"}
"""What adds up to the total, whatever it is divided by."""


@dataclass
class Random:
    """A random history, written as events, since no report asks how they came about."""

    house: House
    draw: random.Random
    people: list[str] = field(default_factory=list)
    claims: dict[str, str] = field(default_factory=dict)

    async def written(self, day: str, events: list[Event]) -> None:
        self.house.at(day)

        async def work(session: Session) -> None:
            for event in events:
                name = f"claim-{event.claim_id}" if isinstance(event, ClaimFiled) else f"random-{new_id()}"
                session.append_new(name, [event])

        await self.house.world.context.executor.run(work)

    async def lived(self) -> None:
        for _ in range(PEOPLE):
            year, sex = self.draw.choice((1960, 1975, 1990, 2004, 0)), self.draw.choice(("M", "F", ""))
            self.people.append(await member(self.house, self.draw.choice(UNIONS), sex=sex, birth_year=year))
        for day in DAYS:
            await self.written(day, [await self.filed(day) for _ in range(CLAIMS // len(DAYS))])
            await self.written(day, [*self.settlements(day)])
        later = [[*self.after(claim_id)] for claim_id in self.claims]
        for number, events in enumerate(itertools.zip_longest(*later)):
            day = (date.fromisoformat(DAYS[-1]) + timedelta(days=9 * number)).isoformat()
            await self.written(day, [event for event in events if event is not None])
        for day in DAYS:
            await self.written(day, [event for _ in range(6) for event in self.relief(day)])

    async def filed(self, day: str) -> ClaimFiled:
        claim_id, person_id = new_id(), self.draw.choice(self.people)
        self.claims[claim_id] = person_id
        told = Facts(
            hospital_level=self.draw.choice(("L1", "L2", "L3")), illness=self.draw.choice(("CANCER", "ESRD", ""))
        )
        facts = await self.house.world.context.keyring.seal(
            told, subject=person_id, category="health", decision_id="d", field=FACTS_FIELD
        )
        return ClaimFiled(
            claim_id=claim_id, claim_no=claim_id, person_id=person_id, plan_code=PLAN.code, plan_version=PLAN.version,
            channel=self.draw.choice(("MEMBER_MOBILE", "UNIT", "DATA_MATCH")),
            org_path=path_of(self.draw.choice(UNIONS)),
            incident=Incident(kind=self.draw.choice(("INPATIENT", "ACCIDENT")), decisive_on=day),
            facts=facts, documents=(), payees=(), urgent=self.draw.random() < 0.2, filed_on=day,
            steps=("OFFICE_REVIEW",), by="filer",
        )  # fmt: skip

    def after(self, claim_id: str) -> Iterator[Event]:
        """What became of a claim, one event a day."""
        person_id = self.claims[claim_id]
        if self.draw.random() < 0.3:
            yield PapersRequested(
                claim_id=claim_id, claim_no="n", person_id=person_id, step="OFFICE_REVIEW", needs=(), round=1,
                asked_on=DAYS[0], due_on=DAYS[1], by="x", payee_ids=(), remind_days=(), next_on="", note=None,
            )  # fmt: skip
        if self.draw.random() < 0.3:
            yield StepOverdue(claim_id=claim_id, step="OFFICE_REVIEW", due_on=DAYS[0], escalated_to="city")
        end = self.draw.random()
        if end < 0.2:
            return
        if end < 0.4:
            yield ClaimRejected(
                claim_id=claim_id, claim_no="n", person_id=person_id, reason="RJ_WAITING", rule="r", explanation="",
                payees=(),
            )  # fmt: skip
            return
        yield ClaimApproved(
            claim_id=claim_id, claim_no="n", person_id=person_id, plan_code=PLAN.code, plan_version=1,
            org_path=path_of(UNIONS[0]), lines=(), payees=(), total_fen=0, approved_on=DAYS[1],
        )  # fmt: skip
        for _ in range(self.draw.randrange(4)):
            payout_id, benefit, fen = new_id(), self.draw.choice(BENEFITS), self.draw.randrange(1, 9_000)
            yield PayoutArrived(
                claim_id=claim_id, payout_id=payout_id, benefit_code=benefit, payee_id="p", amount_fen=fen
            )
            if self.draw.random() < 0.2:
                yield PaymentFailed(
                    claim_id=claim_id, payout_id=payout_id, attempt=1, reason="LIMIT", benefit_code=benefit,
                    came_back_fen=fen,
                )  # fmt: skip
        if self.draw.random() < 0.5:
            yield ClaimPaid(claim_id=claim_id, person_id=person_id, total_fen=1)
        yield from self.flagged(claim_id, person_id)

    def flagged(self, claim_id: str, person_id: str) -> Iterator[Event]:
        for signal in self.draw.sample(("BURST", "SAME_CARD", "LATE"), self.draw.randrange(3)):
            flag_id = new_id()
            yield ClaimFlagged(
                flag_id=flag_id, claim_id=claim_id, signal=signal, person_id=person_id, org_path=path_of(UNIONS[0]),
                filed_by="x", related=(), raised_on=self.draw.choice(DAYS),
            )  # fmt: skip
            judged = self.draw.choice((None, FlagCleared, FlagConfirmed))
            if judged:
                yield judged(flag_id=flag_id, note=None, by="x")
        if self.draw.random() < 0.4:
            yield RecoveryOpened(
                recovery_id=claim_id, claim_id=claim_id, claim_no="n", person_id=person_id, plan_code=PLAN.code,
                org_path=path_of(UNIONS[0]), amount_fen=500, reason="r", note=None, due_on="", by="x",
            )  # fmt: skip
            yield RecoveryReceived(
                recovery_id=claim_id, claim_id=claim_id, plan_code=PLAN.code, receipt_id="r", amount_fen=300,
                left_fen=200, by="x",
            )  # fmt: skip

    def settlements(self, day: str) -> Iterator[Event]:
        """A file of the bureau: some rows belong to claims, two of them perhaps to the same one."""
        import_id, whose = new_id(), self.draw.choices([*self.claims], k=8)
        rows = [
            ImportedSettlement(
                setl_id=f"{import_id}-{n}", person_id=self.claims[claim_id], insutype="310", admitted_on=day,
                org_path=path_of(UNIONS[n % 4]),
            )
            for n, claim_id in enumerate(whose)
        ]  # fmt: skip
        results = [
            MatchResult(
                setl_id=row.setl_id, code=self.draw.choice(("EXACT_NEW", "NOT_PAYABLE", "WEAK")),
                claim_id=self.draw.choice((claim_id, "")), computed_fen=100,
            )
            for row, claim_id in zip(rows, whose, strict=True)
        ]  # fmt: skip
        yield SettlementsReceived(import_id=import_id, plan_code=PLAN.code, format="csv", size_bytes=1, by="x")
        yield MatchingStarted(import_id=import_id, run=1, rows=20, enrolment_position=0, reason="new")
        yield SettlementsImported(import_id=import_id, plan_code=PLAN.code, settlements=tuple(rows))
        yield SettlementsJudged(import_id=import_id, plan_code=PLAN.code, results=tuple(results))

    def relief(self, day: str) -> Iterator[Event]:
        relief_id, kind, of = new_id(), self.draw.choice(("RELIEF_STUDY", "RELIEF_CARE")), self.draw.choice(self.people)
        common = {"relief_id": relief_id, "relief_no": "n", "person_id": of, "plan_code": PLAN.code, "kind": kind}
        place = {"org_path": path_of(self.draw.choice(UNIONS)), "payees": (), "plan_version": 1}
        yield ReliefFiled(
            **common, **place, reason=self.draw.choice(("ILLNESS", "ACCIDENT")), happened_on=day, matter="m",
            child_id="", channel="UNIT", facts=OPAQUE, contact=OPAQUE, documents=(), filed_on=day, by="x",
        )  # fmt: skip
        if self.draw.random() < 0.6:
            yield ReliefGranted(
                **common, **place, amount_fen=self.draw.randrange(1, 5_000), exceptional=False, note=None,
                granted_on=day, meeting_id="m", decided_by=(), reviewed_by=(),
            )  # fmt: skip
            if self.draw.random() < 0.5:
                yield ReliefPaid(relief_id=relief_id, person_id=of, amount_fen=1)


def held(report: str, told: dict[str, Any]) -> None:
    """What is so of every cell and of the total."""
    order = REPORTS[report][1]
    for cell in [*told["cells"], told["total"]]:
        of = cell["figures"]
        for less, more in itertools.pairwise(order):
            assert of[less] <= of[more], (report, told["by"], cell)
        assert not of[order[-1]] or (cell is told["total"]) or of["people"], (report, cell)
        for part in PARTS.get(report, ()):
            assert of[part] <= of[order[-1]], (report, part, cell)
        if "recovered_fen" in of:
            assert of["recovered_fen"] <= of["asked_back_fen"]
    if report in ADDED and told["by"]:
        name = ADDED[report]
        assert sum(cell["figures"][name] for cell in told["cells"]) == told["total"]["figures"][name], (
            report,
            told["by"],
        )


@pytest.mark.parametrize("seed", range(HISTORIES))
async def test_in_every_cell_of_every_report_people_are_no_more_than_cases_and_those_than_lines(
    house: House, seed: int
) -> None:
    history = Random(house, random.Random(seed))
    await history.lived()
    totals: dict[str, list[Any]] = defaultdict(list)
    for report, (names, order) in REPORTS.items():
        for by in [(), *((name,) for name in names), *itertools.combinations(names, 2)]:
            told = await ask(house, f"/statistics/{report}?period=2022&by={','.join(by)}")
            held(report, told)
            totals[report].append(told["total"]["figures"])
        assert all(one == totals[report][0] for one in totals[report]), report
        assert totals[report][0][order[-1]] > totals[report][0]["people"] > 0
    channels = (await ask(house, "/statistics/service?period=2022"))["channels"]
    held("claims", channels)


@pytest.mark.parametrize("seed", range(HISTORIES))
async def test_no_public_table_has_a_cell_of_few_people_and_none_is_hidden_alone(house: House, seed: int) -> None:
    history = Random(house, random.Random(100 + seed))
    await history.lived()
    hidden_somewhere = 0
    for report, (names, _) in REPORTS.items():
        for name in names:
            path = f"/statistics/{report}?period=2022&by={name}"
            whole, public = await ask(house, path), await ask(house, f"{path}&public=true")
            assert [cell["of"] for cell in public["cells"]] == [cell["of"] for cell in whole["cells"]]
            hidden = [
                full["figures"]
                for full, cell in zip(whole["cells"], public["cells"], strict=True)
                if cell["suppressed"]
            ]
            for full, cell in zip(whole["cells"], public["cells"], strict=True):
                assert cell["figures"] == ({} if cell["suppressed"] else full["figures"])
                assert cell["suppressed"] or not 0 < full["figures"]["people"] < PEOPLE_MIN, (path, full)
            hidden_somewhere += len(hidden)
            if report in ADDED and hidden and len(hidden) < len(whole["cells"]):
                assert len(hidden) > 1, path
                assert sum(of["people"] for of in hidden) >= PEOPLE_MIN, path
    for name in figures.OF_FACTS:
        told = await ask(house, f"/statistics/paid?period=2022&by={name}")
        assert all(cell["suppressed"] or cell["figures"]["people"] >= PEOPLE_MIN for cell in told["cells"])
    assert hidden_somewhere
