"""Looks at how much of each fund is used, and tells what has changed (domain 7.2)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import environment
from chassis.execute import Session
from chassis.sweep import Sweep
from payments.domain import ledger
from payments.domain.fund_level import FULL_PERCENT, FUND_LEVEL, MeasureFund, asks_again, fund_key, reached
from payments.projections import account_balances, fund_levels
from payments.settings import Settings


def sweep(settings: Settings) -> Sweep:
    """The sweep as these settings have it."""
    percents, again_percent = settings.percents_to_alert(), settings.top_up_again_percent

    async def due(c: AsyncConnection, _now: datetime, limit: int) -> list[str]:
        standing, answered = await fund_levels.standing(c), await fund_levels.answered(c)
        found = []
        for plan_code in await account_balances.plans(c):
            accounts = await account_balances.of_plan(c, plan_code)
            for fund in ledger.FUNDS.values():
                used_fen, available_fen = ledger.used_and_available(accounts, fund)
                told, given_then = standing.get((plan_code, fund.name), (0, 0))
                asked_fen = answered.get((plan_code, fund.name))
                highest = max(reached(used_fen, available_fen, percents), default=0)
                missing_fen = max(used_fen - available_fen, 0)
                again = (
                    highest >= FULL_PERCENT
                    and asked_fen is not None
                    and asks_again(missing_fen, asked_fen, available_fen, again_percent)
                )
                if highest > told or (highest < told and available_fen > given_then) or again:
                    found.append(fund_key(plan_code, fund.name))
        return found[:limit]

    async def measure(key: str, session: Session) -> None:
        plan_code, _, name = key.rpartition(".")
        async with session.reads.connection() as c:
            accounts = await account_balances.of_plan(c, plan_code)
        used_fen, available_fen = ledger.used_and_available(accounts, ledger.FUNDS[name])
        await session.decide(
            FUND_LEVEL, key, MeasureFund(plan_code, name, used_fen, available_fen, percents, again_percent)
        )

    return Sweep("fund-alerts", due, measure, settings.sweep_interval_ms)


SWEEPS = (sweep(environment.read(Settings)),)
