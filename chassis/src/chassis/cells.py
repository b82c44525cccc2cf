"""Figures by dimension: which ones may be asked for, how they are counted, and what is not shown of few people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa
from litestar.di import Provide
from litestar.params import QueryParameter
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.web import Problem
from contracts.envelope import Actor
from contracts.organization import PROVINCE_CODE

DIMENSIONS_MAX = 3
CELLS_MAX = 20_000
PEOPLE = "people"
UNKNOWN = "-"
"""The value of a dimension that is not known, or that a row does not have."""

PLACES = ("city", "county", "union")
"""Dimensions each of which divides the one before."""

By = Annotated[str, QueryParameter(pattern=r"^([a-z_]+(,[a-z_]+)*)?$", max_length=100)]
"""Dimensions in their order, with commas between."""
First = Annotated[str, QueryParameter(name="from", pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
Until = Annotated[str, QueryParameter(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
Public = Annotated[bool, QueryParameter(description="Cells of few people are left out.")]


class Question(msgspec.Struct, frozen=True):
    """What is asked of a report: dimensions, days (both counted, "" for no bound), whether it is for the public."""

    by: str
    days: tuple[str, str]
    public: bool


async def _question(by: By = "", first: First = "", until: Until = "", public: Public = False) -> Question:
    return Question(by, (first, until), public)


ASKED = {"question": Provide(_question)}
"""`@get("/statistics/things", dependencies=ASKED)`: its handler takes a `question: Question`."""


class Cell(msgspec.Struct, frozen=True):
    """One cell: its value of each dimension, its figures; without figures when it is `suppressed`."""

    of: dict[str, str]
    figures: dict[str, int]
    suppressed: bool = False


class Cells(msgspec.Struct, frozen=True):
    """The cells in order of their dimensions, and the figures of all of them together."""

    by: list[str]
    cells: list[Cell]
    total: Cell


Tell = Callable[[Sequence[str]], Awaitable[Cells]]
"""A report, asked by some of its dimensions."""


async def answer(
    tell: Tell, question: Question, by: Sequence[str], actor: Actor, people_min: int, *, sensitive: bool = False
) -> Cells:
    """A report by these dimensions, as it may be shown to whoever asks so.

    For the public it is of the whole province and of all days, by one dimension: two tables that share cells otherwise
    can be had from each other. What is `sensitive` is hidden of few people from everybody, by one dimension as well.
    Raises Problem public-by-one, public-whole.
    """
    if not (question.public or sensitive):
        return await tell(by)
    if question.public and (any(question.days) or actor.org_path != PROVINCE_CODE):
        raise Problem(422, "public-whole", "What is public is told of the whole province and of all days.", "public")
    if len(by) > 1:
        raise Problem(422, "public-by-one", "What is public, or of health, is told by one dimension.", "by")
    above = PLACES[: PLACES.index(by[0])] if by and by[0] in PLACES else ()
    levels = [await tell([*above[:depth], above[depth]]) for depth in range(len(above))]
    return shown(levels, await tell([*above, *by]), people_min)


def dimensions(by: str, known: Sequence[str]) -> list[str]:
    """The dimensions that are asked for. Raises Problem dimension-unknown, dimensions-too-many."""
    asked = [name for name in by.split(",") if name]
    if unknown := [name for name in asked if name not in known]:
        sentence = f"There is no dimension {unknown[0]} here; there are {', '.join(known)}."
        raise Problem(422, "dimension-unknown", sentence, "by")
    if len(asked) > DIMENSIONS_MAX or len(set(asked)) < len(asked):
        raise Problem(422, "dimensions-too-many", f"At most {DIMENSIONS_MAX} different dimensions.", "by")
    return asked


async def counted(
    c: AsyncConnection, facts: sa.FromClause, by: Sequence[str], measures: Mapping[str, sa.ColumnElement[Any]]
) -> Cells:
    """Measure `facts` by some of its columns, and in all. Raises Problem cells-too-many."""

    async def grouped(names: Sequence[str]) -> list[Cell]:
        columns = [facts.c[name] for name in names]
        query = sa.select(*columns, *(measure.label(name) for name, measure in measures.items())).select_from(facts)
        rows = (await c.execute(query.group_by(*columns).order_by(*columns).limit(CELLS_MAX + 1))).all()
        return [
            Cell(
                dict(zip(names, row[: len(names)], strict=True)),
                # Postgres sums bigints into numeric, and has no sum and no median of nothing.
                {name: round(value or 0) for name, value in zip(measures, row[len(names) :], strict=True)},
            )
            for row in rows
        ]

    found = await grouped(by) if by else []
    if len(found) > CELLS_MAX:
        raise Problem(422, "cells-too-many", "So many dimensions at once make too many cells; ask for fewer.", "by")
    return Cells([*by], found, (await grouped(()))[0])


def changed_values(found: Cells, name: str, value_of: Callable[[str], str]) -> Cells:
    """The cells with other values of one dimension, no two of which become one, in the order of their dimensions."""
    cells = [msgspec.structs.replace(cell, of={**cell.of, name: value_of(cell.of[name])}) for cell in found.cells]
    return Cells(found.by, sorted(cells, key=lambda cell: _key(found, cell)), found.total)


def level(path: sa.ColumnElement[str], number: int) -> sa.ColumnElement[str]:
    """The code at a level of an organisation path, the first being 1."""
    return sa.func.coalesce(sa.func.nullif(sa.func.split_part(path, ".", number), ""), UNKNOWN)


def month(day: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """The month of an ISO date."""
    return sa.func.left(day, 7)


def within(day: sa.ColumnElement[str], first: str, last: str) -> list[sa.ColumnElement[bool]]:
    """The condition that an ISO date lies between two, both counted; "" bounds nothing."""
    return [day >= first] * bool(first) + [day <= last] * bool(last)


def age_band(
    birth_year: sa.ColumnElement[int], day: sa.ColumnElement[str], bands: Sequence[tuple[int, int]]
) -> sa.ColumnElement[str]:
    """The band of the age that is reached in a day's year, since a year of birth tells no more; "other" beyond them."""
    age = sa.cast(sa.func.left(day, 4), sa.Integer) - birth_year
    known = [(age.between(least, most), f"{least}-{most}") for least, most in bands]
    return sa.case((sa.or_(birth_year.is_(None), birth_year == 0), UNKNOWN), *known, else_="other")


def percent(part: sa.ColumnElement[Any], whole: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """How many of a hundred, rounded; 0 of nothing."""
    return sa.func.coalesce(part * 100.0 / sa.func.nullif(whole, 0), 0)


def shown(above: Sequence[Cells], found: Cells, people_min: int) -> Cells:
    """For the public: no cell of fewer people, and none that could be had from a sum and the others of it.

    `above` are the same figures by the coarser places, from the coarsest, which may be public as well: each table has
    the dimensions of the one before and one more. Only the last dimension is told.
    """
    hidden: set[tuple[str, ...]] = set()
    for table in (*above, found):
        hidden = _hidden(table, hidden, people_min)
    told = found.by[len(above) :]
    cells = []
    for cell in found.cells:
        of = {name: cell.of[name] for name in told}
        is_hidden = _key(found, cell) in hidden
        cells.append(Cell(of, {} if is_hidden else cell.figures, suppressed=is_hidden))
    small = 0 < _people(found.total) < people_min
    return Cells(told, cells, Cell({}, {}, suppressed=True) if small else found.total)


def _hidden(table: Cells, above: set[tuple[str, ...]], people_min: int) -> set[tuple[str, ...]]:
    """The cells to hide: of few people, of a hidden place, and further ones for the sums that stand elsewhere."""
    people = {_key(table, cell): _people(cell) for cell in table.cells}
    hidden = {key for key, count in people.items() if 0 < count < people_min or key[:-1] in above}
    sums: dict[tuple[str, ...], list[tuple[str, ...]]] = {(): [*people]}
    for key in people:
        sums.setdefault(key[:-1], []).append(key)
    sums[()] = [*people]
    for key, parts in sorted(sums.items(), reverse=True):
        if key not in above:
            hidden |= _more(people, parts, hidden, people_min)
    return hidden


def _more(
    people: dict[tuple[str, ...], int], parts: list[tuple[str, ...]], hidden: set[tuple[str, ...]], people_min: int
) -> set[tuple[str, ...]]:
    """The smallest part that has to be hidden as well, lest the sum tell what is hidden of it.

    People of several parts may be the same ones, so those together are at least as many as those of the largest.
    """
    mine = [key for key in parts if key in hidden and people[key]]
    others = sorted((people[key], key) for key in parts if key not in hidden and people[key])
    enough = len(mine) > 1 and max(people[key] for key in mine) >= people_min
    return set() if not mine or enough else {key for _, key in others[:1]}


def _key(table: Cells, cell: Cell) -> tuple[str, ...]:
    return tuple(cell.of[name] for name in table.by)


def _people(cell: Cell) -> int:
    return cell.figures[PEOPLE]
