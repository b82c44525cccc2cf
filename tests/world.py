"""One service in this process, on the real Postgres: its HTTP, its log, its read models, and events fed to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

from chassis.auth import Verifier
from chassis.clock import FixedClock, new_id, real_now, utc_text
from chassis.context import Context
from chassis.execute import Executor
from chassis.keyring import Keyring
from chassis.log import Log, Recorded, Stored
from chassis.projecting import Projecting
from chassis.projections import Reads
from chassis.runner import Service
from chassis.tail import Reactions, ReadModels
from chassis.web.app import create_app
from chassis.web.system import ROUTES, Standing
from contracts.envelope import Actor, Envelope, Event
from contracts.organization import path_of

ISSUER = "https://issuer.test"
AUDIENCE = "huzhu"
START = datetime(2022, 3, 1, 2, 0, tzinfo=UTC)
"""10 o'clock in Lanzhou on a Tuesday."""


class Tokens:
    """An issuer of its own."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "test", "use": "sig", "alg": "ES256"})

    async def jwks(self) -> bytes:
        import json  # noqa: PLC0415

        return json.dumps({"keys": [self.key.as_dict(private=False)]}).encode()

    def mint(self, role: str, org: str = "620000", sub: str = "") -> str:
        now = int(real_now().timestamp())
        claims = {
            "iss": ISSUER, "aud": AUDIENCE, "sub": sub or f"{role}-1", "jti": new_id(), "iat": now, "nbf": now,
            "exp": now + 600, "org": org, "org_path": path_of(org), "roles": [role],
        }  # fmt: skip
        return jwt.encode({"alg": "ES256", "kid": "test", "typ": "at+jwt"}, claims, self.key)


@dataclass
class World:
    """A service under test; made by the `make_world` fixture."""

    service: Service
    context: Context
    clock: FixedClock
    tokens: Tokens
    app: Any
    fed: dict[str, int] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    sinks: dict[str, list[Any]] = field(default_factory=dict)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def client(self, role: str, org: str = "620000", sub: str = "", **headers: str) -> httpx.AsyncClient:
        """HTTP as somebody."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app, raise_app_exceptions=False),
            base_url="http://service.test",
            headers={"Authorization": f"Bearer {self.tokens.mint(role, org, sub)}", **headers},
        )

    async def feed(self, source: str, event: Event, stream: str, *, actor: Actor | None = None) -> Recorded:
        """An event of another service arrives: its read models, then the reactions to it."""
        position = self.fed[source] = self.fed.get(source, 0) + 1
        version = self.versions[stream] = self.versions.get(stream, 0) + 1
        catalog = self.context.log.catalog
        who = actor or Actor(sub="someone", org="620000", org_path="620000", roles=("office_head",))
        body = catalog.encode(
            Envelope(
                specversion="1.0", id=f"{new_id()}.0", source=f"/huzhu/{source}", type=catalog.wire_type(event),
                subject=stream, time=utc_text(self.clock.now()), datacontenttype="application/json",
                streamversion=version, actorsub=who.sub, actororg=who.org, actorpath=who.org_path,
                actorroles=",".join(who.roles), data=event,
            )
        )  # fmt: skip
        stored = Stored(position, body)
        recorded = self.context.log.recorded(stored)
        for sink in self._sinks(source):
            await sink.position()
            await sink.take([recorded], [stored])
        return recorded

    async def settled(self) -> None:
        """Every read model of the own log has reached its head."""
        await self.context.projecting.wait_for(await self.context.log.head())

    async def events(self) -> list[Event]:
        """The whole own log, decoded."""
        return [self.context.log.recorded(one).event for one in await self.context.log.read(0, 5000)]

    async def parked(self) -> list[str]:
        """The errors of what is parked."""
        rows = await self.context.log.pool.fetch("select error from parked where state <> 'done' order by id")
        return [row["error"] for row in rows]

    def _sinks(self, source: str) -> list[Any]:
        if source not in self.sinks:
            sinks: list[Any] = []
            if source in self.context.projecting.sources():
                sinks.append(ReadModels(source, self.context.projecting))
            if source in self.service.reactions:
                sinks.append(Reactions(source, self.service.reactions[source], self.context.executor))
            self.sinks[source] = sinks
        return self.sinks[source]

    def reasons(self) -> tuple[str, ...]:
        """Never unready."""
        return ()

    async def standing(self) -> Standing:
        """Little to say."""
        head = await self.context.log.head()
        return Standing(
            service=self.service.name,
            ready=True,
            reasons=(),
            position=head,
            stream_sequence=head,
            relay_state="running",
            tails=(),
            projections={},
            parked=0,
            memory_mb=0,
        )

    async def close(self) -> None:
        """Stop everything."""
        for task in self.tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self.context.http.aclose()
        await self.context.log.close()
        await self.context.reads.close()
        await self.context.keyring.close()


async def open_world(
    service: Service, database: str, keyring_url: str, kek_file: Path, settings: dict[str, Any] | None = None
) -> World:
    """Everything of a service but the broker."""
    clock = FixedClock(START)
    tokens = Tokens()
    log = await Log.open(database, service=service.name, catalog=service.catalog)
    reads = Reads.open(database)
    keyring = await Keyring.connect(keyring_url, kek_file, grants=service.grants, purposes=("request",))
    context = Context(
        service=service.name,
        settings=service.settings(**(settings or {})),
        log=log,
        executor=Executor(log, clock, keyring, reads),
        reads=reads,
        keyring=keyring,
        clock=clock,
        projecting=Projecting(log, service.projections),
        verifier=Verifier(ISSUER, AUDIENCE, tokens.jwks),
        http=httpx.AsyncClient(timeout=5, trust_env=False),
    )
    app = create_app(context, [*ROUTES, *service.routes], body_bytes_max=service.body_bytes_max)
    world = World(service, context, clock, tokens, app)
    app.state.stands = world
    await context.projecting.prepare()
    world.tasks.append(asyncio.create_task(context.projecting.follow()))
    return world


MakeWorld = Callable[..., Awaitable[World]]
