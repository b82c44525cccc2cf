"""How a running service stands: ready or not and why, and how far behind anything is."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path

import asyncpg

from chassis.context import Context
from chassis.parked import count_parked
from chassis.relay import Relay
from chassis.tail import Tail
from chassis.telemetry.metrics import PARKED, PROJECTION_LAG_EVENTS, RELAY_LAG_EVENTS, TAIL_LAG_EVENTS
from chassis.web.system import Standing, TailStanding

MEASURE_EVERY_S = 2.0
READY_LAG_EVENTS_MAX = 50_000
"""Own read models further behind than this make the service not ready."""


class Process:
    """One running service, for /readyz, /status and the gauges."""

    def __init__(self, context: Context, relay: Relay, tails: Sequence[Tail]) -> None:
        self._context = context
        self._relay = relay
        self._tails = tuple(tails)
        self.prepared = False

    def reasons(self) -> tuple[str, ...]:
        """Why the service is not ready. A tail that waits is lag, not unreadiness; a stopped read model is both."""
        context = self._context
        reasons = []
        if not self.prepared:
            reasons.append("The read models are being prepared.")
        if context.log.refusing:
            reasons.append(context.log.refusing)
        reasons += [f"{name}: {why}" for name, why in sorted(context.projecting.failures().items())]
        lag = context.log.known_head - context.projecting.position(context.service)
        if lag > READY_LAG_EVENTS_MAX:
            reasons.append(f"The read models are {lag} events behind.")
        reasons += [f"{tail.name}: {tail.status().reason}" for tail in self._tails if tail.status().state == "stopped"]
        return tuple(reasons)

    async def standing(self) -> Standing:
        """Everything an operator asks for."""
        context = self._context
        relay = self._relay.status()
        parked = await count_parked(context.log.pool, context.service)
        tails = []
        for tail in self._tails:
            one = tail.status()
            tails.append(TailStanding(one.name, one.source, one.position, one.lag_events, one.lag_seconds, one.state))
        return Standing(
            service=context.service,
            ready=not self.reasons(),
            reasons=self.reasons(),
            position=await context.log.head(),
            stream_sequence=relay.position,
            relay_state=relay.state,
            tails=tuple(tails),
            projections=context.projecting.positions(),
            parked=sum(parked.values()),
            memory_mb=resident_mb(),
        )

    async def measure(self) -> None:
        """Keep the gauges fresh."""
        context = self._context
        while True:
            relay = self._relay.status()
            RELAY_LAG_EVENTS.set(max(relay.head - relay.position, 0))
            for tail in self._tails:
                one = tail.status()
                TAIL_LAG_EVENTS.labels(tail=one.name, source=one.source).set(one.lag_events)
            for name, lag in context.projecting.lags().items():
                PROJECTION_LAG_EVENTS.labels(projection=name).set(lag)
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                parked = await count_parked(context.log.pool, context.service)
                PARKED.clear()
                for (kind, place), waiting in parked.items():
                    PARKED.labels(kind=kind, place=place).set(waiting)
            await asyncio.sleep(MEASURE_EVERY_S)


def resident_mb() -> int:
    """The most resident memory this process has had, in MB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    return 0
