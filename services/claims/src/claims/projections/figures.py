"""The figures of domain 10 over claims, by dimension, from the read models that stand.

人 are distinct people, 人次 distinct claims, 件 the lines of claims (domain 10). What was filed counts in the month of
the filing, money in that of its arrival; place and occupation are those of the incident's day (domain 5.5).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.cells import UNKNOWN, Cells, age_band, counted, level, month, percent, within
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
    recoveries,
    relief_cases,
    settlement_imports,
    settlements,
)
from contracts.envelope import Actor
from contracts.person import AGE_BANDS

OF_PEOPLE = ("city", "county", "union", "occupation", "sex", "age_band")
HOSPITAL_LEVEL, ILLNESS_CLASS = "hospital_level", "illness_class"
OF_FACTS = (HOSPITAL_LEVEL, ILLNESS_CLASS)
"""What only the sealed facts of a claim say: its column is a number that means something to whoever asks."""
OF_CLAIMS = (*OF_PEOPLE, "month", "kind", "channel", "urgent")
FILED_BY = (*OF_CLAIMS, *OF_FACTS)
PAID_BY = (*OF_CLAIMS, "benefit", *OF_FACTS)
MATCHED_BY = ("month", "city", "result")
TURNAROUND_BY = ("city", "kind", "urgent", "channel", "month")
RELIEF_BY = ("month", "kind", "city", "reason")
RISK_BY = ("month", "city", "signal")
LABELS_NONE = sa.values(sa.column("claim_id", sa.Text), sa.column("label", sa.Text), name="labels").data([("", "")])
ENDED_UNDECIDED = (claims.WITHDRAWN, claims.CLOSED_INCOMPLETE)


def _on_the_day(column: str, otherwise: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """A cover's occupation or organisation on the day of the claim's incident."""
    m, c = cover_moves.TABLE.c, claims.C
    mine = (m.person_id == c.person_id, m.plan_code == c.plan_code)
    moved = sa.select(m[column]).where(*mine, m.effective_on <= c.decisive_on).order_by(m.effective_on.desc()).limit(1)
    before = sa.select(m[f"left_{column}"]).where(*mine).order_by(m.effective_on).limit(1)
    columns = (moved.correlate(claims.TABLE).scalar_subquery(), before.correlate(claims.TABLE).scalar_subquery())
    return sa.func.coalesce(*columns, otherwise, UNKNOWN)


def labels(numbers: Mapping[str, int]) -> sa.FromClause:
    """A number for each claim, to be grouped by: what it stands for is not told to Postgres."""
    claim_ids = sa.cast([*numbers], postgresql.ARRAY(sa.Text))
    values = sa.cast([*numbers.values()], postgresql.ARRAY(sa.Integer))
    unnested = (sa.func.unnest(claim_ids).label("claim_id"), sa.cast(sa.func.unnest(values), sa.Text).label("label"))
    return sa.select(*unnested).subquery("labels")


def _dimensions(day: sa.ColumnElement[str], labelled: sa.FromClause) -> dict[str, sa.ColumnElement[Any]]:
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
        **dict.fromkeys(OF_FACTS, sa.func.coalesce(labelled.c.label, UNKNOWN)),
    }


def _with_people(labelled: sa.FromClause) -> sa.Join:
    c, k = claims.C, covers.TABLE.c
    cover = sa.and_(k.person_id == c.person_id, k.plan_code == c.plan_code)
    joined = claims.TABLE.outerjoin(people.TABLE, people.C.person_id == c.person_id).outerjoin(covers.TABLE, cover)
    return joined.outerjoin(labelled, labelled.c.claim_id == c.claim_id)


def _of(actor: Actor, table: sa.Table, plans: Sequence[str]) -> list[sa.ColumnElement[bool]]:
    return [in_subtree(table.c.org_path, actor), table.c.plan_code.in_(plans)]


async def filed(
    c: AsyncConnection,
    actor: Actor,
    plans: Sequence[str],
    days: tuple[str, str],
    by: Sequence[str],
    labelled: sa.FromClause = LABELS_NONE,
) -> Cells:
    """Claims filed within the days, and what has become of them since; shares are of all that were filed."""
    k = claims.C
    dimension = _dimensions(k.filed_on, labelled)
    columns = (k.person_id, k.approved_on, k.state, k.round)
    query = sa.select(*columns, *(dimension[name].label(name) for name in by)).select_from(_with_people(labelled))
    facts = query.where(*_of(actor, claims.TABLE, plans), *within(k.filed_on, *days)).subquery()
    f = facts.c
    refused = sa.func.count().filter(f.state == claims.REJECTED)
    supplemented = sa.func.count().filter(f.round > 0)
    measures = {
        "people": sa.func.count(f.person_id.distinct()),
        "filed": sa.func.count(),
        "approved": sa.func.count().filter(f.approved_on != ""),
        "refused": refused,
        "refused_percent": percent(refused, sa.func.count()),
        "supplemented": supplemented,
        "supplemented_percent": percent(supplemented, sa.func.count()),
        "ended_undecided": sa.func.count().filter(f.state.in_(ENDED_UNDECIDED)),
        "open": sa.func.count().filter(sa.and_(f.approved_on == "", f.state.in_(claims.UNDECIDED))),
    }
    return await counted(c, facts, by, measures)


async def paid(
    c: AsyncConnection,
    actor: Actor,
    plans: Sequence[str],
    days: tuple[str, str],
    by: Sequence[str],
    labelled: sa.FromClause = LABELS_NONE,
) -> Cells:
    """Money that arrived within the days: 人, 人次, 件, fen; mean, median and largest of a claim's sum in its cell."""

    async def of(names: Sequence[str]) -> Cells:
        facts = _paid(actor, plans, days, names, labelled)
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
        return await counted(c, facts, names, measures)

    # A claim that is paid in two months, or under two benefits, stands in two cells and is one claim in all.
    return Cells([*by], (await of(by)).cells if by else [], (await of(())).total)


def _paid(
    actor: Actor, plans: Sequence[str], days: tuple[str, str], by: Sequence[str], labelled: sa.FromClause
) -> sa.Subquery:
    """A row a claim in each cell that it was paid in."""
    a, k = arrivals.C, claims.C
    dimension = _dimensions(a.arrived_on, labelled)
    named = [dimension[name].label(name) for name in by]
    joined = _with_people(labelled).join(arrivals.TABLE, a.claim_id == k.claim_id)
    lines, fen = sa.func.count(a.benefit_code.distinct()), sa.func.sum(a.amount_fen)
    query = sa.select(k.person_id, lines.label("lines"), fen.label("fen"), *named).select_from(joined)
    query = query.where(*_of(actor, claims.TABLE, plans), *within(a.arrived_on, *days))
    # Labels, not expressions: Postgres takes two equal expressions with bound values for two different ones.
    return query.group_by(k.claim_id, k.person_id, *(sa.literal_column(f'"{name}"') for name in by)).subquery()


async def matched(
    c: AsyncConnection, actor: Actor, plans: Sequence[str], days: tuple[str, str], by: Sequence[str]
) -> Cells:
    """Settlements of covered people in the bureau's files received within the days, and how far each has come.

    `not_reached` are those that are payable while their member has neither named an account nor filed (应赔未赔).
    `found_by_match_percent` is the share of their claims that nobody had to file.
    """
    s, r, k = settlements.C, match_results.C, claims.C
    received_on = _received_on()
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
        k.claim_id,
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
        "claims": sa.func.count(f.claim_id.distinct()),
        "opened": sa.func.count().filter(f.opened),
        "found_by_match_percent": percent(
            sa.func.count(f.claim_id.distinct()).filter(f.opened), sa.func.count(f.claim_id.distinct())
        ),
        "computed_fen": sa.func.sum(f.computed_fen).filter(f.opened),
        "paid": sa.func.count().filter(f.paid),
        "not_reached_people": sa.func.count(f.person_id.distinct()).filter(f.not_reached),
    }
    return await counted(c, facts, by, measures)


def _received_on() -> sa.ColumnElement[str]:
    """The day of a file's receipt; the moment stands in UTC."""
    moment = sa.cast(settlement_imports.C.received_at, sa.TIMESTAMP(timezone=True))
    return sa.func.to_char(sa.func.timezone("Asia/Shanghai", moment), "YYYY-MM-DD")


async def rows_in(c: AsyncConnection, plans: Sequence[str], days: tuple[str, str]) -> int:
    """Rows of the bureau's files received within the days, of covered people or not."""
    i = settlement_imports.C
    query = sa.select(sa.func.sum(i.rows)).where(i.plan_code.in_(plans), *within(_received_on(), *days))
    return int(await c.scalar(query) or 0)


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
    """Flags raised within the days, what people made of them, and what has come back of the money of confirmed ones.

    人 are the flagged members, 人次 their claims, 件 the flags. `recovered_fen` counts each claim once.
    """

    async def of(names: Sequence[str]) -> Cells:
        g, k, r = flags.C, claims.C, recoveries.C
        dimension = {"month": month(g.raised_on), "city": level(g.org_path, 2), "signal": g.signal}
        named = [dimension[name].label(name) for name in names]

        def judged(state: str) -> sa.ColumnElement[int]:
            return sa.func.count().filter(g.state == state)

        back = r.amount_fen - r.left_fen - r.written_off_fen
        columns = (
            k.person_id,
            sa.func.count().label("flags"),
            judged(flags.CONFIRMED).label("confirmed"),
            judged(flags.CLEARED).label("cleared"),
            judged(flags.OPEN).label("open"),
            sa.func.max(r.amount_fen).label("asked_back_fen"),
            sa.func.max(back).label("recovered_fen"),
        )
        joined = flags.TABLE.join(claims.TABLE, k.claim_id == g.claim_id)
        query = sa.select(*columns, *named).select_from(
            joined.outerjoin(recoveries.TABLE, sa.and_(r.claim_id == k.claim_id, g.state == flags.CONFIRMED))
        )
        query = query.where(*_of(actor, claims.TABLE, plans), *within(g.raised_on, *days))
        grouped = query.group_by(k.claim_id, k.person_id, *(sa.literal_column(f'"{name}"') for name in names))
        facts = grouped.subquery()
        sums = ("flags", "confirmed", "cleared", "open", "asked_back_fen", "recovered_fen")
        measures = {
            "people": sa.func.count(facts.c.person_id.distinct()),
            "cases": sa.func.count(),
            **{name: sa.func.sum(facts.c[name]) for name in sums},
        }
        return await counted(c, facts, names, measures)

    return Cells([*by], (await of(by)).cells if by else [], (await of(())).total)


def paid_ids(actor: Actor, plans: Sequence[str], days: tuple[str, str]) -> sa.Select[tuple[str]]:
    """The claims of which money arrived within the days."""
    joined = sa.select(claims.C.claim_id).join_from(
        claims.TABLE, arrivals.TABLE, arrivals.C.claim_id == claims.C.claim_id
    )
    return joined.where(*_of(actor, claims.TABLE, plans), *within(arrivals.C.arrived_on, *days)).distinct()


def filed_ids(actor: Actor, plans: Sequence[str], days: tuple[str, str]) -> sa.Select[tuple[str]]:
    """The claims that were filed within the days."""
    return sa.select(claims.C.claim_id).where(*_of(actor, claims.TABLE, plans), *within(claims.C.filed_on, *days))


async def filed_as(c: AsyncConnection, ids: sa.Select[tuple[str]], by: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Person and dimensions of some claims, by claim."""
    k = claims.C
    dimension = _dimensions(k.filed_on, LABELS_NONE)
    query = sa.select(k.claim_id, k.person_id, *(dimension[name].label(name) for name in by))
    rows = await c.execute(query.select_from(_with_people(LABELS_NONE)).where(k.claim_id.in_(ids)))
    return {claim_id: tuple(values) for claim_id, *values in rows}


async def calls(c: AsyncConnection, actor: Actor, plans: Sequence[str], days: tuple[str, str]) -> int:
    """Claims within the days that came by telephone."""
    joined = phone_calls.TABLE.join(claims.TABLE, claims.C.claim_id == phone_calls.C.claim_id)
    conditions = (*_of(actor, claims.TABLE, plans), *within(claims.C.filed_on, *days))
    return int(await c.scalar(sa.select(sa.func.count()).select_from(joined).where(*conditions)) or 0)
