"""What every service answers about itself: health, readiness, metrics, standing, its log, what is parked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Protocol

import msgspec
from litestar import Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath, QueryParameter
from litestar.types import ControllerRouterHandler

from chassis.auth import allow, allow_province
from chassis.context import Context
from chassis.parked import Parked, list_parked, retry_parked
from chassis.telemetry import metrics_text
from chassis.web.problem import Problem
from contracts.envelope import Actor

LOG_EVENTS_MAX = 2_000
LOG_BYTES_MAX = 8_000_000
"""A page of the log ends at the event that reaches this."""
OPERATORS = ("sys_admin", "service", "auditor")


class TailStanding(msgspec.Struct, frozen=True):
    """How far a tail has come in its source."""

    name: str
    source: str
    position: int
    lag_events: int
    lag_seconds: float
    state: str


class Standing(msgspec.Struct, frozen=True):
    """Where a service stands; `reasons` say why it is not ready."""

    service: str
    ready: bool
    reasons: tuple[str, ...]
    position: int
    stream_sequence: int
    relay_state: str
    tails: tuple[TailStanding, ...]
    projections: dict[str, int]
    parked: int
    memory_mb: int


class Alive(msgspec.Struct, frozen=True):
    """The process answers."""

    status: str = "alive"


class Readiness(msgspec.Struct, frozen=True):
    """Whether requests should be sent here, and if not, why."""

    ready: bool
    reasons: tuple[str, ...]


class Retried(msgspec.Struct, frozen=True):
    """How many parked events, jobs and deadlines will be tried again."""

    asked: int


class Rebuilt(msgspec.Struct, frozen=True):
    """A read model built afresh, and how far."""

    projection: str
    position: int


class Stands(Protocol):
    """Whoever knows how the service stands."""

    def reasons(self) -> tuple[str, ...]:
        """Why the service is not ready; empty when it is."""
        ...

    async def standing(self) -> Standing:
        """Everything about it."""
        ...


@get("/healthz", sync_to_thread=False)
def healthz() -> Alive:
    """The process answers; nothing else is looked at."""
    return Alive()


@get("/readyz")
async def readyz(state: State) -> Response[Readiness]:
    """Whether the service serves, and if not, why."""
    stands: Stands = state.stands
    reasons = stands.reasons()
    return Response(Readiness(not reasons, reasons), status_code=503 if reasons else 200)


@get("/metrics", media_type="text/plain; version=0.0.4", sync_to_thread=False)
def metrics() -> bytes:
    """Prometheus's text format."""
    return metrics_text()


@get("/status")
async def status(state: State, actor: Actor) -> Standing:
    """Positions, lags, what is parked."""
    allow(actor, *OPERATORS)
    stands: Stands = state.stands
    return await stands.standing()


@get("/log", media_type="application/x-ndjson")
async def read_log(
    actor: Actor,
    context: Context,
    after: Annotated[int, QueryParameter(ge=0, le=2**62)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=LOG_EVENTS_MAX)] = 1_000,
) -> Response[bytes]:
    """The events after a position as they are stored, one a line."""
    allow_province(actor, "service", "auditor")
    page = await context.log.read(after, limit)
    size = 0
    bodies: list[bytes] = []
    for stored in page:
        size += len(stored.body)
        bodies.append(stored.body)
        if size >= LOG_BYTES_MAX:
            break
    headers = {"Log-First": str(page[0].position)} if page else {}
    content = b"\n".join(bodies) + (b"\n" if bodies else b"")
    return Response(content, headers=headers, media_type="application/x-ndjson")


@get("/parked")
async def parked(actor: Actor, context: Context) -> list[Parked]:
    """Events and jobs that could not be handled and deadlines that fail, oldest first."""
    allow(actor, *OPERATORS)
    return await list_parked(context.log.pool, context.service)


@post("/parked/retry", status_code=202)
async def retry(actor: Actor, context: Context) -> Retried:
    """Try everything parked again, events in order; the list shows what is left."""
    allow(actor, "sys_admin", "service")
    return Retried(await retry_parked(context.log.pool))


@post("/projections/{name:str}/rebuild", status_code=200)
async def rebuild(name: FromPath[str], actor: Actor, context: Context) -> Rebuilt:
    """Build a read model afresh beside the old one and swap; reads go on meanwhile."""
    allow(actor, "sys_admin", "service")
    if name not in context.projecting.names():
        raise Problem(404, "projection-unknown", "There is no such read model.", "name")
    return Rebuilt(name, await context.projecting.rebuild(name))


ROUTES: Sequence[ControllerRouterHandler | Any] = (
    healthz,
    readyz,
    metrics,
    status,
    read_log,
    parked,
    retry,
    rebuild,
)
