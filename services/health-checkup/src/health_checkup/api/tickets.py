"""The QR code of a booking: signed, for one stop, verifiable without network; nothing personal is in it (domain 8.2).

In base64url: version (1 byte), stop (16), ticket (16), date as days since 1970 (4), Ed25519 over a fixed prefix
and these 37 bytes (64). Whose it is stands in the truck's list and nowhere in the code.
"""

from __future__ import annotations

import base64
import binascii
import io
import uuid
from dataclasses import dataclass
from datetime import date, timedelta

import segno
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from litestar import Response

from chassis.keyring import Keyring
from chassis.web import Problem
from health_checkup.seating import Ticket

PURPOSE = "check-in-ticket"
SEED = "ed25519-seed-1"
PREFIX = b"huzhu-check-in-ticket-1"
VERSION = b"\x01"
BODY_BYTES = 37
SIGNATURE_BYTES = 64
PUBLIC_KEY_BYTES = 32
EPOCH = date(1970, 1, 1)
MEDIA_TYPES = {"png": "image/png", "svg": "image/svg+xml"}
QR_ERROR_CORRECTION = "m"
QR_SCALE = 6


class TicketInvalid(Exception):
    """Not one of ours, or changed."""


@dataclass(frozen=True)
class Read:
    """A verified code, and the ISO date that it is for."""

    ticket: Ticket
    date: str


async def signing_key(keyring: Keyring) -> Ed25519PrivateKey:
    """Derived from this service's index key of a purpose of its own: every replica has it, and no file holds it."""
    return Ed25519PrivateKey.from_private_bytes(await keyring.blind_index(PURPOSE, SEED))


async def public_key(keyring: Keyring) -> str:
    """What a truck verifies with: the raw key in base64url."""
    return _text((await signing_key(keyring)).public_key().public_bytes_raw())


async def issue(keyring: Keyring, stop_id: str, ticket_id: str, on: str) -> str:
    """The code's text. Raises ValueError for ids that are none of ours."""
    days = (date.fromisoformat(on) - EPOCH).days
    body = VERSION + uuid.UUID(stop_id).bytes + uuid.UUID(ticket_id).bytes + days.to_bytes(4, "big")
    return _text(body + (await signing_key(keyring)).sign(PREFIX + body))


def read(text: str, key: str) -> Read:
    """Verify a code with the public key alone, as a truck does without network. Raises TicketInvalid."""
    try:
        raw = _bytes(text)
        body, signature = raw[:BODY_BYTES], raw[BODY_BYTES:]
        if len(raw) != BODY_BYTES + SIGNATURE_BYTES or body[:1] != VERSION:
            raise TicketInvalid
        Ed25519PublicKey.from_public_bytes(_bytes(key)).verify(signature, PREFIX + body)
    except (InvalidSignature, ValueError, binascii.Error):
        raise TicketInvalid from None
    on = EPOCH + timedelta(days=int.from_bytes(body[33:37], "big"))
    ticket = Ticket(str(uuid.UUID(bytes=body[1:17])), str(uuid.UUID(bytes=body[17:33])))
    return Read(ticket, on.isoformat())


def media_type_of(kind: str) -> str:
    """The media type of a `png` or `svg`. Raises Problem picture-unknown."""
    if kind not in MEDIA_TYPES:
        raise Problem(404, "picture-unknown", "A QR code comes as png or svg.")
    return MEDIA_TYPES[kind]


def picture(text: str, kind: str) -> Response[bytes]:
    """The QR code as `png` or `svg`, kept by nobody on the way. Raises Problem picture-unknown."""
    media_type = media_type_of(kind)
    out = io.BytesIO()
    segno.make(text, error=QR_ERROR_CORRECTION, micro=False).save(out, kind=kind, scale=QR_SCALE)
    return Response(out.getvalue(), media_type=media_type, headers={"Cache-Control": "no-store"})


def row_text(stop_id: str, row_id: str, person_id: str, ticket: str, seen_at: str) -> bytes:
    """What a truck's device signs for a check-in made without network."""
    return f"huzhu-check-in-1\n{stop_id}\n{row_id}\n{person_id}\n{ticket}\n{seen_at}".encode()


def is_signed(message: bytes, signature: str, key: str) -> bool:
    """Whether a device's Ed25519 signature holds; key and signature raw in base64url."""
    try:
        Ed25519PublicKey.from_public_bytes(_bytes(key)).verify(_bytes(signature), message)
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def is_public_key(text: str) -> bool:
    """Whether a text is a raw Ed25519 public key."""
    try:
        raw = _bytes(text)
        Ed25519PublicKey.from_public_bytes(raw)
    except (ValueError, binascii.Error):
        return False
    return len(raw) == PUBLIC_KEY_BYTES


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
