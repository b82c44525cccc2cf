"""The figures of domain 10 over claims, by dimension, from the read models that stand.

人 are distinct people, 人次 distinct claims, 件 the lines of claims (domain 10). What was filed counts in the month of
the filing, money in that of its arrival; place and occupation are those of the incident's day (domain 5.5).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.cells import UNKNOWN, Cells, age_band, counted, level, month, within
from claims.domain.matching import PAYABLE
from claims.projections import (
    arrivals,
    claims,
    cover_moves,
    covers,
    flags,
    match_results,
    people,
    phone_calls,
    relief_cases,
    settlement_imports,
    settlements,
)
from contracts.envelope import Actor
from contracts.person import AGE_BANDS

OF_PEOPLE = ("city", "county", "union", "occupation", "sex", "age_band")
FILED_BY = (*OF_PEOPLE, "month", "kind", "channel", "urgent")
PAID_BY = (*FILED_BY, "benefit")
MATCHED_BY = ("month", "city", "result")
TURNAROUND_BY = ("city", "kind", "urgent", "channel", "month")
RELIEF_BY = ("month", "kind", "city", "reason")
RISK_BY = ("month", "city", "signal")
ENDED_UNDECIDED = (claims.WITHDRAWN, claims.CLOSED_INCOMPLETE)


def _on_the_day(column: str, otherwise: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """A cover's occupation or organisation on the day of the claim's incident."""
    m, c = cover_moves.TABLE.c, claims.C
    mine = (m.person_id == c.person_id, m.plan_code == c.plan_code)
    moved = sa.select(m[column]).where(*mine, m.effective_on <= c.decisive_on).order_by(m.effective_on.desc()).limit(1)
    before = sa.select(m[f"left_{column}"]).where(*mine).order_by(m.effective_on).limit(1)
    columns = (moved.correlate(claims.TABLE).scalar_subquery(), before.correlate(claims.TABLE).scalar_subquery())
    return sa.func.coalesce(*columns, otherwise, UNKNOWN)


def _dimensions(day: sa.ColumnElement[str]) -> dict[str, sa.ColumnElement[Any]]:
    c, p = claims.C, people.C
    path = _on_the_day("org_path", c.org_path)
    return {
        "city": level(path, 2),
        "county": level(path, 3),
        "union": level(path, 4),
        "occupation": _on_the_day("occupation", covers.TABLE.c.occupation),
        "sex": sa.func.coalesce(sa.func.nullif(p.sex, ""), UNKNOWN),
        "age_band": age_band(p.birth_year, c.decisive_on, AGE_BANDS),
        "month": month(day),
        "kind": c.kind,
        "channel": c.channel,
        "urgent": sa.case((c.urgent, "yes"), else_="no"),
        "benefit": arrivals.C.benefit_code,
    }


def _with_people() -> sa.Join:
    c, k = claims.C, covers.TABLE.c
    cover = sa.and_(k.person_id == c.person_id, k.plan_code == c.plan_code)
    return claims.TABLE.outerjoin(people.TABLE, people.C.person_id == c.person_id).outerjoin(covers.TABLE, cover)


def _of(actor: Actor, table: sa.Table, plans: Sequence[str]) -> list[sa.ColumnElement[bool]]:
    return [in_subtree(table.c.org_path, actor), table.c.plan_code.in_(plans)]


async def filed(
    c: AsyncConnection, actor: Actor, plans: Sequence[str], days: tuple[str, str], by: Sequence[str]
) -> Cells:
    """Claims filed within the days, and what has become of them since."""
    k = claims.C
    dimension = _dimensions(k.filed_on)
    columns = (k.person_id, k.approved_on, k.state, k.round)
    query = sa.select(*columns, *(dimension[name].label(name) for name in by)).select_from(_with_people())
    facts = query.where(*_of(actor, claims.TABLE, plans), *within(k.filed_on, *days)).subquery()
    f = facts.c
    measures = {
        "people": sa.func.count(f.person_id.distinct()),
        "filed": sa.func.count(),
        "approved": sa.func.count().filter(f.approved_on != ""),
        "refused": sa.func.count().filter(f.state == claims.REJECTED),
        "supplemented": sa.func.count().filter(f.round > 0),
        "ended_undecided": sa.func.count().filter(f.state.in_(ENDED_UNDECIDED)),
        "open": sa.func.count().filter(sa.and_(f.approved_on == "", f.state.in_(claims.UNDECIDED))),
    }
    return await counted(c, facts, by, measures)


async def paid(
    c: AsyncConnection, actor: Actor, plans: Sequence[str], days: tuple[str, str], by: Sequence[str]
) -> Cells:
    """Money that arrived within the days: 人, 人次, 件, fen; mean, median and largest of a claim's sum in its cell."""
    a, k = arrivals.C, claims.C
    dimension = _dimensions(a.arrived_on)
    named = [dimension[name].label(name) for name in by]
    joined = _with_people().join(arrivals.TABLE, a.claim_id == k.claim_id)
    lines, fen = sa.func.count(a.benefit_code.distinct()), sa.func.sum(a.amount_fen)
    query = sa.select(k.person_id, lines.label("lines"), fen.label("fen"), *named).select_from(joined)
    query = query.where(*_of(actor, claims.TABLE, plans), *within(a.arrived_on, *days))
    # Labels, not expressions: Postgres takes two equal expressions with bound values for two different ones.
    facts = query.group_by(k.claim_id, k.person_id, *(sa.literal_column(f'"{name}"') for name in by)).subquery()
    f = facts.c
    measures = {
        "people": sa.func.count(f.person_id.distinct()),
        "person_times": sa.func.count(),
        "lines": sa.func.sum(f.lines),
        "fen": sa.func.sum(f.fen),
        "mean_fen": sa.func.avg(f.fen),
        "median_fen": sa.func.percentile_cont(0.5).within_group(f.fen),
        "largest_fen": sa.func.max(f.fen),
    }
    return await counted(c, facts, by, measures)


async def matched(
    c: AsyncConnection, actor: Actor, plans: Sequence[str], days: tuple[str, str], by: Sequence[str]
) -> Cells:
    """Settlements of covered people in the bureau's files received within the days, and how far each has come.

    `not_reached` are those that are payable while their member has neither named an account nor filed (应赔未赔).
    """
    s, r, k = settlements.C, match_results.C, claims.C
    # The moment of receipt stands in UTC.
    received_on = sa.func.to_char(
        sa.func.timezone("Asia/Shanghai", sa.cast(settlement_imports.C.received_at, sa.TIMESTAMP(timezone=True))),
        "YYYY-MM-DD",
    )
    dimension = {"month": month(received_on), "city": level(s.org_path, 2), "result": r.code}
    joined = (
        settlements.TABLE.join(match_results.TABLE, sa.and_(r.plan_code == s.plan_code, r.setl_id == s.setl_id))
        .join(settlement_imports.TABLE, settlement_imports.C.import_id == r.import_id)
        .outerjoin(claims.TABLE, sa.and_(r.claim_id != "", k.claim_id == r.claim_id))
    )
    untold = sa.and_(k.claim_id.is_(None), r.code.in_(PAYABLE), ~r.waits, r.outcome == "")
    without_account = sa.and_(k.payees == "[]", k.state.in_(claims.UNDECIDED))
    found_by_match = sa.and_(k.claim_id.is_not(None), k.channel == "DATA_MATCH")
    columns = (
        s.person_id,
        r.computed_fen,
        sa.func.coalesce(found_by_match, sa.false()).label("opened"),
        sa.func.coalesce(k.state == claims.PAID, sa.false()).label("paid"),
        sa.func.coalesce(sa.or_(untold, without_account), sa.false()).label("not_reached"),
    )
    query = sa.select(*columns, *(dimension[name].label(name) for name in by)).select_from(joined)
    facts = query.where(*_of(actor, settlements.TABLE, plans), *within(received_on, *days)).subquery()
    f = facts.c
    measures = {
        "people": sa.func.count(f.person_id.distinct()),
        "settlements": sa.func.count(),
        "opened": sa.func.count().filter(f.opened),
        "computed_fen": sa.func.sum(f.computed_fen).filter(f.opened),
        "paid": sa.func.count().filter(f.paid),
        "not_reached_people": sa.func.count(f.person_id.distinct()).filter(f.not_reached),
    }
    return await counted(c, facts, by, measures)


async def relief(
    c: AsyncConnection, actor: Actor, plans: Sequence[str], days: tuple[str, str], by: Sequence[str]
) -> Cells:
    """Relief filed within the days: cases, granted, refused, paid; fen granted and their mean."""
    k = relief_cases.C
    dimension = {"month": month(k.filed_on), "kind": k.kind, "city": level(k.org_path, 2), "reason": k.reason}
    query = sa.select(k.person_id, k.state, k.amount_fen, *(dimension[name].label(name) for name in by))
    facts = query.where(*_of(actor, relief_cases.TABLE, plans), *within(k.filed_on, *days)).subquery()
    f = facts.c
    granted = sa.and_(f.amount_fen > 0, f.state != relief_cases.REFUSED)
    measures = {
        "people": sa.func.count(f.person_id.distinct()),
        "cases": sa.func.count(),
        "granted": sa.func.count().filter(granted),
        "refused": sa.func.count().filter(f.state == relief_cases.REFUSED),
        "paid": sa.func.count().filter(f.state == relief_cases.PAID),
        "granted_fen": sa.func.sum(f.amount_fen).filter(granted),
        "mean_fen": sa.func.avg(f.amount_fen).filter(granted),
    }
    return await counted(c, facts, by, measures)


async def risk(
    c: AsyncConnection, actor: Actor, plans: Sequence[str], days: tuple[str, str], by: Sequence[str]
) -> Cells:
    """Flags raised within the days, and what people made of them."""
    g, k = flags.C, claims.C
    dimension = {"month": month(g.raised_on), "city": level(g.org_path, 2), "signal": g.signal}
    query = sa.select(k.person_id, g.state, *(dimension[name].label(name) for name in by))
    query = query.select_from(flags.TABLE.join(claims.TABLE, k.claim_id == g.claim_id))
    facts = query.where(*_of(actor, claims.TABLE, plans), *within(g.raised_on, *days)).subquery()
    f = facts.c
    measures = {
        "people": sa.func.count(f.person_id.distinct()),
        "flags": sa.func.count(),
        "confirmed": sa.func.count().filter(f.state == flags.CONFIRMED),
        "cleared": sa.func.count().filter(f.state == flags.CLEARED),
        "open": sa.func.count().filter(f.state == flags.OPEN),
    }
    return await counted(c, facts, by, measures)


def filed_ids(actor: Actor, plans: Sequence[str], days: tuple[str, str]) -> sa.Select[tuple[str]]:
    """The claims that were filed within the days."""
    return sa.select(claims.C.claim_id).where(*_of(actor, claims.TABLE, plans), *within(claims.C.filed_on, *days))


async def filed_as(c: AsyncConnection, ids: sa.Select[tuple[str]], by: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Person and dimensions of some claims, by claim."""
    k = claims.C
    dimension = _dimensions(k.filed_on)
    query = sa.select(k.claim_id, k.person_id, *(dimension[name].label(name) for name in by))
    rows = await c.execute(query.select_from(_with_people()).where(k.claim_id.in_(ids)))
    return {claim_id: tuple(values) for claim_id, *values in rows}


async def calls(c: AsyncConnection, actor: Actor, plans: Sequence[str], days: tuple[str, str]) -> int:
    """Claims within the days that came by telephone."""
    joined = phone_calls.TABLE.join(claims.TABLE, claims.C.claim_id == phone_calls.C.claim_id)
    conditions = (*_of(actor, claims.TABLE, plans), *within(claims.C.filed_on, *days))
    return int(await c.scalar(sa.select(sa.func.count()).select_from(joined).where(*conditions)) or 0)
