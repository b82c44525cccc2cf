"""What falls due: members whom nobody reached in time."""

from __future__ import annotations

from chassis.execute import Session
from chassis.sweep import Sweep
from health_checkup.domain.finding import FINDING, EscalateFinding
from health_checkup.projections import findings

INTERVAL_MS = 60_000


async def escalate(finding_id: str, session: Session) -> None:
    """The day to reach a member by is over."""
    await session.decide(FINDING, finding_id, EscalateFinding(finding_id, session.today.isoformat()))


SWEEPS: tuple[Sweep, ...] = (
    Sweep(name="findings-overdue", due=findings.overdue, act=escalate, interval_ms=INTERVAL_MS),
)
