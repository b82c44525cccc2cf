"""The envelope of every event: one CloudEvents 1.0 JSON document, encoded once and never again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

BODY_BYTES_MAX = 60_000
"""A stored event is at most this long (a limit of the proof format); larger things are documents."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A domain fact. Its wire type is a literal in its publisher's `EVENTS`, never its class name."""


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value inside an event or a request: part of the contract, without a wire type of its own."""


StructT = TypeVar("StructT", bound=msgspec.Struct)


def changed(struct: StructT, **fields: Any) -> StructT:
    """The same event or value with some fields changed."""
    return msgspec.structs.replace(struct, **fields)


class Sealed(msgspec.Struct, frozen=True, kw_only=True, rename={"suite": "$enc"}):
    """Personal data under the data key of one person and category; opaque without the keyring.

    `suite` A256GCM; `s` the person the key belongs to; `k` the category (identity, contact, bank, health);
    `v` the key's version; `e` the decision it was sealed for; `c` base64 of nonce, ciphertext and tag.
    """

    suite: str
    s: str
    k: str
    v: int
    e: str
    c: str


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who decided: `sub` of the token, organisation code and its path, roles as they were at that time."""

    sub: str
    org: str
    org_path: str
    roles: tuple[str, ...]


SYSTEM = Actor(sub="system", org="620000", org_path="620000", roles=("system",))
"""Reactions and sweeps act as the system; the cause names the event that moved them."""


class Header(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything of the envelope but its data; all columns of a log derive from it.

    `subject` is the event stream, `streamversion` the event's version in it (first is 1), `time` the business
    time of the decision in UTC, `causesource`/`causeposition` the event a reaction answers.
    """

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: str
    streamversion: int
    actorsub: str
    actororg: str
    actorpath: str
    actorroles: str
    traceparent: str = ""
    commandkey: str = ""
    causesource: str = ""
    causeposition: int = 0

    @property
    def actor(self) -> Actor:
        """The actor of the decision."""
        roles = tuple(self.actorroles.split(",")) if self.actorroles else ()
        return Actor(sub=self.actorsub, org=self.actororg, org_path=self.actorpath, roles=roles)


class Envelope(Header, frozen=True, kw_only=True, omit_defaults=True):
    """A whole event as it is stored, hashed, published and replayed."""

    data: Any


class RawEnvelope(Header, frozen=True, kw_only=True, omit_defaults=True):
    """A whole event with its data not yet decoded."""

    data: msgspec.Raw


class _Typed(msgspec.Struct):
    type: str


Upcaster = Callable[[Any], Event]


class UnknownEvent(Exception):
    """A wire type that the catalogue does not list."""


class Catalog:
    """Which class a wire type decodes to; older versions pass an upcaster, the domain sees the newest only."""

    def __init__(self, events: Mapping[str, type[Event]], upcasters: Mapping[str, Upcaster] | None = None) -> None:
        """`events` by wire type; `upcasters` by the wire type of an older version."""
        self.events = dict(events)
        self.upcasters = dict(upcasters or {})
        current = {wire: cls for wire, cls in events.items() if wire not in self.upcasters}
        self.wire_types = {cls: wire for wire, cls in current.items()}
        self._decoders = {wire: msgspec.json.Decoder(cls) for wire, cls in events.items()}
        self._header = msgspec.json.Decoder(RawEnvelope)
        self._typed = msgspec.json.Decoder(_Typed)
        self._encoder = msgspec.json.Encoder()

    def wire_type(self, event: Event) -> str:
        """The literal type of an event. Raises UnknownEvent for a class without one."""
        try:
            return self.wire_types[type(event)]
        except KeyError:
            raise UnknownEvent(type(event).__name__) from None

    def encode(self, envelope: Envelope) -> bytes:
        """The one byte string of an event. Raises ValueError beyond BODY_BYTES_MAX."""
        body = self._encoder.encode(envelope)
        if len(body) > BODY_BYTES_MAX:
            raise ValueError(f"{envelope.type} is {len(body)} bytes long; at most {BODY_BYTES_MAX} can be stored.")
        return body

    def wire_of(self, body: bytes) -> str:
        """The wire type alone, at a fraction of the envelope's cost."""
        return self._typed.decode(body).type

    def wires(self, events: Iterable[type[Event]]) -> frozenset[str]:
        """The wire types that may decode to these classes; older versions always may."""
        wanted = set(events)
        return frozenset(wire for wire, cls in self.events.items() if cls in wanted or wire in self.upcasters)

    def header(self, body: bytes) -> RawEnvelope:
        """The envelope with its data undecoded."""
        return self._header.decode(body)

    def event(self, envelope: RawEnvelope) -> Event:
        """The typed, newest version of the event's data. Raises UnknownEvent."""
        decoder = self._decoders.get(envelope.type)
        if decoder is None:
            raise UnknownEvent(envelope.type)
        data = decoder.decode(envelope.data)
        upcast = self.upcasters.get(envelope.type)
        return upcast(data) if upcast else data
