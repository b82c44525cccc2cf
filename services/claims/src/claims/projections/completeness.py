"""The completeness ledger: every settlement of a covered person in exactly one class, and what is left (domain 6).

It starts from the imported settlements and looks for each one's result, its claim or its named person. A settlement
for which one of them is missing is in no class: it is the remainder.
"""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from claims.domain.match_task import NOT_MATCHED, NOT_PAYABLE
from claims.domain.matching import EXCLUDED, NOT_INPATIENT, OUT_OF_PERIOD, PAYABLE
from claims.projections import claims, covers, match_results, match_tasks, settlements
from contracts.envelope import Actor

PAID, IN_PROGRESS, REJECTED, NOT_COVERED, WAITING = "paid", "in_progress", "rejected", "not_covered", "waiting"
CLASSES = (PAID, IN_PROGRESS, REJECTED, NOT_COVERED, WAITING)
ENDED = ("REJECTED", "WITHDRAWN", "CLOSED_INCOMPLETE")
"""States of a claim in which no money follows unless somebody objects."""
TOLD = "MEMBER_TOLD"
"""The step of a match that the plan only tells its member of."""


class Ledger(msgspec.Struct, frozen=True):
    """Settlements by class, and by (class, step or code or person's name); `remainder` are in none."""

    settlements: int
    by_class: dict[str, int]
    details: dict[str, dict[str, int]]
    remainder: int


class Seen(msgspec.Struct, frozen=True):
    """Covered people, how many of them any file spoke of by insurance type, and how many never."""

    covered_people: int
    seen_by_insutype: dict[str, int]
    never_seen: int


def _classified() -> sa.Select[Any]:
    """(class, detail, settlements) of every imported settlement; class NULL where the chain is broken."""
    s, r, c, t = settlements.C, match_results.C, claims.C, match_tasks.C
    joined = (
        settlements.TABLE.outerjoin(match_results.TABLE, sa.and_(r.plan_code == s.plan_code, r.setl_id == s.setl_id))
        .outerjoin(claims.TABLE, sa.and_(r.claim_id != "", c.claim_id == r.claim_id))
        .outerjoin(
            match_tasks.TABLE,
            sa.and_(
                r.waits, t.plan_code == s.plan_code, t.setl_id == s.setl_id, t.state == "OPEN", t.assigned_to != ""
            ),
        )
    )
    absent = sa.null()
    of_claim = sa.case(
        (c.claim_id.is_(None), absent), (c.state == "PAID", PAID), (c.state.in_(ENDED), REJECTED), else_=IN_PROGRESS
    )
    not_covered = sa.or_(
        r.code == OUT_OF_PERIOD,
        sa.and_(r.code == EXCLUDED, r.detail == NOT_INPATIENT),
        r.outcome == NOT_MATCHED,
    )
    klass = sa.case(
        (r.setl_id.is_(None), absent),
        (r.waits, sa.case((t.task_id.is_(None), absent), else_=WAITING)),
        (r.outcome == NOT_PAYABLE, REJECTED),
        (r.outcome == NOT_MATCHED, NOT_COVERED),
        (r.claim_id != "", of_claim),
        (not_covered, NOT_COVERED),
        (r.code.in_(PAYABLE), IN_PROGRESS),
        else_=REJECTED,
    )
    step = sa.case((c.step != "", c.step), else_=c.state)
    detail = sa.case(
        (r.waits, t.assigned_to),
        (r.rule_code != "", r.rule_code),
        (r.outcome == NOT_MATCHED, r.outcome),
        (sa.and_(r.claim_id != "", c.state == "PAID"), r.code),
        (sa.and_(r.claim_id != "", c.state.in_(ENDED)), sa.case((c.reason != "", c.reason), else_=c.state)),
        (r.claim_id != "", step),
        (r.code.in_(PAYABLE), TOLD),
        else_=sa.case((r.detail != "", r.code + "/" + r.detail), else_=r.code),
    )
    return sa.select(klass, detail, sa.func.count()).select_from(joined).group_by(klass, detail)


async def ledger(c: AsyncConnection, actor: Actor, plans: list[str]) -> Ledger:
    """The ledger of some plans, of the actor's subtree."""
    visible = sa.and_(settlements.C.plan_code.in_(plans), in_subtree(settlements.C.org_path, actor))
    details: dict[str, dict[str, int]] = {name: {} for name in CLASSES}
    remainder = 0
    for name, detail, count in await c.execute(_classified().where(visible)):
        if name is None:
            remainder += count
        else:
            details[name][detail or ""] = details[name].get(detail or "", 0) + count
    by_class = {name: sum(found.values()) for name, found in details.items()}
    ordered = {name: dict(sorted(found.items())) for name, found in details.items()}
    return Ledger(sum(by_class.values()) + remainder, by_class, ordered, remainder)


async def seen(c: AsyncConnection, actor: Actor, plans: list[str]) -> Seen:
    """Who was never in any file: matching cannot find what is due to them."""
    cover, s = covers.TABLE.c, settlements.C
    covered = await c.scalar(
        sa.select(sa.func.count(cover.person_id.distinct())).where(
            cover.plan_code.in_(plans), in_subtree(cover.org_path, actor)
        )
    )
    mine = sa.and_(s.plan_code.in_(plans), in_subtree(s.org_path, actor))
    by_type = sa.select(s.insutype, sa.func.count(s.person_id.distinct())).where(mine).group_by(s.insutype)
    found = {insutype: int(count) for insutype, count in await c.execute(by_type)}
    people = int(await c.scalar(sa.select(sa.func.count(s.person_id.distinct())).where(mine)) or 0)
    return Seen(int(covered or 0), dict(sorted(found.items())), max(int(covered or 0) - people, 0))
