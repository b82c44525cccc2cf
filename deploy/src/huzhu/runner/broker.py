"""NATS users, streams and durable consumers of `deploy/nats/*.yaml`: rendered, compared, applied."""

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import nats
import yaml
from nats.aio.client import Client

from huzhu.runner.home import DEPLOY

ADMIN = "admin"
CONNECT_TIMEOUT_S = 5
CONNECT_TRIES = 5
REQUEST_TIMEOUT_S = 10.0
NOT_FOUND = 404

Password = Callable[[str], str]
Table = dict[str, Any]


@dataclass(frozen=True)
class Difference:
    """One thing that is not as configured; `fields` is empty when it is missing altogether."""

    kind: str  # "stream" or "consumer"
    stream: str
    name: str
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say it in a sentence."""
        if not self.fields:
            return f"{self.kind} {self.name} is missing"
        return f"{self.kind} {self.name} differs: {'; '.join(self.fields)}"


def accounts_table() -> Table:
    """Return `accounts.yaml`."""
    table: Table = yaml.safe_load((DEPLOY / "nats" / "accounts.yaml").read_text())
    return table


def streams_table() -> Table:
    """Return `streams.yaml`, with the number of replicas from `HUZHU_NATS_REPLICAS` when that is set."""
    table: Table = yaml.safe_load((DEPLOY / "nats" / "streams.yaml").read_text())
    table["stream"]["num_replicas"] = int(os.environ.get("HUZHU_NATS_REPLICAS", table["stream"]["num_replicas"]))
    return table


def stream_config(service: str) -> Table:
    """Return the whole JetStream configuration of a service's own stream (service word with underscores)."""
    return _streams(streams_table())[service.upper()]


def durables(service: str) -> list[Table]:
    """Return the JetStream configurations of a service's own durables, each with its `stream`."""
    table = streams_table()
    return [
        {"stream": entry["stream"], "config": _consumer(table, name, entry)}
        for name, entry in table["durables"].items()
        if entry["service"] == service
    ]


def authorization(password: Password) -> Table:
    """Return the server's `authorization` block: one user for each service, and the administrator."""
    accounts, streams = accounts_table(), streams_table()
    users = [_service_user(service, accounts, streams, password(service)) for service in accounts["services"]]
    admin = {
        "user": ADMIN,
        "password": password(ADMIN),
        "permissions": {
            "publish": {"allow": _expand(accounts["admin"]["publish"], streams)},
            "subscribe": {"allow": accounts["admin"]["subscribe"]},
        },
    }
    return {"users": [*users, admin]}


def _service_user(service: str, accounts: Table, streams: Table, password: str) -> Table:
    own: list[str] = []
    others: list[str] = []
    for name, entry in streams["durables"].items():
        mine = entry["service"] == service
        words = {"STREAM": entry["stream"], "durable": name}
        (own if mine else others).extend(_fill(accounts["durable"], **words))
        # Even its own service leaves a durable standing: deleting it would deliver every job again.
        others.append(f"$JS.API.CONSUMER.DELETE.{entry['stream']}.{name}")
    words = {"service": service, "STREAM": service.upper()}
    publish = _fill(_expand(accounts["service"]["publish"], streams), **words)
    return {
        "user": service,
        "password": password,
        "permissions": {
            "publish": {"allow": [*publish, *own], "deny": others},
            "subscribe": {"allow": _fill(accounts["service"]["subscribe"], **words)},
        },
    }


def _expand(subjects: Iterable[str], streams: Table) -> list[str]:
    expanded: list[str] = []
    for subject in subjects:
        expanded += [subject.replace("{any}", name) for name in streams["streams"]] if "{any}" in subject else [subject]
    return expanded


def _fill(subjects: Iterable[str], **words: str) -> list[str]:
    return [subject.format(**words) for subject in subjects]


def _streams(table: Table) -> dict[str, Table]:
    return {name: {"name": name, **table["stream"], **own} for name, own in table["streams"].items()}


def _consumer(table: Table, name: str, entry: Table) -> Table:
    own = {key: value for key, value in entry.items() if key not in {"service", "stream"}}
    return {"durable_name": name, "name": name, **table["consumer"], **own}


async def connect(url: str, user: str, password: Password) -> Client:
    """Connect as one user; an address that carries its own credentials is used as it is."""
    given = urlsplit(url).username is not None
    return await nats.connect(
        url,
        user=None if given else user,
        password=None if given else password(user),
        inbox_prefix=f"_INBOX.{user}".encode(),
        connect_timeout=CONNECT_TIMEOUT_S,
        max_reconnect_attempts=CONNECT_TRIES,
    )


async def plan(client: Client) -> list[Difference]:
    """Compare the server with `streams.yaml`, field by field; return what differs."""
    table = streams_table()
    found: list[Difference] = []
    for name, wanted in _streams(table).items():
        found += _compare("stream", name, name, wanted, await _config_of(client, f"STREAM.INFO.{name}"))
    for name, entry in table["durables"].items():
        answer = await _config_of(client, f"CONSUMER.INFO.{entry['stream']}.{name}")
        found += _compare("consumer", entry["stream"], name, _consumer(table, name, entry), answer)
    return found


async def apply(client: Client) -> list[Difference]:
    """Make the server as `streams.yaml` says; return what had differed. A field it refuses raises."""
    table = streams_table()
    found = await plan(client)
    for difference in found:
        if difference.kind == "stream":
            verb = "UPDATE" if difference.fields else "CREATE"
            await request(client, f"STREAM.{verb}.{difference.name}", _streams(table)[difference.name])
        else:
            entry = table["durables"][difference.name]
            subject = f"CONSUMER.DURABLE.CREATE.{difference.stream}.{difference.name}"
            config = _consumer(table, difference.name, entry)
            await request(client, subject, {"stream_name": difference.stream, "config": config})
    return found


def _compare(kind: str, stream: str, name: str, wanted: Table, actual: Table | None) -> list[Difference]:
    if actual is None:
        return [Difference(kind, stream, name)]
    fields = tuple(
        f"{field} is {actual.get(field)!r}, should be {value!r}"
        for field, value in wanted.items()
        if actual.get(field) != value
    )
    return [Difference(kind, stream, name, fields)] if fields else []


async def _config_of(client: Client, call: str) -> Table | None:
    try:
        config: Table = (await request(client, call, None))["config"]
    except LookupError:
        return None
    return config


async def request(client: Client, call: str, body: Table | None) -> Table:
    """Make one JetStream API call; LookupError when the thing is not there, RuntimeError when refused.

    The raw API is used because the client's configuration classes drop fields that they do not know.
    """
    message = await client.request(
        f"$JS.API.{call}", b"" if body is None else json.dumps(body).encode(), timeout=REQUEST_TIMEOUT_S
    )
    answer: Table = json.loads(message.data)
    error = answer.get("error")
    if error is None:
        return answer
    if error["code"] == NOT_FOUND:
        raise LookupError(call)
    raise RuntimeError(f"{call}: {error['description']}")
