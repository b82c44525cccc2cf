"""Read model `relief_cases`: every relief case as it stands; work lists, the public list, the member's own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import local_day
from chassis.log import Recorded
from chassis.projections import Count, Patch, Projection, Put, Write
from claims.domain.reminding import day_after
from contracts.claims.process import RecoveryClosed, RecoveryOpened
from contracts.claims.relief import (
    ReliefAgreed,
    ReliefClosedIncomplete,
    ReliefFiled,
    ReliefGranted,
    ReliefNoticePublished,
    ReliefObjected,
    ReliefObjectionSettled,
    ReliefPaid,
    ReliefPapersAsked,
    ReliefPapersReminded,
    ReliefPapersSupplied,
    ReliefPaymentFailed,
    ReliefRefused,
    ReliefReopened,
    ReliefVerified,
    ReliefWithdrawn,
)
from contracts.envelope import Sealed

NAME = "relief_cases"
AT_COUNTY, PAPERS_ASKED, ON_NOTICE, AT_CITY = "AT_COUNTY", "PAPERS_ASKED", "ON_NOTICE", "AT_CITY"
AT_OFFICE, GRANTED, PAYMENT_FAILED, PAID = "AT_OFFICE", "GRANTED", "PAYMENT_FAILED", "PAID"
REFUSED, WITHDRAWN, CLOSED_INCOMPLETE, RECOVERY = "REFUSED", "WITHDRAWN", "CLOSED_INCOMPLETE", "RECOVERY"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("relief_id", sa.Text, primary_key=True),
    sa.Column("relief_no", sa.Text, nullable=False),
    sa.Column("person_id", sa.Text, nullable=False),
    sa.Column("plan_code", sa.Text, nullable=False),
    sa.Column("plan_version", sa.Integer, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("happened_on", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("filed_on", sa.Text, nullable=False),
    sa.Column("filed_by", sa.Text, nullable=False),
    sa.Column("contact", sa.LargeBinary, nullable=False),
    sa.Column("child_id", sa.Text, nullable=False, server_default="", index=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("needs", sa.Text, nullable=False, server_default="[]"),
    sa.Column("due_on", sa.Text, nullable=False, server_default=""),
    sa.Column("follow_up_on", sa.Text, nullable=False, server_default=""),
    sa.Column("confirmed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("hardship", sa.Text, nullable=False, server_default=""),
    sa.Column("eligible", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("notice_starts_on", sa.Text, nullable=False, server_default=""),
    sa.Column("notice_ends_on", sa.Text, nullable=False, server_default=""),
    sa.Column("objections_open", sa.Integer, nullable=False, server_default="0"),
    sa.Column("objections_upheld", sa.Integer, nullable=False, server_default="0"),
    sa.Column("agreed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("amount_fen", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("refusal", sa.Text, nullable=False, server_default=""),
    sa.Column("rule", sa.Text, nullable=False, server_default=""),
    sa.Column("explanation", sa.Text, nullable=False, server_default=""),
    sa.Index("relief_cases_by_path", "org_path"),
    sa.Index("relief_cases_by_person", "person_id"),
    sa.Index("relief_cases_on_notice", "state", "notice_ends_on"),
    sa.Index("relief_cases_followed_up", "state", "follow_up_on"),
)
"""`contact` is the member's sealed name and mobile, `needs` JSON; days are ISO dates, `refusal` the reason code.

`follow_up_on` is the day on which missing papers are reminded of next, or the case is closed, while they are asked for.
"""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a case."""
    match recorded.event:
        case ReliefFiled() as event:
            return [_row(event, recorded.position)]
        case ReliefPapersAsked(relief_id=relief_id, needs=needs, due_on=due_on) as event:
            days = {"due_on": due_on, "follow_up_on": event.next_on or day_after(due_on)}
            return [Patch((relief_id,), state=PAPERS_ASKED, needs=_json(needs), **days)]
        case ReliefPapersReminded(relief_id=relief_id, next_on=next_on):
            return [Patch((relief_id,), follow_up_on=next_on)]
        case ReliefClosedIncomplete(relief_id=relief_id):
            return [Patch((relief_id,), state=CLOSED_INCOMPLETE, due_on="")]
        case ReliefPapersSupplied(relief_id=relief_id) | ReliefReopened(relief_id=relief_id):
            return [Patch((relief_id,), state=AT_COUNTY, needs="[]", due_on="")]
        case ReliefVerified() as event:
            found = {"confirmed": event.confirmed, "hardship": event.hardship, "eligible": event.eligible}
            return [Patch((event.relief_id,), state=AT_CITY, needs="[]", due_on="", **found)]
        case ReliefNoticePublished() as event:
            days = {"notice_starts_on": event.starts_on, "notice_ends_on": event.ends_on}
            return [Patch((event.relief_id,), state=ON_NOTICE, **days)]
        case ReliefObjected(relief_id=relief_id):
            return [Count((relief_id,), objections_open=1)]
        case ReliefObjectionSettled(relief_id=relief_id, upheld=upheld):
            return [Count((relief_id,), objections_open=-1, objections_upheld=int(upheld))]
        case ReliefAgreed(relief_id=relief_id, agrees=agrees):
            return [Patch((relief_id,), state=AT_OFFICE, agreed=agrees)]
        case ReliefGranted() as event:
            return [Patch((event.relief_id,), state=GRANTED, amount_fen=event.amount_fen)]
        case ReliefRefused() as event:
            told = {"refusal": event.reason, "rule": event.rule, "explanation": event.explanation}
            return [Patch((event.relief_id,), state=REFUSED, **told)]
        case ReliefWithdrawn(relief_id=relief_id):
            return [Patch((relief_id,), state=WITHDRAWN, needs="[]", due_on="")]
        case ReliefPaymentFailed(relief_id=relief_id):
            return [Patch((relief_id,), state=PAYMENT_FAILED)]
        case ReliefPaid(relief_id=relief_id):
            return [Patch((relief_id,), state=PAID)]
        # A claim that the pool paid has no row here, and stays without one.
        case RecoveryOpened(claim_id=relief_id):
            return [Patch((relief_id,), state=RECOVERY)]
        case RecoveryClosed(claim_id=relief_id, outcome=outcome):
            return [Patch((relief_id,), state=outcome)]
        case _:
            return []


def _row(event: ReliefFiled, position: int) -> Put:
    return Put(
        (event.relief_id,),
        relief_no=event.relief_no,
        person_id=event.person_id,
        plan_code=event.plan_code,
        plan_version=event.plan_version,
        kind=event.kind,
        reason=event.reason,
        happened_on=event.happened_on,
        channel=event.channel,
        org_path=event.org_path,
        filed_on=event.filed_on,
        filed_by=event.by,
        contact=msgspec.json.encode(event.contact),
        child_id=event.child_id,
        position=position,
        state=AT_COUNTY,
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


PROJECTION = Projection(name=NAME, version=3, source="claims", table=TABLE, apply=apply)


class ReliefRow(msgspec.Struct, frozen=True):
    """A case as it stands; `needs` is still text."""

    relief_id: str
    relief_no: str
    person_id: str
    plan_code: str
    plan_version: int
    kind: str
    reason: str
    happened_on: str
    channel: str
    org_path: str
    filed_on: str
    filed_by: str
    position: int
    state: str
    needs: str
    due_on: str
    confirmed: bool
    hardship: str
    eligible: bool
    notice_starts_on: str
    notice_ends_on: str
    objections_open: int
    objections_upheld: int
    agreed: bool
    amount_fen: int
    refusal: str
    rule: str
    explanation: str


_COLUMNS = [C[name] for name in ReliefRow.__struct_fields__]


async def one(c: AsyncConnection, relief_id: str, visible: sa.ColumnElement[bool]) -> ReliefRow | None:
    """The case, if there is one that is visible."""
    row = (await c.execute(sa.select(*_COLUMNS).where(C.relief_id == relief_id, visible))).first()
    return ReliefRow(*row) if row else None


async def page(
    c: AsyncConnection, visible: sa.ColumnElement[bool], filters: dict[str, str], after: int, limit: int
) -> list[ReliefRow]:
    """Cases in the order of their filing, after a position; `filters` by column."""
    query = sa.select(*_COLUMNS).where(visible, C.position > after)
    for name, value in filters.items():
        query = query.where(C[name] == value)
    return [ReliefRow(*row) for row in await c.execute(query.order_by(C.position).limit(limit))]


async def papers_due(c: AsyncConnection, now: datetime, limit: int) -> list[str]:
    """Cases whose member is to be reminded of papers, or that are to be closed, longest first."""
    due = sa.and_(C.state == PAPERS_ASKED, C.follow_up_on <= local_day(now).isoformat())
    return [*(await c.scalars(sa.select(C.relief_id).where(due).order_by(C.follow_up_on, C.relief_id).limit(limit)))]


class NoticeRow(msgspec.Struct, frozen=True):
    """A case on the public list, its member's contact still sealed."""

    relief_id: str
    person_id: str
    kind: str
    plan_code: str
    plan_version: int
    org_path: str
    contact: Sealed
    notice_starts_on: str
    notice_ends_on: str
    position: int


async def on_notice(c: AsyncConnection, today: str, after: int, limit: int) -> list[NoticeRow]:
    """The public list of a day, in the order of filing, after a position."""
    running = sa.and_(C.state == ON_NOTICE, C.notice_starts_on <= today, C.notice_ends_on >= today)
    query = sa.select(*(C[name] for name in NoticeRow.__struct_fields__)).where(running, C.position > after)
    rows = [row._mapping for row in await c.execute(query.order_by(C.position).limit(limit))]  # noqa: SLF001 - SQLAlchemy's public name for it
    return [NoticeRow(**{**row, "contact": msgspec.json.decode(row["contact"], type=Sealed)}) for row in rows]
