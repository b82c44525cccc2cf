"""What members measured at self-service devices, sealed; beside the check-ups in the health record."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.envelope import Sealed
from contracts.health_checkup.records import ReadingTaken

NAME = "readings"
FIELD = "health_checkup.reading-taken.v1/measurements"
SHOWN_MAX = 500
"""A record shows the newest of them."""
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("kiosk_id", sa.Text, primary_key=True),
    sa.Column("reading_id", sa.Text, primary_key=True),
    sa.Column("person_id", sa.Text, nullable=False, index=True),
    sa.Column("package", sa.Text, nullable=False),
    sa.Column("measured_at", sa.Text, nullable=False),
    sa.Column("measurements", sa.LargeBinary, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
)


class ReadingRow(msgspec.Struct, frozen=True):
    """One reading; `measurements` stay sealed here, `measured_at` is RFC 3339 in UTC."""

    kiosk_id: str
    reading_id: str
    package: str
    measured_at: str
    measurements: Sealed


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a reading."""
    match recorded.event:
        case ReadingTaken() as event:
            yield Put(
                (event.kiosk_id, event.reading_id),
                person_id=event.person_id,
                package=event.package,
                measured_at=event.measured_at,
                measurements=msgspec.json.encode(event.measurements),
                position=recorded.position,
            )
        case _:
            pass


async def of_person(c: AsyncConnection, person_id: str, after: int = 0) -> list[ReadingRow]:
    """A person's newest readings that stand after a position, the oldest of them first."""
    t = TABLE.c
    columns = (t[name] for name in ReadingRow.__struct_fields__)
    query = sa.select(*columns).where(t.person_id == person_id, t.position > after)
    newest = query.order_by(t.measured_at.desc(), t.reading_id.desc()).limit(SHOWN_MAX)
    rows = (await c.execute(newest)).mappings().all()
    return [
        ReadingRow(**{**row, "measurements": msgspec.json.decode(row["measurements"], type=Sealed)})
        for row in reversed(rows)
    ]


PROJECTION = Projection(NAME, 1, "health_checkup", TABLE, apply)
