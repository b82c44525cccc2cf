"""What a pool's claims will still cost by kind of incident: the reserves of the end of a month (domain 7.2)."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.payments.months import KindReserve
from payments.domain.forecast import forecast
from payments.domain.ledger import POOL
from payments.projections import claim_history, donations


async def at_end_of(c: AsyncConnection, plan_code: str, month: str) -> tuple[KindReserve, ...]:
    """A plan's reserves at the end of a month (`YYYY-MM`), or as they stand in the one that runs; kinds in order."""
    start, _ = await donations.period(c, plan_code)
    first = start[:7] or month
    kinds = await claim_history.by_kind(c, plan_code, POOL, first, month)
    month_now = claim_history.months_between(first, month)
    told = {kind: forecast(of, month_now, elapsed_days=1, left_days=0) for kind, of in sorted(kinds.items())}
    return tuple(
        KindReserve(
            kind=kind,
            open_claims=kinds[kind].open,
            mean_fen=one.mean_fen,
            outstanding_fen=one.open_fen,
            ibnr_claims=one.ibnr_claims,
            ibnr_fen=one.ibnr_fen,
        )
        for kind, one in told.items()
    )
