"""Keeps files sealed in an object store: each under a key of its own, which the keyring holds for one subject."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO, cast

import msgspec

from chassis.clock import new_id
from chassis.files.objects import ObjectAbsent, ObjectStore
from chassis.keyring import Keyring, Tampered
from chassis.keyring.suites import NONCE_BYTES, SUITES, TAG_BYTES
from contracts.envelope import Sealed, Value

FIELD = "file/key"
SUITE = "A256GCM"
KEY_BYTES = 32
PART_BYTES = 1_048_576
"""A file is sealed part by part, so that a large one is read without being held."""
COVER_BYTES_MAX = 4_096
LISTED_MAX = 1_000


class FileKey(Value, frozen=True, kw_only=True):
    """The key of one file, base64; itself sealed under its subject's data key."""

    key: str


class _Cover(msgspec.Struct, frozen=True):
    """The first line of a kept file: its sealed key, and the day after which it is to be destroyed."""

    key: Sealed
    expires_on: str


@dataclass(frozen=True)
class Kept:
    """A kept file: how many bytes it had, and the digest of its sealed bytes, which tells nothing of them."""

    size: int
    sha256: str


class Vault:
    """Sealed files. A file's subject and category say whose keyring entry opens it, and whose erasure ends it."""

    def __init__(self, store: ObjectStore, keyring: Keyring) -> None:
        """Nothing is kept here itself."""
        self._store = store
        self._keyring = keyring

    async def keep(self, key: str, source: BinaryIO, *, subject: str, category: str, expires_on: date) -> Kept:
        """Seal `source` from where it stands to its end and keep it durably under `key`."""
        own, cover = await self._covered(key, subject, category, expires_on)
        return await asyncio.to_thread(self._keep, key, source, own, cover)

    async def keep_by_digest(
        self, folder: str, content: bytes, *, subject: str, category: str, expires_on: date
    ) -> Kept:
        """Seal a small file and keep it as `<folder>/<digest of its sealed bytes>`; the same twice is two files."""
        own, cover = await self._covered(new_id(), subject, category, expires_on)

        def keep() -> Kept:
            parts = list(_parts(io.BytesIO(content), own, cover))
            sha256 = hashlib.sha256(b"".join(parts)).hexdigest()
            self._store.put_object(f"{folder}/{sha256}", [cover + b"\n", *parts])
            return Kept(len(content), sha256)

        return await asyncio.to_thread(keep)

    async def open(self, key: str, *, subject: str) -> BinaryIO:
        """The plain bytes as a file to be read in a thread, from its beginning.

        Raises ObjectAbsent, Erased once the subject's key is destroyed, Restricted, Tampered while it is read.
        """
        stored = await asyncio.to_thread(self._store.get_object, key)
        try:
            cover = (await asyncio.to_thread(stored.readline, COVER_BYTES_MAX)).removesuffix(b"\n")
            head = _cover(cover)
            held = await self._keyring.open(head.key, FileKey, subject=subject, field=FIELD)
        except BaseException:
            stored.close()
            raise
        return cast("BinaryIO", io.BufferedReader(_Opened(stored, base64.b64decode(held.key), cover), PART_BYTES))

    async def take(self, key: str, *, subject: str) -> bytes:
        """All of the plain bytes of a small file. Raises as `open`."""
        with await self.open(key, subject=subject) as opened:
            return await asyncio.to_thread(opened.read)

    async def holds(self, key: str) -> bool:
        """Whether a file is kept under this key."""
        try:
            await asyncio.to_thread(self._store.head_object, key)
        except ObjectAbsent:
            return False
        return True

    async def discard(self, key: str) -> None:
        """Keep it no longer."""
        await asyncio.to_thread(self._store.delete_object, key)

    async def discard_expired(self, prefix: str, today: date) -> int:
        """Keep no longer what was to be kept until before `today`, below a folder; returns how many files."""
        return await asyncio.to_thread(self._discard_expired, prefix, today.isoformat())

    def _discard_expired(self, prefix: str, today: str) -> int:
        discarded, last = 0, ""
        while keys := self._store.list_objects(prefix, last, LISTED_MAX):
            for key in keys:
                with self._store.get_object(key) as stored:
                    cover = _cover(stored.readline(COVER_BYTES_MAX).removesuffix(b"\n"))
                if cover.expires_on < today:
                    self._store.delete_object(key)
                    discarded += 1
            last = keys[-1]
        return discarded

    async def _covered(self, name: str, subject: str, category: str, expires_on: date) -> tuple[bytes, bytes]:
        """A file's own key, and its cover with that key sealed."""
        own = secrets.token_bytes(KEY_BYTES)
        plain = FileKey(key=base64.b64encode(own).decode())
        sealed = await self._keyring.seal(plain, subject=subject, category=category, decision_id=name, field=FIELD)
        return own, msgspec.json.encode(_Cover(key=sealed, expires_on=expires_on.isoformat()))

    def _keep(self, key: str, source: BinaryIO, own: bytes, cover: bytes) -> Kept:
        digest, size = hashlib.sha256(), 0

        def body() -> Iterator[bytes]:
            nonlocal size
            yield cover + b"\n"
            for sealed in _parts(source, own, cover):
                size += len(sealed) - NONCE_BYTES - TAG_BYTES
                digest.update(sealed)
                yield sealed

        self._store.put_object(key, body())
        return Kept(size, digest.hexdigest())


def _parts(source: BinaryIO, own: bytes, cover: bytes) -> Iterator[bytes]:
    """The file sealed part by part; the last one knows that it is the last."""
    number, part = 0, source.read(PART_BYTES)
    while True:
        following = source.read(PART_BYTES)
        yield SUITES[SUITE].encrypt(own, part, _place(cover, number, last=not following))
        if not following:
            return
        number, part = number + 1, following


def _cover(line: bytes) -> _Cover:
    try:
        return msgspec.json.decode(line, type=_Cover)
    except msgspec.DecodeError:
        raise Tampered("a kept file has no cover") from None


class _Opened(io.RawIOBase):
    """The plain bytes of a kept file, opened part by part; a missing, moved or changed part is Tampered."""

    def __init__(self, stored: BinaryIO, own: bytes, cover: bytes) -> None:
        self._stored = stored
        self._own = own
        self._cover = cover
        self._number = 0
        self._plain = memoryview(b"")
        self._ahead: bytes | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._plain:
            self._next()
        taken = min(len(buffer), len(self._plain))
        buffer[:taken] = self._plain[:taken]
        self._plain = self._plain[taken:]
        return taken

    def close(self) -> None:
        self._stored.close()
        super().close()

    def _next(self) -> None:
        size = NONCE_BYTES + PART_BYTES + TAG_BYTES
        sealed = self._stored.read(size) if self._ahead is None else self._ahead
        if not sealed:
            if self._number == 0:
                raise Tampered("a kept file has lost its parts")
            return
        self._ahead = self._stored.read(size)
        place = _place(self._cover, self._number, last=not self._ahead)
        self._plain = memoryview(SUITES[SUITE].decrypt(self._own, sealed, place))
        self._number += 1


def _place(cover: bytes, number: int, *, last: bool) -> bytes:
    """What a part is authenticated with: its file, its number, and whether it ends the file."""
    return b"%s\n%d%s" % (cover, number, b" last" if last else b"")
