"""A campaign counted by prefecture, stop and package, and what of it may be told so that no two answers tell more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from contracts.envelope import Actor
from health_checkup.domain.finding import WITHDRAWN
from health_checkup.domain.small_cells import Part, Told, protect, protect_twice
from health_checkup.projections import attendances, exams, findings, stops

CELLS_MAX = 2_000
"""A campaign has fewer stops than this."""
By = Literal["prefecture", "stop", "package"]
BY: tuple[By, ...] = ("prefecture", "stop", "package")


class Counted(msgspec.Struct, frozen=True):
    """One prefecture, stop or package; `prefecture` is where a stop lies. `contact_minutes` is a median."""

    key: str
    prefecture: str = ""
    invited: int = 0
    booked: int = 0
    attended: int = 0
    walk_ins: int = 0
    missed: int = 0
    reported: int = 0
    in_time: int = 0
    abnormal: int = 0
    class_a: int = 0
    class_b: int = 0
    contacted: int = 0
    contact_minutes: int | None = None


@dataclass(frozen=True)
class Disclosure:
    """Which counts of health may be told: of the whole, and of the parts that were asked for."""

    least: int
    abnormal: Told
    class_a: Told

    def withheld(self) -> Disclosure:
        """Of class A nothing."""
        return replace(self, class_a=Told(whole=False))


@dataclass(frozen=True)
class Tables:
    """One subtree of a campaign counted in three ways, and as a whole: who was asked at two stops is one person."""

    by: Mapping[By, Sequence[Counted]]
    whole: Counted

    def disclosure(self, by: By, least: int) -> Disclosure:
        """What may be told beside each other in all answers: a whole that one way of counting gives away is in none."""
        abnormal = {one: self._parts(one, "abnormal", "reported") for one in BY}
        # Of the abnormal, not of all: how many of those are of another class or of none is told as well.
        class_a = {one: self._parts(one, "class_a", "abnormal") for one in BY}
        return Disclosure(least, self._told(by, abnormal, least), self._told(by, class_a, least))

    def _parts(self, by: By, count: str, of: str) -> dict[str, Part]:
        return {one.key: Part(getattr(one, count), getattr(one, of)) for one in self.by[by]}

    def _told(self, by: By, parts: Mapping[By, Mapping[str, Part]], least: int) -> Told:
        lies_in = {one.key: one.prefecture for one in self.by["stop"]}
        groups: dict[str, dict[str, Part]] = {}
        for stop_id, part in parts["stop"].items():
            groups.setdefault(lies_in[stop_id], {})[stop_id] = part
        placed, packages = protect_twice(groups, least), protect(parts["package"], least)
        if not (placed.whole and packages.whole):
            return Told(whole=False)
        shown = {"prefecture": placed.groups, "stop": placed.parts, "package": packages.parts}
        return Told(whole=True, parts=shown[by])


async def tables(c: AsyncConnection, campaign: str, within: Actor | None, days: int) -> Tables:
    """Count a campaign in the actor's subtree, everywhere without one; reported in time is within so many days."""
    by = {one: await _counted(c, campaign, one, within, days) for one in BY}
    whole = await _counted(c, campaign, None, within, days)
    return Tables(by, whole[0] if whole else Counted(""))


async def _counted(c: AsyncConnection, campaign: str, by: By | None, within: Actor | None, days: int) -> list[Counted]:
    """The attendances, results and findings of each cell; without `by`, of the whole."""
    s, a, e = stops.TABLE.c, attendances.TABLE.c, exams.TABLE.c
    # The package is the member's: the stop's is what it examines by unless the provider says otherwise.
    package = sa.func.coalesce(e.package, s.package)
    key = {None: sa.literal(""), "prefecture": s.prefecture, "stop": s.stop_id, "package": package}[by]
    prefecture = sa.func.min(s.prefecture)
    where = [s.campaign == campaign, *([in_subtree(s.org_path, within)] if within else [])]
    of_exam = sa.and_(e.stop_id == a.stop_id, e.person_id == a.person_id)
    people = (
        sa.select(
            key.label("key"),
            prefecture,
            sa.func.count(sa.distinct(a.person_id)).filter(a.wave.is_not(None)),
            sa.func.count(sa.distinct(a.person_id)).filter(a.slot_id.is_not(None)),
            sa.func.count(sa.distinct(a.person_id)).filter(a.attended_at.is_not(None)),
            sa.func.count(sa.distinct(a.person_id)).filter(a.walk_in),
            sa.func.count(sa.distinct(a.person_id)).filter(a.missed_at.is_not(None)),
        )
        .join_from(stops.TABLE, attendances.TABLE, a.stop_id == s.stop_id)
        .outerjoin(exams.TABLE, of_exam)
        .where(*where)
        .group_by(sa.text("key"))
        .order_by(sa.text("key"))
        .limit(CELLS_MAX)
    )
    examined = await _examined(c, key, where, days)
    nothing = (0, 0, 0, 0, 0, 0, None)
    return [Counted(*row, *examined.get(row[0], nothing)) for row in await c.execute(people)]


async def _examined(
    c: AsyncConnection, key: sa.ColumnElement[str], where: Sequence[sa.ColumnElement[bool]], days: int
) -> dict[str, tuple[Any, ...]]:
    """By key: results, those in time, the abnormal, class A and B, class A contacted, and the median minutes to it."""
    s, e, f = stops.TABLE.c, exams.TABLE.c, findings.TABLE.c
    took = sa.cast(e.recorded_on, sa.Date) - sa.cast(e.examined_on, sa.Date)
    contact = sa.cast(f.contacted_at, sa.DateTime(timezone=True)) - sa.cast(f.raised_at, sa.DateTime(timezone=True))
    minutes = sa.func.percentile_cont(0.5).within_group(sa.extract("epoch", contact) / 60)
    urgent = (f.finding_class == "A", f.stage != WITHDRAWN)
    results = (
        sa.select(
            key.label("key"),
            sa.func.count(e.exam_id),
            sa.func.count(e.exam_id).filter(took <= days),
            sa.func.count(e.exam_id).filter(e.abnormal > 0),
            sa.func.count(f.finding_id).filter(*urgent),
            sa.func.count(f.finding_id).filter(f.finding_class == "B", f.stage != WITHDRAWN),
            sa.func.count(f.finding_id).filter(*urgent, f.contacted_at.is_not(None)),
            sa.cast(minutes.filter(*urgent, f.contacted_at.is_not(None)), sa.Integer),
        )
        .join_from(stops.TABLE, exams.TABLE, e.stop_id == s.stop_id)
        .outerjoin(findings.TABLE, f.exam_id == e.exam_id)
        .where(*where)
        .group_by(sa.text("key"))
    )
    return {row[0]: tuple(row[1:]) for row in await c.execute(results)}
