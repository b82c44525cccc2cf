"""Every step of every follow-up, its class and note: the written record of class A and B (domain 8.2)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.envelope import Sealed
from contracts.health_checkup.records import ContactAttempted, FindingReclassified
from contracts.health_checkup.v1 import FindingRaised, FollowUpRecorded

NAME = "follow_ups"
FIELD = "health_checkup.follow-up-recorded.v1/note"
ATTEMPTED = "ATTEMPTED"
RAISED, RECLASSIFIED = "RAISED", "RECLASSIFIED"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("finding_id", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("finding_class", sa.Text, nullable=False),
    sa.Column("note", sa.LargeBinary, nullable=True),
    sa.Column("taken_at", sa.Text, nullable=False),
    sa.Column("taken_by", sa.Text, nullable=False),
)
"""`step` is an outcome of the follow-up, ATTEMPTED with its `channel`, or RAISED or RECLASSIFIED with its
`finding_class`, both "" elsewhere; `taken_at` is business time in UTC; the note is sealed."""


class StepRow(msgspec.Struct, frozen=True):
    """One step; `note` stays sealed here."""

    step: str
    channel: str
    finding_class: str
    note: Sealed | None
    taken_at: str
    taken_by: str


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a step."""
    match recorded.event:
        case FollowUpRecorded() as event:
            note = None if event.note is None else msgspec.json.encode(event.note)
            yield _row(recorded, event.finding_id, event.outcome, note=note)
        case ContactAttempted() as event:
            yield _row(recorded, event.finding_id, ATTEMPTED, channel=event.channel)
        case FindingRaised() as event:
            yield _row(recorded, event.finding_id, RAISED, finding_class=event.finding_class)
        case FindingReclassified() as event:
            yield _row(recorded, event.finding_id, RECLASSIFIED, finding_class=event.finding_class)
        case _:
            pass


def _row(
    recorded: Recorded,
    finding_id: str,
    step: str,
    *,
    channel: str = "",
    finding_class: str = "",
    note: bytes | None = None,
) -> Put:
    return Put(
        (finding_id, recorded.position),
        step=step,
        channel=channel,
        finding_class=finding_class,
        note=note,
        taken_at=recorded.header.time,
        taken_by=recorded.header.actorsub,
    )


async def of_finding(c: AsyncConnection, finding_id: str) -> list[StepRow]:
    """The steps of one finding in their order."""
    t = TABLE.c
    columns = (t[name] for name in StepRow.__struct_fields__)
    rows = (
        (await c.execute(sa.select(*columns).where(t.finding_id == finding_id).order_by(t.position))).mappings().all()
    )
    return [
        StepRow(**{**row, "note": None if row["note"] is None else msgspec.json.decode(row["note"], type=Sealed)})
        for row in rows
    ]


PROJECTION = Projection(NAME, 2, "health_checkup", TABLE, apply)
