"""What falls due: findings whose next step nobody took in time, invitations unanswered, stops whose day is over."""

from __future__ import annotations

from chassis.clock import utc_text
from chassis.execute import Session
from chassis.sweep import Sweep
from health_checkup import seating
from health_checkup.domain.finding import FINDING, EscalateFinding
from health_checkup.domain.stop import STOP
from health_checkup.domain.stop_commands import CloseWave
from health_checkup.projections import findings, stops, waves

INTERVAL_MS = 60_000
STOP_INTERVAL_MS = 1_000


async def escalate(finding_id: str, session: Session) -> None:
    """The last day for the next step of a follow-up is over."""
    await session.decide(FINDING, finding_id, EscalateFinding(finding_id, session.today.isoformat()))


async def close_wave(key: str, session: Session) -> None:
    """`<stop>/<wave>`: the time to answer is over, and empty seats go to those who wait."""
    stop_id, _, wave = key.rpartition("/")
    await session.decide(STOP, stop_id, CloseWave(stop_id, int(wave), utc_text(session.now)))
    await seating.seat_waiting(session, stop_id)


async def close_stop(stop_id: str, session: Session) -> None:
    """The truck has left."""
    await seating.close(session, stop_id)


SWEEPS: tuple[Sweep, ...] = (
    Sweep(name="checkup-waves", due=waves.over, act=close_wave, interval_ms=STOP_INTERVAL_MS),
    Sweep(name="checkup-stops", due=stops.to_close, act=close_stop, interval_ms=STOP_INTERVAL_MS),
    Sweep(name="findings-overdue", due=findings.overdue, act=escalate, interval_ms=INTERVAL_MS),
)
