"""Read model `claim_history`: every transition of a claim: who, from where, at which step, why, when (domain 4.4)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from claims.domain.reviews import HEAD_APPROVAL, OFFICE_RECHECK, OFFICE_REVIEW
from contracts.claims.process import (
    AdvanceGranted,
    BenefitUpgraded,
    ClaimantContacted,
    ClaimClosedIncomplete,
    ClaimMarkedUrgent,
    ClaimReopened,
    ClaimReturned,
    ClaimWithdrawn,
    DecisionTimeExtended,
    LargeSumReported,
    ObjectionDecided,
    ObjectionFiled,
    PapersReminded,
    PapersRequested,
    PapersSupplied,
    PayeesConfirmed,
    ReviewSampled,
    SampleReviewed,
    StepOverdue,
)
from contracts.claims.v1 import (
    ClaimApproved,
    ClaimAssessed,
    ClaimFiled,
    ClaimForwarded,
    ClaimPaid,
    ClaimRechecked,
    ClaimRejected,
    PaymentFailed,
    PayoutArrived,
    SpecialDecisionMade,
)
from contracts.envelope import Sealed

NAME = "claim_history"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("claim_id", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("next_step", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("note", sa.LargeBinary),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("org", sa.Text, nullable=False),
    sa.Column("roles", sa.Text, nullable=False),
)
"""`number` counts the claim's events from 1; `at` is business time in UTC; `note` is a sealed text as JSON."""


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a transition."""
    match recorded.event:
        case ClaimFiled(claim_id=claim_id, channel=channel, steps=steps):
            return [_row(recorded, claim_id, "FILED", "", steps[0], channel)]
        case ClaimForwarded(claim_id=claim_id, step=step, next_step=next_step, opinion=opinion, note=note):
            return [_row(recorded, claim_id, "FORWARDED", step, next_step, opinion, note)]
        case ClaimAssessed(claim_id=claim_id, next_step=next_step, findings=findings):
            return [_row(recorded, claim_id, "ASSESSED", OFFICE_REVIEW, next_step, " ".join(findings))]
        case SpecialDecisionMade(claim_id=claim_id, next_step=next_step, reason=reason, note=note):
            return [_row(recorded, claim_id, "SPECIAL_DECISION", HEAD_APPROVAL, next_step, reason, note)]
        case ClaimRechecked(claim_id=claim_id, next_step=next_step):
            return [_row(recorded, claim_id, "RECHECKED", OFFICE_RECHECK, next_step)]
        case ClaimApproved(claim_id=claim_id, raised=raised):
            return [_row(recorded, claim_id, "RAISED" if raised else "APPROVED")]
        case ClaimRejected(claim_id=claim_id, reason=reason):
            return [_row(recorded, claim_id, "REJECTED", reason=reason)]
        case PayoutArrived(claim_id=claim_id):
            return [_row(recorded, claim_id, "PAYOUT_ARRIVED")]
        case PaymentFailed(claim_id=claim_id, reason=reason):
            return [_row(recorded, claim_id, "PAYMENT_FAILED", reason=reason)]
        case ClaimPaid(claim_id=claim_id):
            return [_row(recorded, claim_id, "PAID")]
        case _:
            return _beside(recorded)


def _beside(recorded: Recorded) -> Iterable[Write]:
    """What happens beside the straight way."""
    match recorded.event:
        case PapersRequested() as event:
            needs = " ".join(event.needs)
            return [_row(recorded, event.claim_id, "PAPERS_REQUESTED", event.step, event.step, needs, event.note)]
        case PapersSupplied() as event:
            return [_row(recorded, event.claim_id, "PAPERS_SUPPLIED", "", event.step)]
        case PapersReminded() as event:
            return [_row(recorded, event.claim_id, "PAPERS_REMINDED", reason=str(event.day))]
        case ClaimClosedIncomplete() as event:
            return [_row(recorded, event.claim_id, "CLOSED_INCOMPLETE")]
        case ClaimReopened() as event:
            return [_row(recorded, event.claim_id, "REOPENED", "", event.step)]
        case ClaimReturned() as event:
            return [_row(recorded, event.claim_id, "RETURNED", event.step, event.next_step, event.reason, event.note)]
        case ClaimWithdrawn() as event:
            return [_row(recorded, event.claim_id, "WITHDRAWN")]
        case BenefitUpgraded() as event:
            codes = f"{event.from_code}>{event.line.benefit_code}"
            return [_row(recorded, event.claim_id, "UPGRADED", "", event.next_step, codes, event.note)]
        case PayeesConfirmed() as event:
            return [_row(recorded, event.claim_id, "PAYEES_CONFIRMED", "", event.next_step)]
        case ClaimMarkedUrgent() as event:
            return [_row(recorded, event.claim_id, "URGENT", "", event.next_step, event.trigger, event.note)]
        case ClaimantContacted() as event:
            return [_row(recorded, event.claim_id, "CONTACTED")]
        case AdvanceGranted() as event:
            return [_row(recorded, event.claim_id, "ADVANCE_GRANTED", HEAD_APPROVAL, "", event.benefit_code)]
        case ObjectionFiled() as event:
            step = f"OBJECTION_{event.level}"
            return [_row(recorded, event.claim_id, "OBJECTION_FILED", "", step, "", event.note)]
        case ObjectionDecided() as event:
            step = f"OBJECTION_{event.level}"
            next_step = event.next_step
            return [_row(recorded, event.claim_id, "OBJECTION_DECIDED", step, next_step, event.outcome, event.note)]
        case StepOverdue() as event:
            return [_row(recorded, event.claim_id, "OVERDUE", event.step, event.step, event.escalated_to)]
        case DecisionTimeExtended() as event:
            return [_row(recorded, event.claim_id, "TIME_EXTENDED", event.step, "", event.decide_until, event.note)]
        case ReviewSampled() as event:
            return [_row(recorded, event.claim_id, "SAMPLED")]
        case SampleReviewed() as event:
            reason = "CORRECT" if event.correct else "WRONG"
            return [_row(recorded, event.claim_id, "SAMPLE_REVIEWED", reason=reason, note=event.note)]
        case LargeSumReported() as event:
            return [_row(recorded, event.claim_id, "LARGE_SUM_REPORTED")]
        case _:
            return []


def _row(
    recorded: Recorded,
    claim_id: str,
    what: str,
    step: str = "",
    next_step: str = "",
    reason: str = "",
    note: Sealed | None = None,
) -> Put:
    header = recorded.header
    return Put(
        (claim_id, header.streamversion),
        what=what,
        step=step,
        next_step=next_step,
        reason=reason,
        note=msgspec.json.encode(note) if note is not None else None,
        at=header.time,
        actor=header.actorsub,
        org=header.actororg,
        roles=header.actorroles,
    )


PROJECTION = Projection(name=NAME, version=5, source="claims", table=TABLE, apply=apply)


class Transition(msgspec.Struct, frozen=True):
    """One step of a claim's way; `note` is what its actor wrote, opened."""

    number: int
    what: str
    step: str
    next_step: str
    reason: str
    note: str
    at: str
    actor: str
    org: str
    roles: str


async def of_claim(c: AsyncConnection, claim_id: str) -> tuple[list[Transition], list[Sealed | None]]:
    """The claim's way so far, and the note of each step, still sealed."""
    columns = [TABLE.c[name] for name in Transition.__struct_fields__]
    query = sa.select(*columns).where(TABLE.c.claim_id == claim_id).order_by(TABLE.c.number)
    rows = [row._mapping for row in await c.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name for it
    notes = [msgspec.json.decode(row["note"], type=Sealed) if row["note"] else None for row in rows]
    return [Transition(**{**row, "note": ""}) for row in rows], notes


async def passages(
    c: AsyncConnection, claim_ids: sa.Select[tuple[str]], whats: frozenset[str]
) -> dict[str, list[tuple[str, str, str]]]:
    """(what, next step, business time in UTC) of some claims in order, of transitions to a step or of these kinds."""
    t = TABLE.c
    query = sa.select(t.claim_id, t.what, t.next_step, t.at).where(
        t.claim_id.in_(claim_ids), sa.or_(t.next_step != "", t.what.in_(whats))
    )
    found: dict[str, list[tuple[str, str, str]]] = {}
    for claim_id, *passage in await c.execute(query.order_by(t.claim_id, t.number)):
        found.setdefault(claim_id, []).append((passage[0], passage[1], passage[2]))
    return found
