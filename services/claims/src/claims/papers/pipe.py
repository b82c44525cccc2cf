"""What the service and the reading process say to each other: frames of four bytes of length and a message."""

from __future__ import annotations

from typing import BinaryIO

import msgspec

from claims.papers.fields import Found

LENGTH_BYTES = 4
FRAME_BYTES_MAX = 32 * 1024 * 1024


class Question(msgspec.Struct, frozen=True):
    """A paper of a kind, as a JPEG."""

    kind: str
    picture: bytes


class Answer(msgspec.Struct, frozen=True):
    """What was read, and the most memory that the process has used, in megabytes."""

    fields: list[Found]
    peak_mb: int


def framed(message: bytes) -> bytes:
    """The message behind its length."""
    return len(message).to_bytes(LENGTH_BYTES, "big") + message


def send(to: BinaryIO, message: bytes) -> None:
    """Write one frame."""
    to.write(framed(message))
    to.flush()


def receive(source: BinaryIO) -> bytes | None:
    """Read one frame; None at the end. Raises ValueError for a frame that is too long."""
    head = source.read(LENGTH_BYTES)
    if len(head) < LENGTH_BYTES:
        return None
    length = int.from_bytes(head, "big")
    if length > FRAME_BYTES_MAX:
        raise ValueError("a frame is longer than allowed")
    return source.read(length)
