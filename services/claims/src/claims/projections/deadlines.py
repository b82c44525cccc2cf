"""Read model `deadlines`: what falls due of an undecided claim, and when: steps, papers, first contacts, objections."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import local_day, utc_text
from chassis.log import Recorded
from chassis.projections import Projection, Put, Remove, Write
from claims.domain.reviews import FIRST_CONTACT, PAPERS_TO_FOLLOW
from contracts.claims.process import (
    BenefitUpgraded,
    ClaimantContacted,
    ClaimClosedIncomplete,
    ClaimMarkedUrgent,
    ClaimReopened,
    ClaimReturned,
    ClaimWithdrawn,
    DecisionTimeExtended,
    ObjectionDecided,
    ObjectionFiled,
    PapersReminded,
    PapersRequested,
    PapersSupplied,
    PayeesConfirmed,
    StepOverdue,
)
from contracts.claims.v1 import (
    ClaimApproved,
    ClaimAssessed,
    ClaimFiled,
    ClaimForwarded,
    ClaimRechecked,
    ClaimRejected,
    SpecialDecisionMade,
)

NAME = "deadlines"
STEP, PAPERS, CONTACT, FOLLOWING = "STEP", "PAPERS", "CONTACT", "FOLLOWING"
KIND_OF = {FIRST_CONTACT: CONTACT, PAPERS_TO_FOLLOW: FOLLOWING}
"""Which deadline a step that is no review stands for."""

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("claim_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("on_or_after", sa.Text, nullable=False),
    sa.Index("deadlines_by_time", "kind", "on_or_after"),
)
"""`on_or_after` is an ISO date (STEP, FOLLOWING: the last day; PAPERS: the next reminder's); of a CONTACT RFC 3339."""


def apply(recorded: Recorded) -> Iterable[Write]:
    """At most one row a claim and kind. An urgent claim's day is moved by the decision itself, not here."""
    match recorded.event:
        case ClaimFiled() as event:
            steps = [_row(event.claim_id, STEP, event.due_on)]
            # A claim without papers to follow has no row to take away.
            return [*steps, _row(event.claim_id, FOLLOWING, event.papers_until)] if event.papers_until else steps
        case (
            ClaimForwarded()
            | ClaimAssessed()
            | SpecialDecisionMade()
            | ClaimRechecked()
            | ClaimReturned()
            | BenefitUpgraded()
        ) as event:
            return [_row(event.claim_id, STEP, event.due_on)]
        case PayeesConfirmed() as event if event.due_on:
            return [_row(event.claim_id, STEP, event.due_on)]
        case ObjectionFiled() | ObjectionDecided() as event:
            return [_row(event.claim_id, STEP, event.due_on)]
        case ClaimMarkedUrgent() as event:
            return [
                _row(event.claim_id, STEP, event.decide_until),
                _row(event.claim_id, CONTACT, event.contact_until),
                _row(event.claim_id, FOLLOWING, event.papers_until),
            ]
        case DecisionTimeExtended() as event if event.due_on:
            return [_row(event.claim_id, STEP, event.due_on)]
        case ClaimantContacted() as event:
            return [Remove((event.claim_id, CONTACT))]
        case StepOverdue(step=step) as event:
            return [Remove((event.claim_id, KIND_OF.get(step, STEP)))]
        case PapersRequested() as event:
            return [Remove((event.claim_id, STEP)), _row(event.claim_id, PAPERS, event.next_on)]
        case PapersReminded() as event:
            return [_row(event.claim_id, PAPERS, event.next_on)]
        case PapersSupplied() | ClaimReopened() as event:
            came = [Remove((event.claim_id, kind)) for kind in (PAPERS, FOLLOWING)]
            return [*came, _row(event.claim_id, STEP, event.due_on)]
        case ClaimClosedIncomplete() | ClaimWithdrawn() | ClaimApproved() | ClaimRejected() as event:
            return [Remove((event.claim_id, kind)) for kind in (STEP, PAPERS, CONTACT, FOLLOWING)]
        case _:
            return []


def _row(claim_id: str, kind: str, day: str) -> Write:
    return Put((claim_id, kind), on_or_after=day) if day else Remove((claim_id, kind))


PROJECTION = Projection(name=NAME, version=3, source="claims", table=TABLE, apply=apply)


async def steps_due(c: AsyncConnection, now: datetime, limit: int) -> list[str]:
    """Claims whose step's or objection's last day is over, longest first."""
    return await _due(c, STEP, TABLE.c.on_or_after < _today(now), limit)


async def papers_due(c: AsyncConnection, now: datetime, limit: int) -> list[str]:
    """Claims whose member is to be reminded, or that are to be closed, longest first."""
    return await _due(c, PAPERS, TABLE.c.on_or_after <= _today(now), limit)


async def contacts_due(c: AsyncConnection, now: datetime, limit: int) -> list[str]:
    """Urgent claims whose family should have been spoken with, longest first."""
    return await _due(c, CONTACT, TABLE.c.on_or_after <= utc_text(now), limit)


async def following_due(c: AsyncConnection, now: datetime, limit: int) -> list[str]:
    """Urgent and phoned claims whose papers should have followed, longest first."""
    return await _due(c, FOLLOWING, TABLE.c.on_or_after < _today(now), limit)


async def _due(c: AsyncConnection, kind: str, over: sa.ColumnElement[bool], limit: int) -> list[str]:
    query = sa.select(TABLE.c.claim_id).where(TABLE.c.kind == kind, over)
    return [*(await c.scalars(query.order_by(TABLE.c.on_or_after, TABLE.c.claim_id).limit(limit)))]


def _today(now: datetime) -> str:
    return local_day(now).isoformat()
