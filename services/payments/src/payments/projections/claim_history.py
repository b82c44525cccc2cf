"""What payments needs of claims to foresee its funds: cases filed, open and decided, by kind of incident or relief."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import from_text, local_day
from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.claims.process import ClaimClosedIncomplete, ClaimReopened, ClaimWithdrawn
from contracts.claims.relief import (
    ReliefClosedIncomplete,
    ReliefFiled,
    ReliefGranted,
    ReliefRefused,
    ReliefReopened,
    ReliefWithdrawn,
)
from contracts.claims.v1 import ClaimApproved, ClaimFiled, ClaimRejected
from contracts.envelope import Event
from payments.domain.forecast import KindHistory
from payments.domain.ledger import POOL, RELIEF, Fund

NAME = "claim_history"
OPEN, GRANTED, REFUSED, CLOSED = "open", "granted", "refused", "closed"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("claim_id", sa.Text, primary_key=True),
    sa.Column("plan_code", sa.Text, nullable=False),
    sa.Column("fund", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("event_month", sa.Text, nullable=False),
    sa.Column("filed_month", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("granted_fen", sa.BigInteger, nullable=False),
    sa.Column("ended_month", sa.Text, nullable=False),
    sa.Index("claim_history_by_plan", "plan_code", "fund", "kind"),
)
"""Months are `YYYY-MM`; `kind` is that of the incident, in the relief fund that of the relief, whose id stands for the
claim's; a withdrawn or incomplete case is closed.

`ended_month` is when it stopped to be open, by the date of the event that ended it; "" while it is open.
"""
C = TABLE.c
EVENTS: frozenset[type[Event]] = frozenset(
    {
        *(ClaimFiled, ClaimApproved, ClaimRejected, ClaimWithdrawn, ClaimClosedIncomplete, ClaimReopened),
        *(ReliefFiled, ReliefGranted, ReliefRefused, ReliefWithdrawn, ReliefClosedIncomplete, ReliefReopened),
    }
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a case."""
    match recorded.event:
        case ClaimFiled() as event:
            opened = (event.plan_code, POOL, event.incident.kind)
            yield _filed(event.claim_id, *opened, event.incident.decisive_on, event.filed_on)
        case ReliefFiled() as event:
            yield _filed(event.relief_id, event.plan_code, RELIEF, event.kind, event.happened_on, event.filed_on)
        case ClaimApproved(claim_id=key, total_fen=fen) | ReliefGranted(relief_id=key, amount_fen=fen):
            yield Patch((key,), state=GRANTED, granted_fen=fen, ended_month=_month(recorded))
        case ClaimRejected(claim_id=key) | ReliefRefused(relief_id=key):
            yield Patch((key,), state=REFUSED, granted_fen=0, ended_month=_month(recorded))
        case (
            ClaimWithdrawn(claim_id=key)
            | ClaimClosedIncomplete(claim_id=key)
            | ReliefWithdrawn(relief_id=key)
            | ReliefClosedIncomplete(relief_id=key)
        ):
            yield Patch((key,), state=CLOSED, ended_month=_month(recorded))
        case ClaimReopened(claim_id=key) | ReliefReopened(relief_id=key):
            yield Patch((key,), state=OPEN, ended_month="")
        case _:
            pass


def _filed(key: str, plan_code: str, fund: Fund, kind: str, event_on: str, filed_on: str) -> Put:
    return Put(
        (key,),
        plan_code=plan_code,
        fund=fund.name,
        kind=kind,
        event_month=event_on[:7],
        filed_month=filed_on[:7],
        state=OPEN,
        granted_fen=0,
        ended_month="",
    )


def _month(recorded: Recorded) -> str:
    return local_day(from_text(recorded.header.time)).isoformat()[:7]


PROJECTION = Projection(NAME, 3, "claims", TABLE, apply, events=EVENTS)


async def by_kind(
    c: AsyncConnection, plan_code: str, fund: Fund, first_month: str, until_month: str
) -> dict[str, KindHistory]:
    """A fund's cases by kind, as they stood at the end of `until_month`; months count from `first_month`.

    A case that was reopened since counts as open all along.
    """
    ended = (C.ended_month != "") & (C.ended_month <= until_month)
    decided = C.state.in_((GRANTED, REFUSED)) & ended
    of_plan = (C.plan_code == plan_code) & (C.fund == fund.name) & (C.filed_month <= until_month)
    counted = sa.select(
        C.kind,
        sa.func.count().filter(decided),
        sa.func.coalesce(sa.func.sum(C.granted_fen).filter(decided), 0),
        sa.func.coalesce(sa.func.sum(C.granted_fen * C.granted_fen).filter(decided), 0),
        sa.func.count().filter(~ended),
    ).where(of_plan)
    delays = sa.select(C.kind, C.event_month, C.filed_month, sa.func.count()).where(of_plan)
    reports: dict[str, dict[tuple[int, int], int]] = {}
    for kind, event_month, filed_month, count in await c.execute(delays.group_by(C.kind, C.event_month, C.filed_month)):
        event = max(months_between(first_month, event_month), 0)
        delay = max(months_between(event_month, filed_month), 0)
        of = reports.setdefault(kind, {})
        of[event, delay] = of.get((event, delay), 0) + count
    rows = await c.execute(counted.group_by(C.kind))
    return {
        kind: KindHistory(number, int(fen), int(squares), waiting, reports.get(kind, {}))
        for kind, number, fen, squares, waiting in rows
    }


def months_between(first: str, later: str) -> int:
    """Months from one `YYYY-MM` to another."""
    return (int(later[:4]) - int(first[:4])) * 12 + int(later[5:7]) - int(first[5:7])
