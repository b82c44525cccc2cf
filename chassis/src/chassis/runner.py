"""A service as a process: what it is made of, started in order, watched, stopped in reverse."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import structlog
import uvicorn
import uvloop
from litestar import Litestar
from tenacity import AsyncRetrying, RetryError, retry_if_exception, stop_after_delay, wait_fixed

from chassis import environment as surroundings
from chassis.auth import Verifier, fetch_jwks
from chassis.broker import Broker, Watchdog
from chassis.clock import Clock, SteeredClock, SystemClock
from chassis.context import Context
from chassis.environment import Environment, Surroundings
from chassis.execute import Executor
from chassis.keyring import Keyring
from chassis.log import Log, Recorded
from chassis.migrate import migrate
from chassis.projecting import Projecting
from chassis.projections import Projection, Reads
from chassis.relay import Relay
from chassis.standing import Process
from chassis.sweep import Sweep, Sweeps
from chassis.tail import Reaction, Reactions, ReadModels, Sink, SourceLog, Tail
from chassis.tail.failures import is_away
from chassis.telemetry import configure_logging, configure_tracing
from chassis.waking import Workers
from chassis.web.app import BODY_BYTES_MAX, create_app
from chassis.web.system import ROUTES as SYSTEM_ROUTES
from chassis.worker import Worker
from contracts.envelope import Catalog, Event

START_WAIT_S = 60
START_RETRY_S = 0.5
STOP_TIMEOUT_S = 10
HTTP_TIMEOUT_S = 10.0
KEEP_ALIVE_S = 30
TASK_DEPTH_MAX = 20
GARBAGE_THRESHOLDS = (200_000, 20, 100)
"""A batch makes many objects that live for a moment; Python's default passes over them cost a third of the work."""

Background = Callable[[Context], Awaitable[None]]


@dataclass(frozen=True)
class Service:
    """The composition of one service: a literal list of its parts."""

    name: str
    catalog: Catalog
    publishes: Mapping[str, type[Event]]
    routes: Sequence[Any]
    projections: Sequence[Projection]
    settings: type[Any]
    reactions: Mapping[str, Mapping[type[Event], Reaction]] = field(default_factory=dict)
    workers: Sequence[Worker] = ()
    sweeps: Sequence[Sweep] = ()
    background: Sequence[Background] = ()
    grants: frozenset[str] = frozenset()
    body_bytes_max: int = BODY_BYTES_MAX


async def open_context(service: Service, environment: Environment, settings: Any) -> Context:
    """Migrate, then open the log, the read models and the keyring; a Postgres that is just starting is waited for.

    Raises Surroundings when it has not come within START_WAIT_S.
    """
    patience = AsyncRetrying(
        stop=stop_after_delay(START_WAIT_S), wait=wait_fixed(START_RETRY_S), retry=retry_if_exception(_may_come)
    )
    try:
        return await patience(_open_context, service, environment, settings)
    except RetryError as late:
        error = late.last_attempt.exception()
        name = type(error).__name__
        raise Surroundings(f"Start Postgres: it did not let this service in for {START_WAIT_S} s ({name}).") from error


def _may_come(error: BaseException) -> bool:
    return isinstance(error, Exception) and is_away(error)


async def _open_context(service: Service, environment: Environment, settings: Any) -> Context:
    await surroundings.check_postgres(environment.database_url)
    role = environment.database_url.split("://", 1)[1].split(":", 1)[0].split("@", 1)[0]
    await migrate(environment.owner_database_url, role)
    log = await Log.open(environment.database_url, service=service.name, catalog=service.catalog)
    reads = Reads.open(environment.database_url)
    keyring = await Keyring.connect(
        environment.keyring_url, environment.kek_file or None, grants=service.grants, purposes=("request",)
    )
    clock: Clock = SteeredClock(Path(environment.clock_file)) if environment.clock_file else SystemClock()
    http = httpx.AsyncClient(timeout=HTTP_TIMEOUT_S, trust_env=False)
    return Context(
        service=service.name,
        settings=settings,
        log=log,
        executor=Executor(log, clock, keyring, reads),
        reads=reads,
        keyring=keyring,
        clock=clock,
        projecting=Projecting(log, service.projections),
        verifier=Verifier(environment.issuer, environment.audience, fetch_jwks(http, environment.jwks_url)),
        http=http,
    )


async def close_context(context: Context) -> None:
    """Write what waits and let go of everything."""
    await context.http.aclose()
    await context.log.close()
    await context.reads.close()
    await context.keyring.close()


def build_tails(service: Service, context: Context, environment: Environment, broker: Broker) -> list[Tail]:
    """One tail a source, feeding its read models first and its reactions after them."""
    addresses: dict[str, str] = json.loads(environment.sources)
    tails = []
    for source in sorted(context.projecting.sources() | set(service.reactions)):
        sinks: list[Sink] = []
        if source in context.projecting.sources():
            sinks.append(ReadModels(source, context.projecting))
        if source in service.reactions:
            sinks.append(Reactions(source, service.reactions[source], context.executor))
        origin = SourceLog(
            context.http,
            addresses[source],
            lambda: surroundings.token_reader(environment.service_token_file),
        )
        tails.append(Tail(source, sinks, broker, context.log, origin.read))

        async def reader(after: int, limit: int, origin: SourceLog = origin) -> Sequence[Recorded]:
            return [context.log.recorded(stored) for stored in await origin.read(after, limit)]

        context.projecting.readers[source] = reader
    return tails


async def serve(service: Service, environment: Environment) -> int:
    """Run until told to stop; returns the exit code. A part that dies takes the process with it."""
    surroundings.check_profile(environment)
    settings = surroundings.read(service.settings)
    configure_logging(service.name, environment.log_level)
    tracing = configure_tracing(service.name)
    context = await open_context(service, environment, settings)
    broker = Broker(
        environment.nats_url,
        name=service.name,
        user=environment.nats_user or None,
        password=environment.nats_password or None,
    )
    await broker.start()
    watchdog = Watchdog()
    watchdog.start()
    relay = Relay(context.log, broker, json.loads(environment.stream_config))
    tails = build_tails(service, context, environment, broker)
    process = Process(context, relay, tails)
    app = create_app(context, [*SYSTEM_ROUTES, *service.routes], body_bytes_max=service.body_bytes_max)
    app.state.stands = process
    parts = _parts(service, environment, context, broker, relay, tails, process)
    try:
        return await _run_together(app, environment, parts)
    finally:
        await broker.stop()
        await watchdog.stop()
        await close_context(context)
        tracing.close()


def _parts(
    service: Service,
    environment: Environment,
    context: Context,
    broker: Broker,
    relay: Relay,
    tails: Sequence[Tail],
    process: Process,
) -> dict[str, Callable[[], Awaitable[None]]]:
    parts: dict[str, Callable[[], Awaitable[None]]] = {
        "projecting": lambda: _project(context, process),
        "relay": relay.run,
        "measuring": process.measure,
    }
    parts |= {tail.name: tail.run for tail in tails}
    if service.workers:
        workers = Workers(
            service.workers,
            context,
            broker,
            user=environment.nats_user or None,
            password=environment.nats_password or None,
        )
        parts["workers"] = lambda: _once_prepared(context, workers.run)
    if service.sweeps:
        sweeps = Sweeps(service.sweeps, context.executor, context.clock)
        parts["sweeps"] = lambda: _once_prepared(context, sweeps.run)
    for number, background in enumerate(service.background):
        run = partial(background, context)
        parts[f"background-{number}"] = partial(_once_prepared, context, run)
    return parts


async def _once_prepared(context: Context, part: Callable[[], Awaitable[None]]) -> None:
    """Jobs, sweeps and the like read the read models: their tables come first."""
    await context.projecting.prepared.wait()
    await part()


async def _project(context: Context, process: Process) -> None:
    for name in await context.projecting.prepare():
        await context.projecting.rebuild(name)
    process.prepared = True
    await context.projecting.follow()


async def _run_together(
    app: Litestar, environment: Environment, parts: Mapping[str, Callable[[], Awaitable[None]]]
) -> int:
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=environment.host,
            port=environment.port,
            loop="none",
            http="httptools",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=STOP_TIMEOUT_S,
            timeout_keep_alive=KEEP_ALIVE_S,
            lifespan="off",
        )
    )
    serving = asyncio.create_task(server.serve(), name="http")
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, show_tasks)
    running = {asyncio.ensure_future(part()): name for name, part in parts.items()}
    done, _ = await asyncio.wait([serving, *running], return_when=asyncio.FIRST_COMPLETED)
    failed = [task for task in done if task is not serving]
    for task in failed:
        error = task.exception() if not task.cancelled() else None
        structlog.get_logger().error("part-ended", part=running[task], exc_info=error)
    server.should_exit = True
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    return 1 if failed else 0


def show_tasks() -> None:
    """Where every task of the loop waits, on stderr: for the operator of a service that seems stuck (SIGUSR2)."""
    for task in asyncio.all_tasks():
        chain: list[str] = []
        waiting: Any = task.get_coro()
        while waiting is not None and len(chain) < TASK_DEPTH_MAX:
            frame = getattr(waiting, "cr_frame", None)
            chain.append(f"{getattr(waiting, '__qualname__', type(waiting).__name__)}:{frame.f_lineno if frame else 0}")
            waiting = getattr(waiting, "cr_await", None)
        sys.stderr.write(f"{task.get_name()} {' > '.join(chain)}\n")
    sys.stderr.flush()


def run(service: Service) -> None:
    """The main of every service's process."""
    try:
        environment = surroundings.read(Environment)
        gc.freeze()
        gc.set_threshold(*GARBAGE_THRESHOLDS)
        code = uvloop.run(serve(service, environment))
    except Surroundings as wrong:
        sys.stderr.write(f"{service.name} cannot start. {wrong}\n")
        raise SystemExit(2) from None
    raise SystemExit(code)
