"""Read model `roster_problems`: the codes of every row that has any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.enrolment.v1 import RosterProblemsFound
from contracts.envelope import Event

NAME = "roster_problems"
ROW_NO_MAX = 2**31 - 1

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("batch_id", sa.Text, primary_key=True),
    sa.Column("row_no", sa.Integer, primary_key=True),
    sa.Column("errors", sa.Text, nullable=False),
    sa.Column("warnings", sa.Text, nullable=False),
    sa.Column("holder", sa.Text, nullable=False),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """Codes are kept joined by spaces."""
    match recorded.event:
        case RosterProblemsFound() as event:
            for problem in event.problems:
                yield Put(
                    (event.batch_id, problem.row_no),
                    errors=" ".join(problem.errors),
                    warnings=" ".join(problem.warnings),
                    holder=problem.holder,
                )
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({RosterProblemsFound})
PROJECTION = Projection(name=NAME, version=2, source="enrolment", table=TABLE, apply=apply, events=EVENTS)


class Found(NamedTuple):
    """What was found on one row; `holder` is the code of the organisation through which the person is covered."""

    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    holder: str


async def of_batch(c: AsyncConnection, batch_id: str, after: int = 0, until: int = ROW_NO_MAX) -> dict[int, Found]:
    """Row number to what was found on it, of the rows beyond `after` up to `until`."""
    columns = (TABLE.c.row_no, TABLE.c.errors, TABLE.c.warnings, TABLE.c.holder)
    query = sa.select(*columns).where(TABLE.c.batch_id == batch_id, TABLE.c.row_no > after, TABLE.c.row_no <= until)
    return {
        row_no: Found(tuple(errors.split()), tuple(warnings.split()), holder)
        for row_no, errors, warnings, holder in await c.execute(query)
    }


async def totals(c: AsyncConnection, batch_id: str) -> tuple[Counter[str], Counter[str], int]:
    """Errors and warnings by code and the number of refused rows, so far."""
    found = sa.select(TABLE.c.errors, TABLE.c.warnings, sa.func.count()).where(TABLE.c.batch_id == batch_id)
    errors: Counter[str] = Counter()
    warnings: Counter[str] = Counter()
    refused = 0
    for error_codes, warning_codes, count in await c.execute(found.group_by(TABLE.c.errors, TABLE.c.warnings)):
        for code in error_codes.split():
            errors[code] += count
        for code in warning_codes.split():
            warnings[code] += count
        refused += count if error_codes else 0
    return errors, warnings, refused
