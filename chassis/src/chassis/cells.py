"""Figures by dimension: which ones may be asked for, how they are counted, and what is not shown of few people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa
from litestar.di import Provide
from litestar.params import QueryParameter
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.web import Problem

DIMENSIONS_MAX = 3
CELLS_MAX = 20_000
PEOPLE = "people"
UNKNOWN = "-"
"""The value of a dimension that is not known, or that a row does not have."""

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

    def shown(self, found: Cells, people_min: int) -> Cells:
        """As it may be shown to whoever asks so."""
        return shown(found, people_min) if self.public else found


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


def shown(found: Cells, people_min: int) -> Cells:
    """For the public: no cell of fewer people, and none that could be had from the total and the others."""
    few = [cell for cell in found.cells if 0 < cell.figures[PEOPLE] < people_min]
    left = sorted((cell for cell in found.cells if cell.figures[PEOPLE] >= people_min), key=_people)
    if left and few and sum(map(_people, few)) < people_min:
        # The total less all others would tell what the few together are: the smallest of the others goes with them.
        few.append(left[0])
    hidden = {id(cell) for cell in few}
    cells = [_suppressed(cell) if id(cell) in hidden else cell for cell in found.cells]
    small = 0 < found.total.figures[PEOPLE] < people_min
    return Cells(found.by, cells, _suppressed(found.total) if small else found.total)


def _people(cell: Cell) -> int:
    return cell.figures[PEOPLE]


def _suppressed(cell: Cell) -> Cell:
    return Cell(cell.of, {}, suppressed=True)
