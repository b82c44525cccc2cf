"""Keeps received roster files sealed on disk: the key of each lies in the keyring, with the roster as its subject."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
from datetime import date, timedelta
from pathlib import Path

import msgspec

from chassis.keyring import Keyring
from chassis.keyring.suites import SUITES
from contracts.envelope import Sealed, Value

CATEGORY = "identity"
FIELD = "roster-file/key"
SUITE = "A256GCM"
KEY_BYTES = 32


class FileKey(Value, frozen=True, kw_only=True):
    """The key of one file, base64; itself sealed under the roster's data key."""

    key: str


class Cover(msgspec.Struct, frozen=True):
    """The first line of a kept file: its sealed key, and the day after which it is to be destroyed."""

    key: Sealed
    expires_on: str


class Vault:
    """The folder of sealed roster files."""

    def __init__(self, folder: Path, keyring: Keyring) -> None:
        """The folder is made when the first file comes."""
        self._folder = folder / "rosters"
        self._keyring = keyring

    async def keep(self, batch_id: str, content: bytes, *, received_on: date, keep_days: int) -> None:
        """Store a file, durably, unless it is there already: equal batch ids have equal bytes."""
        path = self._path(batch_id)
        if path.exists():
            return
        key = secrets.token_bytes(KEY_BYTES)
        sealed = await self._keyring.seal(
            FileKey(key=base64.b64encode(key).decode()),
            subject=_subject(batch_id),
            category=CATEGORY,
            decision_id=batch_id,
            field=FIELD,
        )
        cover = Cover(key=sealed, expires_on=(received_on + timedelta(days=keep_days)).isoformat())
        await asyncio.to_thread(_write, path, msgspec.json.encode(cover), key, content)

    async def take(self, batch_id: str) -> bytes:
        """The plain bytes. Raises FileNotFoundError, Erased once the roster's key is destroyed, Tampered."""
        cover, _, sealed = (await asyncio.to_thread(self._path(batch_id).read_bytes)).partition(b"\n")
        head = msgspec.json.decode(cover, type=Cover)
        held = await self._keyring.open(head.key, FileKey, subject=_subject(batch_id), field=FIELD)
        return await asyncio.to_thread(SUITES[SUITE].decrypt, base64.b64decode(held.key), sealed, cover)

    def _path(self, batch_id: str) -> Path:
        return self._folder / f"{batch_id}.sealed"


def _subject(batch_id: str) -> str:
    return f"roster-{batch_id}"


def _write(path: Path, cover: bytes, key: bytes, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(cover + b"\n")
        out.write(SUITES[SUITE].encrypt(key, content, cover))
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)
