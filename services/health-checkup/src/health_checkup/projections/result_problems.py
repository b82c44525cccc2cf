"""Entries of providers' files that could not be taken and wait to be corrected; no value is among them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Remove, Write
from contracts.health_checkup.records import ResultProblemFound, ResultProblemSettled

NAME = "result_problems"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("stop_id", sa.Text, primary_key=True),
    sa.Column("problem_id", sa.Text, primary_key=True),
    sa.Column("format", sa.Text, nullable=False),
    sa.Column("entry", sa.Integer, nullable=False),
    sa.Column("person_id", sa.Text, nullable=False),
    sa.Column("item", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("found_at", sa.Text, nullable=False),
)


class ProblemView(msgspec.Struct, frozen=True):
    """One entry: where it stood in its file, whose and what it is as far as that was understood, and why not taken."""

    problem_id: str
    format: str
    entry: int
    person_id: str
    item: str
    code: str


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row an entry that waits."""
    match recorded.event:
        case ResultProblemFound() as event:
            yield Put(
                (event.stop_id, event.problem_id),
                format=event.format,
                entry=event.entry,
                person_id=event.person_id,
                item=event.item,
                code=event.code,
                found_at=recorded.header.time,
            )
        case ResultProblemSettled() as event:
            yield Remove((event.stop_id, event.problem_id))
        case _:
            pass


async def of_stop(c: AsyncConnection, stop_id: str, after: str, limit: int) -> list[ProblemView]:
    """What waits at a stop, in the order of the ids, after one."""
    t = TABLE.c
    columns = (t[name] for name in ProblemView.__struct_fields__)
    query = sa.select(*columns).where(t.stop_id == stop_id, t.problem_id > after)
    rows = (await c.execute(query.order_by(t.problem_id).limit(limit))).mappings().all()
    return [ProblemView(**row) for row in rows]


PROJECTION = Projection(NAME, 1, "health_checkup", TABLE, apply)
