"""The pool by month and kind of benefit (domain 10), from the book: each entry in the month that its close holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.cells import UNKNOWN, Cell, Cells
from contracts.payments.months import KindReserve, MonthClosed
from payments.domain import ledger
from payments.domain.month_end import month_after
from payments.projections import ledger_entries, payouts, reserves

FUND_BY = ("month", "kind")
MOVED = ("contribution_fen", "set_aside_fen", "granted_fen", "paid_fen", "returned_fen", "recovered_fen")


async def by_month(
    c: AsyncConnection, plan_code: str, closed: Sequence[MonthClosed], by: Sequence[str], today: str
) -> Cells:
    """What was given, granted, paid, sent back and recovered; what is owed and used at the end of each month.

    `payable_fen`, `used_fen`, `used_percent` (of what was given by then less what was set aside of it) and, by month
    alone, `reserve_fen` are of the month's end, or of now.
    """
    months: dict[str, dict[str, dict[str, int]]] = {}
    for month, kind, *moved in await c.execute(_moved(plan_code, closed)):
        figures = {name: round(fen or 0) for name, fen in zip(MOVED, moved, strict=True)}
        months.setdefault(month, {})[kind] = figures
    reserved = {one.month: _reserve_fen(one.reserves) for one in closed}
    now_fen = _reserve_fen(await reserves.at_end_of(c, plan_code, today[:7]))
    sums: dict[str, dict[str, int]] = {}
    cells: list[Cell] = []
    for month, kinds in sorted(months.items()):
        for kind, figures in kinds.items():
            so_far = sums.setdefault(kind, dict.fromkeys(MOVED, 0))
            sums[kind] = {name: so_far[name] + figures[name] for name in MOVED}
        given = _available(_added(sums.values()))
        if "kind" in by:
            nothing = dict.fromkeys(MOVED, 0)
            cells += [
                Cell({"month": month, "kind": kind}, _at_the_end(kinds.get(kind, nothing), sums[kind], given))
                for kind in sorted(sums)
            ]
        elif "month" in by:
            figures = _at_the_end(_added(kinds.values()), _added(sums.values()), given)
            reserve = {"reserve_fen": now_fen} if month == today[:7] else {}
            if month in reserved:
                reserve = {"reserve_fen": reserved[month]}
            cells.append(Cell({"month": month}, {**figures, **reserve, "closed": int(month in reserved)}))
    total = _added(sums.values())
    given = _available(total)
    if [*by] == ["kind"]:
        cells = [Cell({"kind": kind}, _at_the_end(moved, moved, given)) for kind, moved in sorted(sums.items())]
    return Cells([*by], cells, Cell({}, {**_at_the_end(total, total, given), "reserve_fen": now_fen}))


def _reserve_fen(kinds: Iterable[KindReserve]) -> int:
    return sum(one.outstanding_fen + one.ibnr_fen for one in kinds)


def _available(moved: dict[str, int]) -> int:
    return moved["contribution_fen"] - moved["set_aside_fen"]


def _added(rows: Any) -> dict[str, int]:
    return {name: sum(row[name] for row in rows) for name in MOVED}


def _at_the_end(moved: dict[str, int], so_far: dict[str, int], given_fen: int) -> dict[str, int]:
    used_fen = so_far["granted_fen"]
    return {
        **moved,
        "payable_fen": used_fen - so_far["paid_fen"] + so_far["returned_fen"],
        "used_fen": used_fen,
        "used_percent": used_fen * 100 // given_fen if given_fen else 0,
    }


def _moved(plan_code: str, closed: Sequence[MonthClosed]) -> sa.Select[Any]:
    """Sums by month and kind of what moved the pool's money."""
    e, pool = ledger_entries.C, ledger.POOL
    expense = ledger.account(plan_code, pool.expense) + ":"
    granted = e.debit.startswith(expense, autoescape=True)

    def between(debit: str, credit: str) -> sa.ColumnElement[bool]:
        return sa.and_(e.debit == ledger.account(plan_code, debit), e.credit == ledger.account(plan_code, credit))

    paid = between(pool.clearing, pool.cash)
    back = sa.or_(between(pool.suspense, pool.payable), between(pool.clearing, pool.payable))
    given = between(pool.cash, pool.contribution)
    recovered = between(pool.cash, pool.recoveries)
    aside = sa.or_(
        between(ledger.PROVISION, ledger.RISK_RESERVE), between(ledger.ACTIVITY_COST, ledger.ACTIVITY_PAYABLE)
    )
    payout_id = sa.cast(e.about, postgresql.JSONB)["payout"].astext
    kind = sa.case(
        (granted, sa.func.substr(e.debit, len(expense) + 1)),
        else_=sa.func.coalesce(payouts.C.benefit_code, UNKNOWN),
    )
    facts = (
        sa.select(_month(closed).label("month"), kind.label("kind"), e.amount_fen, granted.label("granted"))
        .add_columns(
            given.label("given"),
            aside.label("aside"),
            paid.label("paid"),
            back.label("back"),
            recovered.label("recovered"),
        )
        .select_from(ledger_entries.TABLE.outerjoin(payouts.TABLE, payouts.C.payout_id == payout_id))
        .where(e.plan_code == plan_code, e.kind == ledger.SINGLE, sa.or_(granted, given, aside, paid, back, recovered))
        .subquery()
    )
    f = facts.c
    sums = [
        sa.func.sum(f.amount_fen).filter(f[name]) for name in ("given", "aside", "granted", "paid", "back", "recovered")
    ]
    return sa.select(f.month, f.kind, *sums).group_by(f.month, f.kind).order_by(f.month, f.kind)


def _month(closed: Sequence[MonthClosed]) -> sa.ColumnElement[str]:
    """The month that an entry stands in: that of its date, unless a close was over by then: then the next one."""
    e = ledger_entries.C
    own = sa.func.left(e.booked_on, 7)
    if not closed:
        return own
    in_order = sorted(closed, key=lambda one: one.month)
    # What is dated before the first month that was closed is part of what that one opened with.
    arms: list[tuple[sa.ColumnElement[bool], Any]] = [
        (sa.and_(own < in_order[0].month, e.position <= in_order[0].as_of), own)
    ]
    arms += [(sa.and_(own <= one.month, e.position <= one.as_of), one.month) for one in in_order]
    return sa.case(*arms, else_=sa.func.greatest(own, month_after(in_order[-1].month)))
