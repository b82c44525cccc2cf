"""The whole of enrolment in one process, on the real Postgres, without NATS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
import pytest
from litestar import Litestar

from chassis.auth import Verifier
from chassis.clock import FixedClock, new_id
from chassis.context import Context
from chassis.execute import Executor
from chassis.keyring import Keyring, ensure_kek_file, grant, migrate
from chassis.log import Log
from chassis.projecting import Projecting
from chassis.projections import Reads
from chassis.web.app import create_app
from contracts.catalog import CATALOG
from contracts.envelope import Actor
from contracts.organization import path_of
from enrolment import api, projections
from enrolment.intake import importer
from enrolment.settings import Settings
from huzhu.runner.postgres import Postgres

PASSWORD = "only-for-tests"
KEYRING_ROLE = "keyring_enrolment"
GRANTS = ("identity", "contact")
DESTROYS = ("identity", "contact", "bank", "health")
WAIT_S_MAX = 120
CANCELS_MAX = 10
NOW = datetime(2021, 12, 31, 2, 0, tzinfo=UTC)


class NamedByHeader(Verifier):
    """Lets a test say who asks: `Bearer <sub> <org> <role,role>`."""

    def __init__(self) -> None:
        pass

    async def verify(self, header_value: str) -> Actor:
        _, sub, org, roles = header_value.split(" ")
        return Actor(sub=sub, org=org, org_path=path_of(org), roles=tuple(roles.split(",")))


def asks(role: str, org: str = "620000", sub: str = "u1") -> dict[str, str]:
    return {"Authorization": f"Bearer {sub} {org} {role}"}


@dataclass
class World:
    """One database of enrolment; processes may come and go on it."""

    database: str
    keyring_url: str
    kek_file: Path
    documents: Path
    running: list[Running] = field(default_factory=list)

    async def start(self, *, importing: bool = True, chunk_rows: int = 100) -> Running:
        """A process of the service."""
        settings = Settings(documents=str(self.documents), roster_chunk_rows=chunk_rows, roster_poll_ms=20)
        log = await Log.open(self.database, service="enrolment", catalog=CATALOG)
        keyring = await Keyring.connect(
            self.keyring_url, self.kek_file, grants=frozenset(GRANTS), purposes=("request",)
        )
        reads = Reads.open(self.database)
        clock = FixedClock(NOW)
        context = Context(
            service="enrolment",
            settings=settings,
            log=log,
            executor=Executor(log, clock, keyring, reads),
            reads=reads,
            keyring=keyring,
            clock=clock,
            projecting=Projecting(log, projections.ALL),
            verifier=NamedByHeader(),
            http=httpx.AsyncClient(),
        )
        await context.projecting.prepare()
        running = Running(context, create_app(context, api.ROUTES))
        running.tasks.append(asyncio.create_task(context.projecting.follow()))
        if importing:
            running.tasks.append(asyncio.create_task(importer.run(context)))
        self.running.append(running)
        return running


@dataclass
class Running:
    """One process."""

    context: Context
    app: Litestar
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def client(self) -> httpx.AsyncClient:
        """Over ASGI, as the gateway would."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://enrolment", timeout=60)

    async def kill(self) -> None:
        """End without a goodbye to what is in hand."""
        for task in self.tasks:
            for _ in range(CANCELS_MAX):
                # wait_for of Python 3.11 may swallow a cancellation that meets its result.
                if task.done():
                    break
                task.cancel()
                await asyncio.wait({task}, timeout=1)
            assert task.done(), task
        self.tasks.clear()
        async with asyncio.timeout(WAIT_S_MAX):
            await self.context.http.aclose()
            await self.context.log.close()
            await self.context.reads.close()
            await self.context.keyring.close()

    def healthy(self) -> None:
        """Nothing has stopped."""
        assert self.context.projecting.failures() == {}
        for task in self.tasks:
            assert not task.done(), task

    async def settled(self) -> None:
        """The read models have reached the log's end."""
        self.healthy()
        await self.context.projecting.wait_for(await self.context.log.head())

    async def donate(self, seats: int) -> None:
        gift = {"plan": "GS-NEF-2022", "donor": "甘肃省总工会", "seats": seats, "amount_fen": seats * 12_000}
        async with self.client() as client:
            answer = await client.post("/donations", json=gift, headers=asks("finance"))
        assert answer.status_code == 201, answer.text

    async def send(self, content: bytes, organization: str = "620000", **headers: str) -> httpx.Response:
        form = {"plan": "GS-NEF-2022", "organization": organization}
        async with self.client() as client:
            return await client.post(
                "/rosters", files={"file": ("r.csv", content)}, data=form, headers={**asks("office_head"), **headers}
            )

    async def imported(self, batch_id: str) -> dict[str, object]:
        """Wait until the roster is imported and visible; its view."""
        async with asyncio.timeout(WAIT_S_MAX):
            while True:
                self.healthy()
                async with self.client() as client:
                    answer = await client.get(f"/rosters/{batch_id}", headers=asks("office_head"))
                if answer.status_code == 200 and answer.json()["state"] == "IMPORTED":
                    await self.settled()
                    view: dict[str, object] = answer.json()
                    return view
                await self.context.log.grown(self.context.log.known_head, 0.05)


@pytest.fixture(scope="session")
async def keyring_urls(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[str, Path]]:
    """A keyring database for all tests of enrolment."""
    kek_file = tmp_path_factory.mktemp("enrolment-kek") / "kek.json"
    ensure_kek_file(kek_file)
    database = f"keyring_{new_id().replace('-', '')[-12:]}"
    admin = await asyncpg.connect(postgres.admin_url)
    for role in ("keyring_owner", KEYRING_ROLE):
        if not await admin.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = $1", role):
            await admin.execute(f"CREATE ROLE {role} LOGIN")
        await admin.execute(f"ALTER ROLE {role} PASSWORD '{PASSWORD}'")
    await admin.execute(f"CREATE DATABASE {database} OWNER keyring_owner")

    def url(user: str) -> str:
        parts = urlsplit(postgres.admin_url)
        return urlunsplit((parts.scheme, f"{user}:{PASSWORD}@{parts.hostname}:{parts.port}", f"/{database}", "", ""))

    await migrate(url("keyring_owner"))
    await grant(url("keyring_owner"), KEYRING_ROLE, GRANTS, destroys=DESTROYS)
    yield url(KEYRING_ROLE), kek_file
    await admin.execute(f"DROP DATABASE {database} WITH (FORCE)")
    await admin.close()


@pytest.fixture
async def world(
    make_database: Callable[[], Awaitable[str]], keyring_urls: tuple[str, Path], tmp_path: Path
) -> AsyncIterator[World]:
    """An empty database of enrolment."""
    url, kek_file = keyring_urls
    made = World(await make_database(), url, kek_file, tmp_path / "documents")
    yield made
    for running in made.running:
        if running.tasks:
            await running.kill()
