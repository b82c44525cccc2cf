"""Claims that wait for an officer: at which step, whose, until when; what the daily digest counts."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.claims.process import (
    BenefitUpgraded,
    ClaimClosedIncomplete,
    ClaimMarkedUrgent,
    ClaimReopened,
    ClaimReturned,
    ClaimWithdrawn,
    DecisionTimeExtended,
    ObjectionDecided,
    ObjectionFiled,
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
from contracts.envelope import Actor, Event

NAME = "claim_tasks"
STEP_ROLES = {
    "UNIT_REVIEW": "unit_clerk",
    "COUNTY_REVIEW": "county_clerk",
    "CITY_REVIEW": "city_clerk",
    "OFFICE_REVIEW": "office_reviewer",
    "OFFICE_RECHECK": "office_rechecker",
    "HEAD_APPROVAL": "office_head",
    "OBJECTION_1": "office_head",
    "OBJECTION_2": "supervisor",
}
"""Who does which step (domain 4.3)."""
LEVELS = {"unit_clerk": 4, "county_clerk": 3, "city_clerk": 2}
"""How many parts the path of a clerk's organisation has; the office's is the province alone."""
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("claim_id", sa.Text, primary_key=True),
    sa.Column("claim_no", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("step", sa.Text, nullable=False, index=True),
    sa.Column("since", sa.Text, nullable=False),
    sa.Column("due_on", sa.Text, nullable=False, server_default=""),
    sa.Column("escalated_to", sa.Text, nullable=False, server_default=""),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a claim; `step` is empty while nobody has to do anything. Dates are ISO dates, "" is none."""
    time = recorded.header.time
    match recorded.event:
        case ClaimFiled() as event:
            row = {"claim_no": event.claim_no, "org_path": event.org_path}
            yield Put((event.claim_id,), **row, **_step(event.steps[0] if event.steps else "", time, event.due_on))
        case (
            ClaimForwarded(claim_id=claim_id, next_step=step, due_on=due_on)
            | ClaimRechecked(claim_id=claim_id, next_step=step, due_on=due_on)
            | ClaimAssessed(claim_id=claim_id, next_step=step, due_on=due_on)
            | SpecialDecisionMade(claim_id=claim_id, next_step=step, due_on=due_on)
            | ClaimReturned(claim_id=claim_id, next_step=step, due_on=due_on)
            | BenefitUpgraded(claim_id=claim_id, next_step=step, due_on=due_on)
            | PayeesConfirmed(claim_id=claim_id, next_step=step, due_on=due_on)
            | ObjectionDecided(claim_id=claim_id, next_step=step, due_on=due_on)
            | PapersSupplied(claim_id=claim_id, step=step, due_on=due_on)
            | ClaimReopened(claim_id=claim_id, step=step, due_on=due_on)
            | ClaimMarkedUrgent(claim_id=claim_id, next_step=step, decide_until=due_on)
        ):
            yield Patch((claim_id,), **_step(step, time, due_on))
        case ObjectionFiled(claim_id=claim_id, level=level, due_on=due_on):
            yield Patch((claim_id,), **_step(f"OBJECTION_{level}", time, due_on))
        case DecisionTimeExtended(claim_id=claim_id, due_on=due_on) if due_on:
            yield Patch((claim_id,), due_on=due_on)
        case StepOverdue(claim_id=claim_id, escalated_to=escalated_to):
            yield Patch((claim_id,), escalated_to=escalated_to)
        case (
            PapersRequested(claim_id=claim_id)
            | ClaimClosedIncomplete(claim_id=claim_id)
            | ClaimWithdrawn(claim_id=claim_id)
            | ClaimApproved(claim_id=claim_id)
            | ClaimRejected(claim_id=claim_id)
        ):
            yield Patch((claim_id,), **_step("", time, ""))
        case _:
            pass


def _step(step: str, since: str, due_on: str) -> dict[str, str]:
    return {"step": step, "since": since, "due_on": due_on, "escalated_to": ""}


class TaskView(msgspec.Struct, frozen=True):
    """One claim that waits for the asking officer's role, or was escalated to it."""

    claim_id: str
    claim_no: str
    org_path: str
    step: str
    since: str
    due_on: str
    escalated_to: str


async def waiting(c: AsyncConnection, actor: Actor, after: str, limit: int) -> list[TaskView]:
    """What waits for one of the actor's roles in the actor's subtree, in the order of the claims' ids."""
    t = TABLE.c
    steps = [step for step, role in STEP_ROLES.items() if role in actor.roles]
    mine = sa.or_(t.step.in_(steps), t.escalated_to.in_(actor.roles))
    query = sa.select(TABLE).where(t.claim_id > after, t.step != "", mine, in_subtree(t.org_path, actor))
    rows = (await c.execute(query.order_by(t.claim_id).limit(limit))).mappings().all()
    return [TaskView(**row) for row in rows]


class Load(msgspec.Struct, frozen=True):
    """What waits for one role at one organisation."""

    role: str
    org_path: str
    waiting: int
    overdue: int


async def loads(c: AsyncConnection, today: str) -> list[Load]:
    """Every role and organisation that something waits for; the office's is the province's."""
    t = TABLE.c
    late = sa.or_(t.escalated_to != "", sa.and_(t.due_on != "", t.due_on < today))
    query = (
        sa.select(t.step, t.org_path, sa.func.count(), sa.func.count().filter(late))
        .where(t.step.in_(STEP_ROLES))
        .group_by(t.step, t.org_path)
    )
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for step, path, count, overdue in await c.execute(query):
        role = STEP_ROLES[step]
        place = ".".join(path.split(".")[: LEVELS.get(role, 1)])
        before = sums.get((role, place), (0, 0))
        sums[role, place] = (before[0] + count, before[1] + overdue)
    return [Load(role, place, *counts) for (role, place), counts in sorted(sums.items())]


EVENTS: frozenset[type[Event]] = frozenset(
    {
        BenefitUpgraded,
        ClaimApproved,
        ClaimAssessed,
        ClaimClosedIncomplete,
        ClaimFiled,
        ClaimForwarded,
        ClaimMarkedUrgent,
        ClaimRechecked,
        ClaimRejected,
        ClaimReopened,
        ClaimReturned,
        ClaimWithdrawn,
        DecisionTimeExtended,
        ObjectionDecided,
        ObjectionFiled,
        PapersRequested,
        PapersSupplied,
        PayeesConfirmed,
        SpecialDecisionMade,
        StepOverdue,
    }
)
PROJECTION = Projection(NAME, 2, "claims", TABLE, apply, events=EVENTS)
