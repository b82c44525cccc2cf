"""The figures of domain 10 over covers and rosters, by dimension; no sealed value is opened."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.cells import UNKNOWN, Cells, age_band, counted, level, month, within
from contracts.envelope import Actor
from contracts.person import AGE_BANDS
from enrolment.projections import covers, members, rosters

COVERED_BY = ("city", "county", "union", "occupation", "sex", "age_band", "month")


async def covered(c: AsyncConnection, actor: Actor, plan: str, days: tuple[str, str], by: Sequence[str]) -> Cells:
    """People whose cover began within the days; the age is that of the first year of cover."""
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
    query = sa.select(k.person_id, m.died_on, *(dimension[name].label(name) for name in by))
    query = query.select_from(covers.TABLE.outerjoin(members.TABLE, m.person_id == k.person_id))
    facts = query.where(in_subtree(k.org_path, actor), k.plan_code == plan, *within(k.effective_on, *days)).subquery()
    f = facts.c
    measures = {"people": sa.func.count(f.person_id.distinct()), "died": sa.func.count(f.died_on)}
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
