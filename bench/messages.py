"""A roster's cover starts beside claims: how fast they go out, what one costs, and whether a claim's message waits."""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from contracts.notify.v1 import MessageHandedOver, MessageQueued
from huzhu.demo.calendar import office_hour
from huzhu.demo.cast import FIRST_ROW, Role, fact_files
from huzhu.demo.claims import ClaimsDesk
from huzhu.demo.gateway import Gateway
from huzhu.demo.result import recorded
from huzhu.demo.story import PLAN, ROSTER_SEED, Story
from huzhu.runner.control import supervisor_pid
from huzhu.runner.cpu import cpu_seconds
from huzhu.runner.home import Home
from huzhu.synthetic.people import Person, id_number, mobile, name
from huzhu.synthetic.roster import generate, write

CASE = "truck-driver-injured"
FILED_ON = date(2022, 1, 12)
"""Not long after the covers start, in working hours, and inside the cover."""
HAPPENED_ON = "2022-01-05"
AGE_DAYS = (30 * 365, 52 * 365)
ROWS_APART = 3
IDLE_S = 10.0
LOOK_S = 2.0
SETTLE_S = 10.0
TELLING_S_MAX = 7_200.0
CHARGED = ("notify", "postgres", "simulators.sms")
URGENT_LANES = ("urgent", "paper")


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """From the message's promise to its handing over to the provider, in real milliseconds."""

    messages: int = 0
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    max_ms: float = 0.0


class Messages(msgspec.Struct, frozen=True, kw_only=True):
    """One run; `beside` and `alone` are claims' messages while the bulk lane is full, and while it is empty.

    `seconds` from the day's beginning to the last message sent, `receipts_s` to the last receipt; `cpu_ms` is what one
    cover start took of each program, idle time taken off.
    """

    members: int = 0
    told: int = 0
    delivered: int = 0
    seconds: float = 0.0
    receipts_s: float = 0.0
    cpu_ms: dict[str, float] = {}
    beside: dict[str, Waits] = {}
    alone: dict[str, Waits] = {}


class Steady(Gateway):
    """Files claims without setting the clock back to their hour: what was queued since would wait for it again."""

    def at(self, moment: datetime) -> None:
        """The time runs on."""


def measure(home: Home, members: int, claims: int, every_s: float, console: Console) -> Messages:
    """Import a roster on an empty machine that runs, let its covers start, and file claims meanwhile."""
    gateway = Gateway(home)
    roles = claimants(2 * claims)
    _take_in(gateway, members, roles, console)
    desk = ClaimsDesk(Steady(home), PLAN)
    idle = _spent(home, lambda: time.sleep(IDLE_S))
    began, before = time.monotonic(), _cpu(home)
    gateway.at(office_hour(FILED_ON))
    beside: set[str] = set()
    waiting = list(roles[:claims])
    next_claim = time.monotonic() + every_s
    told_s = 0.0
    while time.monotonic() - began < TELLING_S_MAX:
        if waiting and time.monotonic() >= next_claim:
            next_claim = time.monotonic() + every_s
            beside.add(_file(gateway, desk, waiting.pop()))
        counts = gateway.get("notify/summary")
        sent, delivered = counts["sent_by_template"].get("cover-starts", 0), counts["delivered"]
        console.print(f"{time.monotonic() - began:7.1f} s  {sent:,} told, {delivered:,} delivered")
        told_s = told_s or (time.monotonic() - began if sent >= _covered(gateway) else 0.0)
        if told_s and delivered >= counts["sent"]:
            break
        time.sleep(LOOK_S)
    spent, seconds = _less(_cpu(home), before), time.monotonic() - began
    alone = set()
    for role in roles[claims:]:
        time.sleep(every_s)
        alone.add(_file(gateway, desk, role))
    time.sleep(SETTLE_S)
    return Messages(
        members=members,
        told=sent,
        delivered=delivered,
        seconds=round(told_s, 1),
        receipts_s=round(seconds, 1),
        cpu_ms={
            name: round(1000 * (spent.get(name, 0.0) - idle.get(name, 0.0) * seconds / IDLE_S) / max(sent, 1), 2)
            for name in CHARGED
        },
        beside=asyncio.run(_waits(gateway, beside)),
        alone=asyncio.run(_waits(gateway, alone)),
    )


def claimants(count: int) -> list[Role]:
    """So many members who were hurt, each with another claim of the same facts."""
    draw = random.Random("bench-messages")  # noqa: S311 - synthetic people, the same each time
    [case] = [one for one in fact_files() if one["case"] == CASE]
    facts = case | {"filed_on": FILED_ON.isoformat(), "incident": case["incident"] | {"decisive_on": HAPPENED_ON}}
    union_code = f"{case['division_code']}1{draw.randint(1, 40):06d}"
    roles = []
    for _ in range(count):
        born = FILED_ON.toordinal() - draw.randrange(*AGE_DAYS)
        member = Person(
            name=name(draw),
            id_no=id_number(draw, date.fromordinal(born)),
            mobile=mobile(draw),
            occupation="货车司机",
            union_code=union_code,
            division_code=case["division_code"],
        )
        roles.append(Role(facts, member, union_code))
    return roles


def _take_in(gateway: Gateway, members: int, roles: list[Role], console: Console) -> None:
    people = {FIRST_ROW + ROWS_APART * place: role.member for place, role in enumerate(roles)}
    story = Story(gateway, members, _quietly)
    story.donate()
    with tempfile.TemporaryDirectory() as folder:
        roster = Path(folder) / "roster.csv"
        write(roster, generate(members, ROSTER_SEED, "none", people=people), encoding="gb18030")
        story.take_in(roster)
    console.print(f"{_covered(gateway):,} people covered, known everywhere after {story.told.caught_up_s} s")


def _quietly(what: str, done: int, of: int) -> None:
    """No bar: what is measured is shown at the end."""


def _covered(gateway: Gateway) -> int:
    return int(gateway.get(f"enrolment/plans/{PLAN}", "office_head")["covered"])


def _file(gateway: Gateway, desk: ClaimsDesk, role: Role) -> str:
    """File a claim and ask for a code: a message of the paper lane and one of the urgent lane. The member."""
    person_id = desk.file(role).person_id
    gateway.post("notify/bindings/codes", None, "member", sub=person_id)
    return person_id


async def _waits(gateway: Gateway, people: set[str]) -> dict[str, Waits]:
    queued = {event.message_id: (at, event) for at, event in await recorded(gateway, "notify", MessageQueued)}
    found: dict[str, list[float]] = {lane: [] for lane in URGENT_LANES}
    for at, event in await recorded(gateway, "notify", MessageHandedOver):
        since, message = queued[event.message_id]
        if message.recipient_id in people and message.lane in found:
            found[message.lane].append((at - since).total_seconds() * 1000)
    return {lane: _summed(waits) for lane, waits in found.items()}


def _summed(waits: list[float]) -> Waits:
    if not waits:
        return Waits()
    waits.sort()
    return Waits(
        messages=len(waits),
        p50_ms=round(statistics.median(waits), 1),
        p95_ms=round(waits[min(len(waits) - 1, int(len(waits) * 0.95))], 1),
        max_ms=round(waits[-1], 1),
    )


def _cpu(home: Home) -> dict[str, float]:
    pid = supervisor_pid(home)
    assert pid is not None
    return cpu_seconds(pid)


def _spent(home: Home, act: Callable[[], Any]) -> dict[str, float]:
    before = _cpu(home)
    act()
    return _less(_cpu(home), before)


def _less(after: dict[str, float], before: dict[str, float]) -> dict[str, float]:
    return {name: seconds - before.get(name, 0.0) for name, seconds in after.items()}


def show(found: Messages, console: Console) -> None:
    """Print what was found."""
    cost = ", ".join(f"{name} {ms} ms" for name, ms in found.cpu_ms.items())
    console.print(
        f"{found.told:,} of {found.members:,} told in {found.seconds} s "
        f"({found.told / max(found.seconds, 0.1):.0f} a second), receipts after {found.receipts_s} s; "
        f"processor time each: {cost}"
    )
    table = Table(title="A claim's message: promised → handed over")
    for heading in ("bulk lane", "lane", "messages", "p50 ms", "p95 ms", "max ms"):
        table.add_column(heading, justify="right")
    for title, lanes in (("full", found.beside), ("empty", found.alone)):
        for lane, waits in lanes.items():
            table.add_row(title, lane, str(waits.messages), f"{waits.p50_ms}", f"{waits.p95_ms}", f"{waits.max_ms}")
    console.print(table)
