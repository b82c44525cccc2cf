"""The figures of domain 10: what a cell counts, who is not shown, and that 人 ≤ 人次 ≤ lines."""

from __future__ import annotations

import itertools
import os
import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import pytest

from claims.domain.illness_class import illness_class
from claims.projections import identities
from claims.projections.figures import OF_FACTS, PAID_BY
from contracts.claims.v1 import PayoutArrived
from contracts.enrolment.people import CoverageMoved
from contracts.enrolment.v1 import PersonRegistered
from contracts.organization import path_of
from contracts.person import Facts, Identity
from tests.claims.house import House, filing, filing_of, returned, settled
from tests.claims.house import cases as told_cases
from tests.claims.material import PLAN

HISTORIES = int(os.environ.get("HUZHU_HISTORIES", "3"))
STEPS = 10
UNIONS = ("6207251000001", "6207251000002", "6207221000001", "6206021000001")


async def ask(house: House, path: str, role: str = "supervisor", org: str = "620000") -> dict[str, Any]:
    answer = await house.get(path, role, org)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def member(house: House, org: str, *, sex: str = "M", birth_year: int = 1990) -> str:
    person_id = await house.cover(org)
    identity = await house.world.context.keyring.seal(
        Identity(name="甲乙", id_type="RESIDENT_ID", id_no=""),
        subject=person_id,
        category="identity",
        decision_id="d",
        field=identities.FIELD,
    )
    registered = PersonRegistered(person_id=person_id, identity=identity, contact=None, sex=sex, birth_year=birth_year)
    await house.world.feed("enrolment", registered, f"person-{person_id}")
    return person_id


async def paid_stay(house: House, person_id: str, admitted: str, pay_on: str) -> str:
    incident = {"kind": "INPATIENT", "decisive_on": admitted, "discharged_on": admitted}
    claim_id = await house.filed(filing(incident=incident, channel="MEMBER_MOBILE"), person_id, "member", "620725")
    await house.decide(claim_id)
    house.at(pay_on)
    await house.pay(claim_id)
    return claim_id


async def test_money_counts_on_the_day_the_bank_booked_it_and_at_the_place_of_the_incident(house: House) -> None:
    person_id = await member(house, UNIONS[0], sex="F", birth_year=1982)
    house.at("2022-06-01")
    await paid_stay(house, person_id, "2022-05-12", "2022-07-05")
    moved = CoverageMoved(
        plan_code=PLAN.code, person_id=person_id, effective_on="2022-06-20", occupation="TRUCK_DRIVER",
        org_path=path_of(UNIONS[3]), division_code="620602", left_occupation="COURIER",
        left_org_path=path_of(UNIONS[0]), left_division_code="620725", source="unit",
    )  # fmt: skip
    await house.world.feed("enrolment", moved, f"coverage-{PLAN.code}-{person_id}")
    told = await ask(house, "/statistics/paid?period=2022&by=month,city,occupation")
    assert [cell["of"] for cell in told["cells"]] == [{"month": "2022-07", "city": "620700", "occupation": "COURIER"}]
    figures = told["cells"][0]["figures"]
    assert figures == told["total"]["figures"]
    assert (figures["people"], figures["person_times"], figures["lines"], figures["fen"]) == (1, 1, 1, 72_000)
    who = await ask(house, "/statistics/paid?period=2022&by=sex,age_band,benefit")
    assert who["cells"][0]["of"] == {"sex": "F", "age_band": "35-44", "benefit": "INPATIENT_MEDICAL"}
    filed = await ask(house, "/statistics/claims?period=2022&by=month&until=2022-06-30")
    assert filed["cells"] == [{"of": {"month": "2022-06"}, "figures": filed["total"]["figures"], "suppressed": False}]
    assert filed["total"]["figures"]["approved"] == 1
    assert (await ask(house, "/statistics/paid?period=2022&until=2022-06-30"))["total"]["figures"]["people"] == 0


async def test_a_county_counts_its_own_and_few_people_are_not_shown_to_the_public(house: House) -> None:
    house.at("2022-06-01")
    for org, many in ((UNIONS[0], 5), (UNIONS[2], 2), (UNIONS[3], 6)):
        for _ in range(many):
            house.at("2022-06-01")
            await paid_stay(house, await member(house, org), "2022-05-12", "2022-06-20")
    own = await ask(house, "/statistics/paid?period=2022&by=county", "county_clerk", "620722")
    assert [cell["figures"]["people"] for cell in own["cells"]] == [2]
    shown = await ask(house, "/statistics/paid?period=2022&by=county&public=true")
    # The two would follow from the total of 13 and the others: the five are left out with them.
    assert [(cell["of"]["county"], cell["suppressed"]) for cell in shown["cells"]] == [
        ("620602", False), ("620722", True), ("620725", True)
    ]  # fmt: skip
    assert shown["cells"][1]["figures"] == {}
    assert shown["total"]["figures"]["people"] == 13


async def test_the_time_of_a_step_is_counted_in_working_days_without_the_time_papers_are_awaited(house: House) -> None:
    person_id = await member(house, UNIONS[0])
    house.at("2022-06-01")
    claim_id = await house.filed(filing(channel="MEMBER_MOBILE"), person_id, "member", "620725")
    house.at("2022-06-06")  # two working days, the third was Dragon Boat Festival
    await house.act(claim_id, "ask-papers", "office_reviewer", body={"needs": ["NEED_SETTLEMENT"]})
    house.at("2022-06-20")
    papers = await house.papers(person_id, ["SETTLEMENT"])
    sent = await house.post(f"/claims/{claim_id}/supply-papers", {"documents": papers}, person_id, "member")
    assert sent.status_code == 200, sent.text
    house.at("2022-06-21")
    await house.decide(claim_id)
    house.at("2022-06-24")
    await house.pay(claim_id)
    told = await ask(house, "/statistics/turnaround?period=2022&by=kind")
    days = {cell["of"]["step"]: cell["figures"]["median_workdays"] for cell in told["cells"]}
    assert days["OFFICE_REVIEW"] == 3
    assert days["PAYMENT"] == 3
    assert days["FILING_TO_MONEY"] == 16


async def stay_at(house: House, level: str, illness: str, person_id: str) -> None:
    facts = {"self_pay_in_scope_fen": 240_000, "self_paid_fen": 240_000, "hospital_level": level, "illness": illness}
    house.at("2022-06-01")
    claim_id = await house.filed(filing(facts=facts, channel="MEMBER_MOBILE"), person_id, "member", "620725")
    await house.decide(claim_id)
    await house.pay(claim_id)


async def test_what_only_sealed_facts_say_is_counted_of_enough_people_and_told_of_nobody(house: House) -> None:
    for count, level, illness in ((7, "L3", "CANCER"), (6, "L2", "ESRD"), (1, "L1", "ACUTE_MI")):
        for _ in range(count):
            await stay_at(house, level, illness, await member(house, UNIONS[0]))
    for report, measure in (("claims", "filed"), ("paid", "person_times")):
        for by, role, values in (
            ("illness_class", "supervisor", ("C00-D48", "I00-I99", "N00-N99")),
            ("hospital_level", "office_head", ("L3", "L1", "L2")),
        ):
            told = await ask(house, f"/statistics/{report}?period=2022&by={by}", role)
            figures = {cell["of"][by]: cell["figures"].get(measure) for cell in told["cells"]}
            # Of one person nothing is told, and with the total, the six of another would tell it.
            assert figures == dict(zip(values, (7, None, None), strict=True))
            assert told["total"]["figures"][measure] == 14
    for path, role, org, status in (
        ("by=illness_class,city", "supervisor", "620000", 422),
        ("by=illness_class", "supervisor", "620700", 403),
        ("by=hospital_level", "county_clerk", "620725", 403),
        ("by=hospital_level", "finance", "620000", 403),
    ):
        assert (await house.get(f"/statistics/claims?period=2022&{path}", role, org)).status_code == status


def test_an_illness_lies_in_a_chapter_by_its_diagnosis_or_by_the_list() -> None:
    hints = PLAN.matching.illness_hints if PLAN.matching else ()
    assert illness_class(Facts(settlement={"dise_no": "k35.8"}, illness="CANCER"), hints) == "K00-K93"
    assert illness_class(Facts(illness="CANCER"), hints) == "C00-D48"
    assert illness_class(Facts(illness="UNHEARD_OF"), hints) == illness_class(Facts(), hints) == ""


async def test_unknown_reports_dimensions_and_periods_are_refused_by_name(house: House) -> None:
    for path, code in (
        ("/statistics/weather?period=2022", "report-unknown"),
        ("/statistics/paid?period=2022&by=illness", "dimension-unknown"),
        ("/statistics/paid?period=2022&by=city,county,union,sex", "dimensions-too-many"),
        ("/statistics/paid?period=1999", "period-unknown"),
    ):
        answer = await house.get(path)
        assert answer.json()["code"] == code
    assert (await house.get("/statistics/paid?period=2022", "member", sub="m")).status_code == 403


@dataclass
class History:
    """One random history of a small place, and the arrivals that it should count."""

    house: House
    draw: random.Random
    people: list[str] = field(default_factory=list)
    arrived: dict[str, tuple[str, str, str, int]] = field(default_factory=dict)

    async def join(self) -> None:
        year = self.draw.choice((1960, 1975, 1990, 2004, 0))
        sex = self.draw.choice(("M", "F", ""))
        self.people.append(await member(self.house, self.draw.choice(UNIONS), sex=sex, birth_year=year))

    async def stay(self) -> None:
        """A stay is filed and perhaps paid, perhaps in another month."""
        person_id, month = self.draw.choice(self.people), self.draw.randrange(2, 10)
        self.house.at("2022-10-10")
        day = f"2022-{month:02d}-{self.draw.randrange(1, 28):02d}"
        incident = {"kind": "INPATIENT", "decisive_on": day, "discharged_on": day}
        answer = await self.house.post(
            "/claims", filing(incident=incident, channel="MEMBER_MOBILE"), person_id, "member"
        )
        if answer.status_code == 201 and (await self.house.decide(answer.json()["claim_id"]))["state"] == "APPROVED":
            await self.pay(answer.json()["claim_id"], person_id)

    async def death(self) -> None:
        """Two lines and two heirs: four arrivals of one claim and person."""
        case = next(one for one in told_cases() if len(one["heirs"]) > 1)
        org = self.draw.choice(UNIONS)
        person_id = await member(self.house, org)
        self.house.at("2022-10-10")
        body = filing_of(case, person_id) | {"channel": "UNIT"}
        claim_id = await self.house.filed(body, org=org)
        await self.house.pass_union(claim_id, path_of(org), "COUNTY_REVIEW")
        if (await self.house.decide(claim_id, case.get("special_decision")))["state"] == "APPROVED":
            await self.pay(claim_id, person_id)

    async def pay(self, claim_id: str, person_id: str) -> None:
        """Each payout on a day of its own; now and then one comes back after it had been booked."""
        approved = await self.house.approved(claim_id)
        for line, one in itertools.product(approved.lines, approved.payees):
            fen = line.amount_fen * one.share_percent // 100
            if not fen or self.draw.random() < 0.1:
                continue
            day = f"2022-{self.draw.randrange(10, 13):02d}-{self.draw.randrange(11, 28):02d}"
            self.house.at(day)
            event = settled(approved, line.line_id, line.benefit_code, one.payee_id, fen)
            await self.house.react(event)
            self.arrived[event.payout_id] = (person_id, claim_id, line.benefit_code, fen)
            if self.draw.random() < 0.2:
                await self.house.react(returned(event, after_booking=True))
                del self.arrived[event.payout_id]

    async def holds(self) -> None:
        """The total is what arrived; in every cell of every pair of dimensions 人 ≤ 人次 ≤ 件."""
        plain = [name for name in PAID_BY if name not in OF_FACTS]
        for by in [(), *((one,) for one in plain), *itertools.combinations(plain, 2)]:
            told = await ask(self.house, f"/statistics/paid?period=2022&by={','.join(by)}")
            sums: dict[str, int] = defaultdict(int)
            for cell in [*told["cells"], told["total"]]:
                figures = cell["figures"]
                assert figures["people"] <= figures["person_times"] <= figures["lines"], cell
                assert figures["median_fen"] <= figures["largest_fen"] <= figures["fen"]
            for cell in told["cells"]:
                sums["fen"] += cell["figures"]["fen"]
                sums["lines"] += cell["figures"]["lines"]
            total = told["total"]["figures"]
            assert total["people"] == len({person for person, *_ in self.arrived.values()})
            assert total["person_times"] == len({claim for _, claim, *_ in self.arrived.values()})
            assert total["lines"] == len({(claim, benefit) for _, claim, benefit, _ in self.arrived.values()})
            assert total["fen"] == sum(fen for *_, fen in self.arrived.values())
            assert not by or sums["fen"] == total["fen"]
            # A line that two heirs are paid in two months stands in both, and is one in all.
            assert not by or "month" in by or sums["lines"] == total["lines"]


@pytest.mark.parametrize("seed", range(HISTORIES))
async def test_in_every_cell_people_are_no_more_than_person_times_and_those_no_more_than_lines(
    house: House, seed: int
) -> None:
    history = History(house, random.Random(seed))
    for _ in range(4):
        await history.join()
    await history.death()
    for _ in range(STEPS):
        await history.draw.choice((history.join, history.stay, history.stay, history.stay, history.death))()
    await history.holds()
    assert history.arrived
    events = [one for one in await house.world.events() if isinstance(one, PayoutArrived)]
    assert len(events) >= len(history.arrived)
