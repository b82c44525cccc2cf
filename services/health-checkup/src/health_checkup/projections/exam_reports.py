"""The provider's signed reports: where each is kept, and until when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Remove, Write
from contracts.health_checkup.records import ReportAttached, ResultsRetracted

NAME = "exam_reports"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("exam_id", sa.Text, primary_key=True),
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("person_id", sa.Text, nullable=False, index=True),
    sa.Column("stop_id", sa.Text, nullable=False),
    sa.Column("attached_on", sa.Text, nullable=False),
    sa.Column("kept_until", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
)
"""`sha256` is of the sealed bytes and names where they are kept; the days are ISO dates."""


class ReportRow(msgspec.Struct, frozen=True):
    """One report, without its content."""

    exam_id: str
    sha256: str
    stop_id: str
    attached_on: str
    kept_until: str


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a report."""
    match recorded.event:
        case ReportAttached() as event:
            yield Put(
                (event.exam_id, event.sha256),
                person_id=event.person_id,
                stop_id=event.stop_id,
                attached_on=event.attached_on,
                kept_until=event.kept_until,
                position=recorded.position,
            )
        case ResultsRetracted(exam_id=exam_id, reports=reports):
            for sha256 in reports:
                yield Remove((exam_id, sha256))
        case _:
            pass


async def of_person(c: AsyncConnection, person_id: str, exam_ids: Sequence[str], after: int = 0) -> list[ReportRow]:
    """The reports of some of a person's check-ups that stand after a position, in the order they came."""
    t = TABLE.c
    columns = (t[name] for name in ReportRow.__struct_fields__)
    query = sa.select(*columns).where(t.person_id == person_id, t.exam_id.in_([*exam_ids]), t.position > after)
    return [ReportRow(**row) for row in (await c.execute(query.order_by(t.position))).mappings().all()]


PROJECTION = Projection(NAME, 2, "health_checkup", TABLE, apply)
