"""Where the servers of a running machine are found from outside its supervisor."""

from __future__ import annotations

import os
from urllib.parse import quote, urlsplit, urlunsplit

from huzhu.runner.home import LOOPBACK, Home
from huzhu.runner.postgres import ADMIN


class NotRunning(Exception):
    """A server is not there; says what to do."""


def admin_url(home: Home) -> str:
    """The administrator's address of the running Postgres. Raises NotRunning."""
    given = os.environ.get("HUZHU_POSTGRES_URL")
    if given:
        return given
    port = ((home.state() or {}).get("postgres") or {}).get("port")
    if port is None:
        raise NotRunning("Postgres does not run; start it with `huzhu up --detach`.")
    return f"postgresql://{ADMIN}:{quote(home.password('postgres-admin'), safe='')}@{LOOPBACK}:{port}/postgres"


def nats_url(home: Home) -> str:
    """The clients' address of the running NATS, without credentials. Raises NotRunning."""
    given = os.environ.get("HUZHU_NATS_URL")
    if given:
        return given
    port = ((home.state() or {}).get("nats") or {}).get("port")
    if port is None:
        raise NotRunning("NATS does not run; start it with `huzhu up --detach`.")
    return f"nats://{LOOPBACK}:{port}"


def in_database(url: str, database: str) -> str:
    """The same address, of another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
