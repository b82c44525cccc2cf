"""The daily digest of what waits for whom, posted once a day for each role and organisation (domain 9.3)."""

from __future__ import annotations

from chassis.clock import SHANGHAI
from chassis.context import Context
from chassis.execute import Session
from notify.domain.notice import NOTICE, PostNotice
from notify.projections import claim_tasks
from notify.workers.rounds import for_ever

INTERVAL_S = 30.0
KIND = "task-digest"


async def post_digests(context: Context) -> None:
    """Post each day's digests when their hour has come, for ever."""
    posted = {""}

    async def one_round() -> float:
        now = context.clock.now().astimezone(SHANGHAI)
        today = now.date().isoformat()
        if now.hour >= context.settings.digest_at_h and today not in posted:
            await post_digest(context)
            posted.clear()
            posted.add(today)
        return INTERVAL_S

    await for_ever("digests", one_round)


async def post_digest(context: Context) -> int:
    """Post today's; how many roles and organisations have something waiting. A day has one digest each."""
    today = context.clock.today().isoformat()
    async with context.reads.connection() as c:
        loads = await claim_tasks.loads(c, today)

    async def work(session: Session) -> None:
        session.bulk = True
        for load in loads:
            notice_id = f"digest-{today}-{load.role}-{load.org_path}"
            facts = (("waiting", str(load.waiting)), ("overdue", str(load.overdue)))
            await session.decide(
                NOTICE, notice_id, PostNotice(notice_id, KIND, (load.role,), load.org_path, facts, today)
            )

    await context.executor.run(work)
    return len(loads)
