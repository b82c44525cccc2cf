"""Databases and roles of `deploy/postgres/roles.yaml`, made and compared on any Postgres from 15 on."""

import base64
import hashlib
import hmac
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
import yaml

from chassis import keyring
from huzhu.runner.home import DEPLOY

KEYRING = "huzhu_keyring"
CONNECT_TIMEOUT_S = 10.0
STATEMENT_TIMEOUT_S = 60.0
SCRAM_ROUNDS = 4096
SCRAM_SALT_BYTES = 16
BUILTIN_LOCALE_SINCE = 17

Password = Callable[[str], str]


def table() -> dict[str, Any]:
    """Return the databases of `roles.yaml` by name."""
    databases: dict[str, Any] = yaml.safe_load((DEPLOY / "postgres" / "roles.yaml").read_text())["databases"]
    return databases


def services() -> dict[str, str]:
    """Return each service's database by the service's word (underscores)."""
    return {entry["service"]: name for name, entry in table().items() if "service" in entry}


def url_for(admin_url: str, database: str, role: str, password: str) -> str:
    """Return the address of one role in one database on the server of `admin_url`."""
    parts = urlsplit(admin_url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{quote(password, safe='')}@{host}", path=f"/{database}"))


async def apply_roles(admin_url: str, password: Password) -> list[str]:
    """Make the databases and roles that are missing; return what was changed (nothing the second time).

    `password` gives each role its secret. Only its SCRAM verifier is sent, so no secret reaches a server log.
    """
    changes: list[str] = []
    admin = await asyncpg.connect(admin_url, timeout=CONNECT_TIMEOUT_S, command_timeout=STATEMENT_TIMEOUT_S)
    try:
        for name, entry in table().items():
            for role in _roles(entry):
                changes += await _make_role(admin, role, password(role))
            changes += await _make_database(admin, name, entry)
            changes += await _open_database(admin, name, entry)
    finally:
        await admin.close()
    for name, entry in table().items():
        for role in _roles(entry):
            changes += await _agree_on_password(admin_url, name, role, password(role))
    return changes


async def apply_keyring(owner_url: str) -> None:
    """Make the keyring's tables, and each role's grant exactly what the table says."""
    await keyring.migrate(owner_url)
    for role, may in table()[KEYRING]["grants"].items():
        await keyring.grant(owner_url, role, may["opens"], destroys=may["destroys"])


def _users(entry: dict[str, Any]) -> Sequence[str]:
    """The roles that may connect, beside the owner."""
    service = [entry["service"]] if "service" in entry else []
    return [*service, *entry.get("connect", []), *entry.get("grants", {})]


def _roles(entry: dict[str, Any]) -> Iterator[str]:
    yield entry["owner"]
    yield from _users(entry)


async def _make_role(admin: "asyncpg.Connection[asyncpg.Record]", role: str, password: str) -> list[str]:
    if await admin.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
        return []
    await admin.execute(
        f'CREATE ROLE "{role}" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION'
        f" PASSWORD '{_scram(password)}'"
    )
    return [f"role {role} made"]


async def _make_database(admin: "asyncpg.Connection[asyncpg.Record]", name: str, entry: dict[str, Any]) -> list[str]:
    if await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
        return []
    if not await admin.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        await admin.execute(f'GRANT "{entry["owner"]}" TO current_user')
    # Byte order everywhere, so prefix searches on organisation paths use a plain index on every server.
    locale = "LC_COLLATE 'C' LC_CTYPE 'C'"
    if admin.get_server_version().major >= BUILTIN_LOCALE_SINCE:
        locale = "LOCALE 'C' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
    await admin.execute(
        f'CREATE DATABASE "{name}" OWNER "{entry["owner"]}" TEMPLATE template0 ENCODING \'UTF8\' {locale}'
    )
    return [f"database {name} made"]


async def _open_database(admin: "asyncpg.Connection[asyncpg.Record]", name: str, entry: dict[str, Any]) -> list[str]:
    """Let the named roles connect, and nobody else."""
    changes: list[str] = []
    everyone = await admin.fetchval(
        "SELECT datacl IS NULL OR EXISTS (SELECT 1 FROM aclexplode(datacl) WHERE grantee = 0)"
        " FROM pg_database WHERE datname = $1",
        name,
    )
    if everyone:
        await admin.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
        changes.append(f"{name} shut to everyone")
    for role in _users(entry):
        if not await admin.fetchval("SELECT has_database_privilege($1, $2, 'CONNECT')", role, name):
            await admin.execute(f'GRANT CONNECT ON DATABASE "{name}" TO "{role}"')
            changes.append(f"{role} may connect to {name}")
    return changes


async def _agree_on_password(admin_url: str, database: str, role: str, password: str) -> list[str]:
    """Set the role's password when the one we hold does not open the door (another home made the role)."""
    try:
        probe = await asyncpg.connect(url_for(admin_url, database, role, password), timeout=CONNECT_TIMEOUT_S)
    except asyncpg.InvalidPasswordError:
        admin = await asyncpg.connect(admin_url, timeout=CONNECT_TIMEOUT_S)
        try:
            await admin.execute(f"ALTER ROLE \"{role}\" PASSWORD '{_scram(password)}'")
        finally:
            await admin.close()
        return [f"password of {role} set"]
    await probe.close()
    return []


def _scram(password: str) -> str:
    """Return the SCRAM-SHA-256 verifier of a password, as Postgres stores it (RFC 5802, RFC 7677)."""
    salt = os.urandom(SCRAM_SALT_BYTES)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, SCRAM_ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    text = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${SCRAM_ROUNDS}:{text[0]}${text[1]}:{text[2]}"
