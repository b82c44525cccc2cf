"""The state of the campaign at the end of July 2022: 2,908 of 8,000, as it comes out of the trucks' days (domain 8.1).

From the sources: 庆阳 400; 平凉 and 陇南 379; 景泰 540 in four days; 酒泉 160 in a morning; 武威 and 张掖 too.
Days, bookings, no-shows and queues are made up so as to agree with them; what comes out is counted, never given.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from chassis.clock import SHANGHAI
from chassis.execute import Session
from contracts.envelope import Event
from contracts.health_checkup.stops import MemberMissed
from contracts.health_checkup.v1 import MemberAttended, Slot
from contracts.organization import path_of
from health_checkup import seating
from health_checkup.domain.exam import EXAM, exam_id
from health_checkup.domain.rules import rules_of, shared_out
from health_checkup.domain.stop import STOP, InviteMembers, OpenStop
from tests.health_checkup.truck import Truck

PLANNED = 8_000
QUOTAS = {"621000": 1_000, "620800": 800, "621200": 700, "620400": 1_500, "620900": 1_000, "620600": 1_600,
          "620700": 1_400}  # fmt: skip


@dataclass(frozen=True)
class Visit:
    """Days of a truck in a county: seats and slots a day, how many of a hundred stay away, who queues on each day."""

    county: str
    first_day: date
    capacity: int
    slots: int
    stay_away_percent: int
    queues: tuple[int, ...]
    booked: int = 0


VISITS = (
    Visit("621002", date(2022, 3, 15), 100, 10, 12, (20, 20, 20, 20)),
    Visit("620802", date(2022, 4, 6), 120, 12, 20, (4, 4)),
    Visit("621202", date(2022, 4, 20), 120, 12, 15, (5, 4), booked=100),
    Visit("620423", date(2022, 5, 10), 135, 12, 10, (40, 40, 40, 40)),
    Visit("620902", date(2022, 5, 27), 160, 8, 5, (30,)),
    Visit("620602", date(2022, 6, 13), 120, 12, 15, (5,) * 7),
    Visit("620702", date(2022, 7, 18), 120, 12, 10, (5, 5, 5, 5, 5, 7)),
)
EXPECTED = {"621000": 400, "620800": 200, "621200": 179, "620400": 540, "620900": 160, "620600": 749, "620700": 680}


def at(truck: Truck, day: date, hour: int) -> None:
    moment = datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI)
    truck.world.clock.set(moment)


async def a_day(truck: Truck, visit: Visit, number: int) -> None:
    """From the invitations to the closing; everybody books in turn, and every k-th stays away."""
    day = visit.first_day + timedelta(days=number)
    stop_id = f"{truck.campaign}-{visit.county}-{number}"
    rules = rules_of("CHECKUP.v1")
    starts = rules.slot_starts("08:00", visit.slots)
    seats = shared_out(visit.capacity, visit.slots)
    slots = tuple(Slot(slot_id=f"s{n}", starts_at=start, capacity=seats[n]) for n, start in enumerate(starts))
    places = [slot.slot_id for slot in slots for _ in range(slot.capacity)]
    invited = [f"{stop_id}-p{n}" for n in range(-(-visit.capacity * rules.wave_percent // 100))]
    booked = invited[: visit.booked or visit.capacity]
    away = len(booked) * visit.stay_away_percent // 100
    queue = [f"{stop_id}-w{n}" for n in range(visit.queues[number])]

    async def primed(session: Session, people: list[str]) -> None:
        await session.load_many(EXAM, [exam_id(truck.campaign, person) for person in people])

    async def before(session: Session) -> None:
        opened = OpenStop(
            stop_id=stop_id, campaign=truck.campaign, org_path=path_of(visit.county), division_code=visit.county,
            place="总工会广场", date=day.isoformat(), package="BASIC.v1", slots=slots, today=session.today.isoformat(),
            rules=rules.version,
        )  # fmt: skip
        await session.decide(STOP, stop_id, opened)
        await session.decide(STOP, stop_id, InviteMembers(stop_id, tuple(invited), session.today.isoformat()))
        await primed(session, booked)
        for person, slot_id in zip(booked, places, strict=False):
            await seating.book(session, stop_id, person, slot_id)

    async def comers(session: Session) -> None:
        await primed(session, booked[away:])
        for person in booked[away:]:
            await seating.check_in(session, stop_id, person, covered=True, ticket=None)

    async def walk_ins(session: Session) -> None:
        for person in queue:
            stop = await seating.the_stop(session, stop_id)
            if stop.occupied(f"{day.isoformat()}T14:00") < stop.capacity:
                await seating.check_in(session, stop_id, person, covered=True, ticket=None)

    async def closing(session: Session) -> None:
        await seating.close(session, stop_id)

    run = truck.world.context.executor.run
    for when, hour, work in ((day - timedelta(days=9), 10, before), (day, 8, comers), (day, 14, walk_ins),
                             (day, 21, closing)):  # fmt: skip
        at(truck, when, hour)
        await run(work)


async def all_events(truck: Truck, kind: type[Event]) -> list[Any]:
    log, found, after = truck.world.context.log, [], 0
    while page := await log.read(after, 5_000):
        recorded = [log.recorded(one) for one in page]
        found += [one.event for one in recorded if isinstance(one.event, kind)]
        after = recorded[-1].position
    return [event for event in found if event.campaign == truck.campaign]


async def test_the_state_of_the_article_comes_out_of_the_trucks_days(truck: Truck) -> None:
    await truck.plan(quota=PLANNED, seats=QUOTAS["620600"])
    for prefecture, seats in QUOTAS.items():
        body = {"prefecture": prefecture, "seats": seats}
        answer = await truck.post(f"/campaigns/{truck.campaign}/quotas", body, "office_head", "620000")
        assert answer.status_code == 200, answer.text
    for visit in VISITS:
        for number in range(len(visit.queues)):
            await a_day(truck, visit, number)
    at(truck, date(2022, 7, 31), 12)
    came = await all_events(truck, MemberAttended)
    by_events = Counter(path_of(event.stop_id.split("-")[2])[7:13] for event in came)
    figures = (await truck.get(f"/campaigns/{truck.campaign}/figures", "supervisor", "620000")).json()
    by_projection = {cell["key"]: cell["attended"] for cell in figures["cells"]}
    assert by_events == by_projection == EXPECTED
    assert by_events["621000"] == 400
    assert by_events["620800"] + by_events["621200"] == 379
    assert len({event.person_id for event in came}) == figures["total"]["attended"] == 2_908
    assert figures["total"]["attended"] * 1_000 // figures["quota"] == 363
    missed = await all_events(truck, MemberMissed)
    assert figures["total"]["missed"] == len(missed) > 0
    view = (await truck.get(f"/campaigns/{truck.campaign}", "supervisor", "620000")).json()
    assert {quota["prefecture"]: quota["reserved"] for quota in view["prefectures"]} == EXPECTED
