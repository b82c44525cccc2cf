"""The figures of domain 10 over covers and rosters, by dimension; no sealed value is opened."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.cells import PLACES, UNKNOWN, Cells, age_band, counted, level, month, percent, within
from contracts.envelope import Actor
from contracts.person import AGE_BANDS
from enrolment.projections import contact_changes, covers, members, reachability, roster_problems, rosters

MISSING_MOBILE = "W_MOBILE_MISSING"
COVERED_BY = ("city", "county", "union", "occupation", "sex", "age_band", "month")


async def covered(
    c: AsyncConnection, actor: Actor, plan: str, days: tuple[str, str], by: Sequence[str], today: str
) -> Cells:
    """People whose cover began within the days, how many are covered today, and how they can be reached.

    The age is that of the first year of cover. `with_mobile` had a usable mobile in the roster or have named one since;
    `mobile_doubted` of them cannot be reached at it; `wechat` are bound to the service account. Shares are of all.
    """
    k, m = covers.TABLE.c, members.TABLE.c
    dimension = {
        "city": level(k.org_path, 2),
        "county": k.division_code,
        "union": level(k.org_path, 4),
        "occupation": k.occupation,
        "sex": sa.func.coalesce(sa.func.nullif(m.sex, ""), UNKNOWN),
        "age_band": age_band(m.birth_year, k.effective_on, AGE_BANDS),
        "month": month(k.effective_on),
    }
    columns = (
        k.person_id,
        m.died_on,
        sa.and_(k.effective_on <= today, k.ends_on > today, m.died_on.is_(None)).label("is_active"),
        _with_mobile().label("has_mobile"),
        reachability.so(k.person_id, reachability.WECHAT).label("is_bound"),
        reachability.so(k.person_id, reachability.MOBILE_DOUBTED).label("is_doubted"),
    )
    query = sa.select(*columns, *(dimension[name].label(name) for name in by))
    query = query.select_from(covers.TABLE.outerjoin(members.TABLE, m.person_id == k.person_id))
    facts = query.where(in_subtree(k.org_path, actor), k.plan_code == plan, *within(k.effective_on, *days)).subquery()
    f = facts.c
    with_mobile, bound = sa.func.count().filter(f.has_mobile), sa.func.count().filter(f.is_bound)
    measures = {
        "people": sa.func.count(f.person_id.distinct()),
        "active": sa.func.count().filter(f.is_active),
        "died": sa.func.count(f.died_on),
        "with_mobile": with_mobile,
        "with_mobile_percent": percent(with_mobile, sa.func.count()),
        "mobile_doubted": sa.func.count().filter(sa.and_(f.has_mobile, f.is_doubted)),
        "wechat": bound,
        "wechat_percent": percent(bound, sa.func.count()),
    }
    return await counted(c, facts, by, measures)


def _with_mobile() -> sa.ColumnElement[bool]:
    """Whether a cover's roster row had a usable mobile, or its person has named one since."""
    k, p, n = covers.TABLE.c, roster_problems.TABLE.c, contact_changes.TABLE.c
    warned = (sa.literal(" ") + p.warnings + " ").contains(f" {MISSING_MOBILE} ", autoescape=True)
    missing = sa.exists().where(p.batch_id == k.batch_id, p.row_no == k.row_no, warned)
    return sa.or_(~missing, sa.exists().where(n.person_id == k.person_id))


async def roster_quality(c: AsyncConnection, actor: Actor, plan: str, by: Sequence[str]) -> Cells:
    """Rows of finished rosters by the place of their sender, how many were valid, and how many of a hundred not."""
    t = rosters.TABLE.c
    dimension = {name: level(t.org_path, number) for number, name in enumerate(PLACES, 2)}
    query = sa.select(t.rows, t.valid, *(dimension[name].label(name) for name in by))
    finished = (t.plan_code == plan, t.state == rosters.IMPORTED, in_subtree(t.org_path, actor))
    facts = query.where(*finished).subquery()
    rows, valid = sa.func.sum(facts.c.rows), sa.func.coalesce(sa.func.sum(facts.c.valid), 0)
    measures = {
        "rosters": sa.func.count(),
        "rows": rows,
        "valid": valid,
        "error_percent": percent(rows - valid, rows),
    }
    return await counted(c, facts, by, measures)


async def roster_rows(c: AsyncConnection, actor: Actor, plan: str) -> tuple[int, int, dict[str, int], dict[str, int]]:
    """Rows, valid rows, errors and warnings by code of the finished rosters of the subtree."""
    t = rosters.TABLE.c
    query = sa.select(t.rows, t.valid, t.errors, t.warnings)
    found = await c.execute(
        query.where(t.plan_code == plan, t.state == rosters.IMPORTED, in_subtree(t.org_path, actor))
    )
    rows, valid = 0, 0
    errors, warnings = rosters.counts(None), rosters.counts(None)
    for one in found:
        rows, valid = rows + one.rows, valid + (one.valid or 0)
        errors += rosters.counts(one.errors)
        warnings += rosters.counts(one.warnings)
    return rows, valid, dict(sorted(errors.items())), dict(sorted(warnings.items()))
