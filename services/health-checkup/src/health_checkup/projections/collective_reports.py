"""What each stop found, in the numbers that its provider issued to the union."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.envelope import Actor
from contracts.health_checkup.records import CollectiveReportIssued, ItemCount

NAME = "collective_reports"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("stop_id", sa.Text, primary_key=True),
    sa.Column("campaign", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("issue", sa.Integer, nullable=False),
    sa.Column("examined", sa.Integer, nullable=False),
    sa.Column("small_cell", sa.Integer, nullable=False),
    sa.Column("items", sa.LargeBinary, nullable=False),
    sa.Column("findings", sa.LargeBinary, nullable=False),
    sa.Column("issued_on", sa.Text, nullable=False),
)


class ReportRow(msgspec.Struct, frozen=True):
    """The newest issue of a stop; what is -1 in its counts was left out."""

    stop_id: str
    campaign: str
    issue: int
    examined: int
    small_cell: int
    items: tuple[ItemCount, ...]
    findings: tuple[ItemCount, ...]
    issued_on: str


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a stop; a later issue replaces it."""
    match recorded.event:
        case CollectiveReportIssued() as event:
            yield Put(
                (event.stop_id,),
                campaign=event.campaign,
                org_path=event.org_path,
                issue=event.issue,
                examined=event.examined,
                small_cell=event.small_cell,
                items=msgspec.json.encode(event.items),
                findings=msgspec.json.encode(event.findings),
                issued_on=event.issued_on,
            )
        case _:
            pass


async def of_stop(c: AsyncConnection, stop_id: str, actor: Actor) -> ReportRow | None:
    """The numbers of a stop of the actor's subtree, once they were issued."""
    t = TABLE.c
    columns = (t[name] for name in ReportRow.__struct_fields__)
    query = sa.select(*columns).where(t.stop_id == stop_id, in_subtree(t.org_path, actor))
    row = (await c.execute(query)).mappings().first()
    if row is None:
        return None
    counts = {name: msgspec.json.decode(row[name], type=tuple[ItemCount, ...]) for name in ("items", "findings")}
    return ReportRow(**{**row, **counts})


PROJECTION = Projection(NAME, 1, "health_checkup", TABLE, apply)
