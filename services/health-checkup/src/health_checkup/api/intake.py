"""Files of a provider: each entry is taken or answered by itself, and what was not taken waits to be corrected."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from chassis.decider import Rejected
from chassis.execute import Session
from chassis.keyring import Erased, Restricted
from contracts.health_checkup.records import ResultProblemFound
from contracts.person import Measurements
from health_checkup.api import recording
from health_checkup.domain.finding import ContactRules
from health_checkup.domain.handin import HANDIN, RecordProblems
from health_checkup.domain.package import PACKAGES, Item, item_of, judge
from health_checkup.domain.stop import Open as OpenedStop
from health_checkup.projections import people

PERSON_ID = re.compile(r"[0-9A-Za-z-]{1,80}")
ADVICE_CHARS_MAX = 2_000
PROBLEM_ID_CHARS = 32


@dataclass(frozen=True)
class Cell:
    """One value of a file: `entry` is its place, `corrects` whether it replaces a recorded one."""

    entry: int
    person_id: str
    item: str
    value: str
    corrects: bool


@dataclass(frozen=True)
class Fault:
    """One entry that cannot be taken: whose and what it is as far as that was understood, and the code."""

    entry: int
    person_id: str
    item: str
    code: str


@dataclass(frozen=True)
class Advice:
    """What the doctor advises a member, and where it stands."""

    entry: int
    text: str


@dataclass(frozen=True)
class Sheet:
    """A file as it was read; `advice` by member; `package` is the one its sender named, "" for the stop's."""

    format: str
    cells: tuple[Cell, ...]
    faults: tuple[Fault, ...]
    advice: Mapping[str, Advice] = field(default_factory=dict)
    package: str = ""


@dataclass(frozen=True)
class Share:
    """What of a file is one member's: the record before, and as it would be after."""

    whose: recording.Examined
    now: recording.Standing
    package: str
    after: Measurements


@dataclass(frozen=True)
class Weighed:
    """A file held against what is recorded: what each member's share makes of the record, and every fault."""

    shares: Mapping[str, Share]
    taken: frozenset[tuple[str, str]]
    faults: tuple[Fault, ...]


async def weigh(session: Session, stop_id: str, stop: OpenedStop, sheet: Sheet) -> Weighed:
    """Hold a file against the stop and the records; nothing is decided yet."""
    by_person: dict[str, list[Cell]] = {person_id: [] for person_id in sheet.advice}
    faults = [*sheet.faults]
    for cell in sheet.cells:
        by_person.setdefault(cell.person_id, []).append(cell)
    async with session.reads.connection() as c:
        known = await people.known(c, [one for one in by_person if PERSON_ID.fullmatch(one)])
    shares: dict[str, Share] = {}
    taken: set[tuple[str, str]] = set()
    for person_id, cells in by_person.items():
        advice = sheet.advice.get(person_id)
        if person_id not in known or person_id not in stop.attended:
            # What stands there may be a name: it is not repeated.
            faults += _all_refused(cells, advice, "", "member-unknown")
            continue
        whose = recording.Examined(stop_id, stop, person_id, known[person_id])
        try:
            now = await recording.standing(session, whose)
            package = recording.package_for(now, sheet.package)
            await session.keyring.ensure([(person_id, "health")])
        except Rejected as refused:
            faults += _all_refused(cells, advice, person_id, refused.code)
            continue
        except Restricted:
            faults += _all_refused(cells, advice, person_id, "data-restricted")
            continue
        except Erased:
            faults += _all_refused(cells, advice, person_id, "data-erased")
            continue
        before = now.said or Measurements(values={})
        values, wrong = _weighed(cells, before.values, package, known[person_id])
        faults += wrong
        taken |= {(person_id, item) for item in values}
        after = Measurements(values={**before.values, **values}, advice=advice.text if advice else before.advice)
        if after.values:
            shares[person_id] = Share(whose, now, package, after)
        elif advice:
            faults.append(Fault(advice.entry, person_id, "", "results-missing"))
    return Weighed(shares, frozenset(taken), tuple(sorted(faults, key=lambda fault: (fault.entry, fault.item))))


def _all_refused(cells: Iterable[Cell], advice: Advice | None, person_id: str, code: str) -> list[Fault]:
    """Everything that a file says of somebody, for one reason."""
    told = {(cell.entry, cell.item) for cell in cells} or ({(advice.entry, "")} if advice else set())
    return [Fault(entry, person_id, item, code) for entry, item in sorted(told)]


def _weighed(
    cells: Iterable[Cell], before: Mapping[str, str], package: str, known: people.Known
) -> tuple[dict[str, str], list[Fault]]:
    """The values that may be taken, as they are or were recorded, and what is wrong with the others."""
    values: dict[str, str] = {}
    faults: list[Fault] = []
    for cell in cells:
        try:
            item = item_of(PACKAGES[package], cell.item)
            judge(item, cell.value, known.sex, None)
        except Rejected as refused:
            faults.append(Fault(cell.entry, cell.person_id, cell.item, refused.code))
            continue
        earlier = values.get(cell.item)
        if earlier is not None and not same_value(item, earlier, cell.value):
            faults.append(Fault(cell.entry, cell.person_id, cell.item, "item-twice"))
        elif cell.item in before and same_value(item, before[cell.item], cell.value):
            values[cell.item] = before[cell.item]
        elif cell.item in before and not cell.corrects:
            faults.append(Fault(cell.entry, cell.person_id, cell.item, "value-differs"))
        else:
            values[cell.item] = cell.value
    return values, faults


def same_value(item: Item, one: str, other: str) -> bool:
    """5 and 5.0 are one value."""
    return one == other or (not item.options and Decimal(one) == Decimal(other))


async def record(session: Session, rules: ContactRules, stop_id: str, sheet: Sheet, weighed: Weighed) -> int:
    """Decide everything that a file brings; returns how many members' records it changed."""
    changed = 0
    for share in weighed.shares.values():
        if share.now.said == share.after:
            continue
        await recording.write(session, rules, share.whose, share.now, share.package, share.after)
        changed += 1
    found = tuple(problem(stop_id, sheet.format, fault) for fault in weighed.faults)
    command = RecordProblems(stop_id, found, weighed.taken, session.actor.sub)
    await session.decide(HANDIN, stop_id, command)
    return changed


def problem(stop_id: str, file_format: str, fault: Fault) -> ResultProblemFound:
    """The same fault of the same member is one problem, however often the file comes."""
    about = f"{fault.person_id}|{fault.item}" if fault.person_id else f"{file_format}|{fault.entry}|{fault.item}"
    problem_id = hashlib.sha256(f"{about}|{fault.code}".encode()).hexdigest()[:PROBLEM_ID_CHARS]
    return ResultProblemFound(
        problem_id=problem_id,
        stop_id=stop_id,
        format=file_format,
        entry=fault.entry,
        person_id=fault.person_id,
        item=fault.item,
        code=fault.code,
    )
