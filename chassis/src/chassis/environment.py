"""What a service is told by its surroundings, checked at start-up: one sentence says what to do."""

from __future__ import annotations

import os
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

import asyncpg
import msgspec

PREFIX = "HUZHU_"
REQUIRED_SETTINGS = {"fsync": ("on",), "full_page_writes": ("on",), "synchronous_commit": ("on", "remote_apply")}

S = TypeVar("S", bound=msgspec.Struct)


class Surroundings(Exception):
    """Something outside is not as the service needs it; the sentence says what to do."""


class Environment(msgspec.Struct, frozen=True):
    """The variables of one service's process; see deploy for where they come from."""

    profile: str
    port: int
    database_url: str
    owner_database_url: str
    keyring_url: str
    nats_url: str
    stream_config: str
    issuer: str
    jwks_url: str
    audience: str
    host: str = "127.0.0.1"
    kek_file: str = ""
    nats_user: str = ""
    nats_password: str = ""
    clock_file: str = ""
    sources: str = "{}"
    service_token_file: str = ""
    documents: str = ".huzhu/documents"
    log_level: str = "INFO"


def read(shape: type[S], variables: Mapping[str, str] | None = None) -> S:
    """Fill a flat struct from HUZHU_<FIELD>. Raises Surroundings naming the variable."""
    found = os.environ if variables is None else variables
    hints = get_type_hints(shape)
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(shape):
        name = PREFIX + field.name.upper()
        text = found.get(name)
        if text is None:
            if field.required:
                raise Surroundings(f"Set {name}: {shape.__name__.lower()} needs it.")
            continue
        values[field.name] = _typed(name, text, hints[field.name])
    return shape(**values)


def _typed(name: str, text: str, hint: Any) -> Any:
    plain = get_args(hint)[0] if isinstance(hint, types.UnionType) else hint
    try:
        return msgspec.convert(text, plain, strict=False)
    except msgspec.ValidationError:
        raise Surroundings(f"{name} is not a {getattr(plain, '__name__', plain)}.") from None


async def check_postgres(connection_url: str) -> None:
    """Refuse a Postgres that may lose what it has acknowledged. Raises Surroundings."""
    connection = await asyncpg.connect(connection_url)
    try:
        for name, allowed in REQUIRED_SETTINGS.items():
            value = await connection.fetchval("select current_setting($1)", name)
            if value not in allowed:
                raise Surroundings(f"Set Postgres's {name} to {allowed[0]}: it may lose what it confirmed.")
        if await connection.fetchval("show data_checksums") != "on":
            raise Surroundings("Make the Postgres cluster with data checksums (initdb -k).")
    finally:
        await connection.close()


def check_profile(environment: Environment) -> None:
    """A single machine listens on loopback only. Raises Surroundings."""
    if environment.profile == "single-machine" and environment.host not in {"127.0.0.1", "::1", "localhost"}:
        raise Surroundings("Set HUZHU_HOST to 127.0.0.1: the single-machine profile listens on loopback only.")


def token_reader(path: str) -> str:
    """The service's own bearer token, read afresh since it is renewed."""
    return Path(path).read_text(encoding="utf-8").strip() if path else ""
