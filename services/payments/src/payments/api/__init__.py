"""HTTP in, commands and queries out."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from payments.api import (
    approvals,
    batches,
    foreseeing,
    ledger,
    months,
    payouts,
    pool,
    reconciliation,
    relief_fund,
    returns,
    statistics,
    switch,
    topping_up,
)

ROUTES: list[ControllerRouterHandler] = [
    *payouts.ROUTES,
    *returns.ROUTES,
    *batches.ROUTES,
    *approvals.ROUTES,
    *switch.ROUTES,
    *ledger.ROUTES,
    *pool.ROUTES,
    *topping_up.ROUTES,
    *foreseeing.ROUTES,
    *months.ROUTES,
    *reconciliation.ROUTES,
    *relief_fund.ROUTES,
    *statistics.ROUTES,
]
