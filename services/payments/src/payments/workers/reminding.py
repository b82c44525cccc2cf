"""Deadlines of what came back: the payee is reminded, and at last the office phones (domain 7.1)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import environment
from chassis.execute import Session
from chassis.sweep import Sweep
from payments.domain.payout import PAYOUT
from payments.domain.payout_commands import RemindPayee, RequestCall
from payments.projections import payouts
from payments.settings import Settings

SEPARATOR = "|"


def sweeps(settings: Settings) -> tuple[Sweep, ...]:
    """The sweeps as these settings have them."""
    days = settings.days_to_remind()

    async def to_remind(c: AsyncConnection, now: datetime, limit: int) -> list[str]:
        moments = [(day, round((now - timedelta(days=day)).timestamp() * 1000)) for day in days]
        due = await payouts.to_remind(c, moments, limit)
        return [SEPARATOR.join((str(day), str(attempt), payout_id)) for payout_id, attempt, day in due]

    async def to_phone(c: AsyncConnection, _now: datetime, limit: int) -> list[str]:
        return await payouts.to_phone(c, settings.call_after_failures, limit)

    async def request_call(payout_id: str, session: Session) -> None:
        await session.decide(PAYOUT, payout_id, RequestCall(settings.call_after_failures))

    return (
        Sweep("payee-reminders", to_remind, remind, settings.sweep_interval_ms),
        Sweep("office-calls", to_phone, request_call, settings.sweep_interval_ms),
    )


async def remind(key: str, session: Session) -> None:
    """Remind of one return on one day: `<day>|<attempt>|<payout>`."""
    day, attempt, payout_id = key.split(SEPARATOR, 2)
    await session.decide(PAYOUT, payout_id, RemindPayee(int(attempt), int(day)))


SWEEPS = sweeps(environment.read(Settings))
