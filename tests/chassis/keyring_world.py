"""A keyring database of its own, with its owner and three services."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from chassis.clock import new_id
from chassis.keyring import (
    Keyring,
    ensure_kek_file,
    grant,
    migrate,
)
from contracts.person import Identity
from huzhu.runner.postgres import Postgres

PASSWORD = "only-for-tests"
FIELD = "enrolment.person-registered.v1/identity"
GRANTS = {
    "enrolment": ("identity", "contact"),
    "claims": ("health", "bank", "contact"),
    "notify": ("contact",),
}
IDENTITY = Identity(name="测试甲", id_type="other", id_no="T-1")


@dataclass(frozen=True)
class World:
    """One keyring database with its owner and three services."""

    admin_url: str
    owner_url: str
    database: str
    kek_file: Path

    def url(self, service: str) -> str:
        return _url(self.admin_url, f"keyring_{service}", PASSWORD, self.database)

    async def connect(self, service: str = "enrolment", **options: object) -> Keyring:
        return await Keyring.connect(self.url(service), self.kek_file, grants=frozenset(GRANTS[service]), **options)


def _url(admin_url: str, user: str, password: str, database: str) -> str:
    parts = urlsplit(admin_url)
    return urlunsplit((parts.scheme, f"{user}:{password}@{parts.hostname}:{parts.port}", f"/{database}", "", ""))


@pytest.fixture(scope="module")
async def world(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    database = f"keyring_{new_id().replace('-', '')[-12:]}"
    kek_file = tmp_path_factory.mktemp("kek") / "kek.json"
    ensure_kek_file(kek_file)
    admin = await asyncpg.connect(postgres.admin_url)
    for role in ("keyring_owner", *(f"keyring_{service}" for service in GRANTS)):
        if not await admin.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = $1", role):
            await admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")
        await admin.execute(f"ALTER ROLE {role} PASSWORD '{PASSWORD}'")
    await admin.execute(f"CREATE DATABASE {database} OWNER keyring_owner")
    made = World(postgres.admin_url, _url(postgres.admin_url, "keyring_owner", PASSWORD, database), database, kek_file)
    await migrate(made.owner_url)
    await migrate(made.owner_url)
    for service, categories in GRANTS.items():
        await grant(made.owner_url, f"keyring_{service}", categories)
    yield made
    await admin.execute(f"DROP DATABASE {database} WITH (FORCE)")
    await admin.close()
