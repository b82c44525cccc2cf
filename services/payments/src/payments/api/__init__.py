"""HTTP in, commands and queries out."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from payments.api import batches, ledger, payouts, pool, relief_fund, statistics

ROUTES: list[ControllerRouterHandler] = [
    *payouts.ROUTES,
    *batches.ROUTES,
    *ledger.ROUTES,
    *pool.ROUTES,
    *relief_fund.ROUTES,
    *statistics.ROUTES,
]
