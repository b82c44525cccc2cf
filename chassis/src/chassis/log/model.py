"""What is appended together, what comes back, and how an append can be refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

import msgspec

from contracts.envelope import Event, RawEnvelope

Touched: TypeAlias = str | tuple[str | bytes, ...]


class Stored(msgspec.Struct, frozen=True, gc=False):
    """An event as the log holds it: its position and its exact bytes."""

    position: int
    body: bytes


class Recorded(msgspec.Struct, frozen=True):
    """An event read back: position in its publisher's log, envelope, and the newest version of its data."""

    position: int
    header: RawEnvelope
    event: Event


class Unread(Event, frozen=True):
    """Stands for an event that nobody here names: its position counts, its content is not decoded."""


UNREAD = Unread()
UNREAD_HEADER = RawEnvelope(
    specversion="1.0",
    id="",
    source="",
    type="",
    subject="",
    time="",
    datacontenttype="application/json",
    streamversion=0,
    actorsub="",
    actororg="",
    actorpath="",
    actorroles="",
    data=msgspec.Raw(b"{}"),
)


class Written(msgspec.Struct, frozen=True, gc=False):
    """One event on its way into a stream: its version there, its wire type, its bytes."""

    version: int
    type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class StreamAppend:
    """Events for one stream; `expected` is the version the decision was made on, 0 for a new stream."""

    stream: str
    expected: int
    events: tuple[Written, ...]


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """The answer to an idempotent command, kept with its events; `keep_s` None keeps it for ever."""

    key: str
    request_hash: bytes
    answer: bytes
    keep_s: int | None


@dataclass(frozen=True, slots=True)
class Reservation:
    """A key that one owner alone may hold in a scope."""

    scope: str
    key: bytes
    owner: str


@dataclass(frozen=True, slots=True)
class CheckpointMove:
    """A tail's progress in a source, moved by compare-and-set."""

    tail: str
    source: str
    start: int
    target: int


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """An event that a reaction could not handle, kept with its error until someone works it off."""

    tail: str
    source: str
    position: int
    stream: str
    body: bytes
    error: str


@dataclass(slots=True)
class Group:
    """What stands or falls together. `bulk` groups let interactive ones go first."""

    appends: list[StreamAppend] = field(default_factory=list)
    command: CommandRecord | None = None
    reservations: list[Reservation] = field(default_factory=list)
    moves: list[CheckpointMove] = field(default_factory=list)
    parked: list[ParkedEvent] = field(default_factory=list)
    bulk: bool = False

    @property
    def events(self) -> int:
        """How many events the group carries."""
        appends = self.appends
        return len(appends[0].events) if len(appends) == 1 else sum([len(append.events) for append in appends])

    def touches(self) -> list[Touched]:
        """What no other group of the same batch may touch: streams as they are named, the rest as tuples."""
        keys: list[Touched] = [append.stream for append in self.appends]
        if self.command is not None:
            keys.append(("command", self.command.key))
        if self.reservations:
            keys += [("reservation", claim.scope, claim.key) for claim in self.reservations]
        if self.moves:
            keys += [("checkpoint", move.tail, move.source) for move in self.moves]
        return keys


@dataclass(frozen=True, slots=True)
class Appended:
    """Where a group landed: first and last position; equal to the head for a group without events."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A remembered command: what it asked (as a keyed digest), what it was told, where it was written."""

    request_hash: bytes
    answer: bytes
    position: int
    expires_at: datetime | None


class AppendRefused(Exception):
    """The group was not written; nothing of it, and nothing of its neighbours was touched by it."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Conflict(AppendRefused):
    """A stream has moved since it was read: load, decide and try again."""


class CommandRepeated(AppendRefused):
    """The command's key is already recorded: answer with what it was told."""


class Taken(AppendRefused):
    """A reserved key belongs to another owner; `detail` is `scope/hex key/owner`."""

    @property
    def owner(self) -> str:
        """Who holds it."""
        return self.detail.split("/", 2)[2]


class CheckpointMoved(AppendRefused):
    """Another holder of the tail has moved the checkpoint: stop, this holder is fenced off."""


class EmptyAppend(ValueError):
    """A stream append without events, or a group with nothing in it."""


class LogClosed(Exception):
    """The log takes no more appends: the service is stopping, or refuses to write; says why."""


REFUSALS: dict[str, type[AppendRefused]] = {
    "conflict": Conflict,
    "repeated": CommandRepeated,
    "taken": Taken,
    "moved": CheckpointMoved,
}
