"""Keyed indexes that have served: the days before, and accounts that are nobody's any more."""

from __future__ import annotations

from datetime import date, timedelta

from chassis.context import Context
from notify.domain.binding import BINDING, Binding, Unbound
from notify.projections.wechat_bindings import OPENIDS
from notify.workers.limits import SCOPE
from notify.workers.rounds import for_ever

KEPT_DAYS = 2
INTERVAL_S = 3_600
OWNERS_MAX = 1_000
"""So many accounts are looked at in one round."""


async def forget(context: Context) -> None:
    """Every hour, for ever."""

    async def one_round() -> float:
        await forget_before(context, context.clock.today() - timedelta(days=KEPT_DAYS))
        await forget_unbound(context)
        return INTERVAL_S

    await for_ever("forgetting", one_round)


async def forget_before(context: Context, day: date) -> None:
    """Let go of what numbers got on all days before one."""
    await context.log.pool.execute(
        "delete from reservation where scope >= $1 and scope < $2", SCOPE, f"{SCOPE}{day.isoformat()}"
    )


async def forget_unbound(context: Context) -> None:
    """Let go of the accounts of people who are no longer bound, the erased among them."""
    rows = await context.log.pool.fetch(
        "select distinct owner from reservation r where scope = $1 and not exists"
        " (select 1 from projection.wechat_bindings b where b.person_id = r.owner) limit $2",
        *(OPENIDS, OWNERS_MAX),
    )
    for row in rows:
        owner = row["owner"]
        # The read model may be behind a binding of a moment ago.
        if isinstance(await _binding(context, owner), Unbound):
            await context.log.pool.execute("delete from reservation where scope = $1 and owner = $2", OPENIDS, owner)


async def _binding(context: Context, person_id: str) -> Binding:
    return (await context.executor.run(lambda session: session.load(BINDING, person_id))).value
