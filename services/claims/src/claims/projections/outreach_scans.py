"""Read model `outreach_scans`: the scans of each scene code, day by day."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from chassis.log import Recorded
from chassis.projections import Count, Projection, Write
from contracts.claims.outreach import OutreachScanned
from contracts.envelope import Event

NAME = "outreach_scans"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("scene_code", sa.Text, primary_key=True),
    sa.Column("scanned_on", sa.Text, primary_key=True),
    sa.Column("scans", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("late_scans", sa.BigInteger, nullable=False, server_default="0"),
)
"""An ISO date in Asia/Shanghai; `late_scans` of the scans are of a code that had been taken down."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a code and day."""
    match recorded.event:
        case OutreachScanned() as event:
            yield Count((event.scene_code, event.scanned_on), scans=1, late_scans=int(event.taken_down))
        case _:
            pass


EVENTS: frozenset[type[Event]] = frozenset({OutreachScanned})
PROJECTION = Projection(name=NAME, version=1, source="claims", table=TABLE, apply=apply, events=EVENTS)
