"""What a check-up's results said at each time: the first ones and every correction, sealed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import from_text, local_day
from chassis.log import Recorded
from chassis.projections import Projection, Put, Remove, Write
from contracts.envelope import Sealed
from contracts.health_checkup.records import ResultsAmended, ResultsRetracted
from contracts.health_checkup.v1 import ResultsRecorded
from health_checkup.domain.exam import AMENDED_FIELD, FIRST_FIELD

NAME = "exam_versions"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("exam_id", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("person_id", sa.Text, nullable=False, index=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("recorded_on", sa.Text, nullable=False),
    sa.Column("measurements", sa.LargeBinary, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
)
"""`reason` is empty for the first results; `recorded_on` an ISO date in Shanghai."""


class VersionRow(msgspec.Struct, frozen=True):
    """One version; `measurements` stay sealed here."""

    exam_id: str
    version: int
    reason: str
    recorded_on: str
    measurements: Sealed

    @property
    def field(self) -> str:
        """The field that the values are sealed in."""
        return FIRST_FIELD if self.version == 1 else AMENDED_FIELD


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a version."""
    match recorded.event:
        case ResultsRecorded() as event:
            yield _row(recorded, event.exam_id, 1, event.person_id, "", event.measurements)
        case ResultsAmended() as event:
            yield _row(recorded, event.exam_id, event.version, event.person_id, event.reason, event.measurements)
        case ResultsRetracted() as event:
            for version in range(1, event.version + 1):
                yield Remove((event.exam_id, version))
        case _:
            pass


def _row(recorded: Recorded, exam_id: str, version: int, person_id: str, reason: str, measurements: Sealed) -> Put:
    return Put(
        (exam_id, version),
        person_id=person_id,
        reason=reason,
        recorded_on=local_day(from_text(recorded.header.time)).isoformat(),
        measurements=msgspec.json.encode(measurements),
        position=recorded.position,
    )


async def of_exams(c: AsyncConnection, exam_ids: Sequence[str], after: int = 0) -> list[VersionRow]:
    """Every version of some check-ups that stands after a position, in its order."""
    t = TABLE.c
    columns = (t[name] for name in VersionRow.__struct_fields__)
    query = sa.select(*columns).where(t.exam_id.in_([*exam_ids]), t.position > after).order_by(t.exam_id, t.version)
    rows = (await c.execute(query)).mappings().all()
    return [
        VersionRow(**{**row, "measurements": msgspec.json.decode(row["measurements"], type=Sealed)}) for row in rows
    ]


PROJECTION = Projection(NAME, 2, "health_checkup", TABLE, apply)
