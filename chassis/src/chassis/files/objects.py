"""Objects by key, as an S3 bucket keeps them; on one machine a folder does."""

from __future__ import annotations

import heapq
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Protocol

KEY = re.compile(r"[0-9a-zA-Z_-]+(/[0-9a-zA-Z_-]+)*")
SUFFIX = ".sealed"


class ObjectAbsent(Exception):
    """There is no object under this key, or none any more."""


class ObjectStore(Protocol):
    """Five verbs of S3; all of them block, so callers use a thread. Keys are words joined by slashes."""

    def put_object(self, key: str, body: Iterable[bytes]) -> None:
        """Keep an object durably; it replaces one of the same key as a whole or not at all."""
        ...

    def get_object(self, key: str) -> BinaryIO:
        """Read an object from its beginning. Raises ObjectAbsent."""
        ...

    def head_object(self, key: str) -> int:
        """How many bytes it has. Raises ObjectAbsent."""
        ...

    def delete_object(self, key: str) -> None:
        """Keep it no longer; what is not there is deleted already."""
        ...

    def list_objects(self, prefix: str, start_after: str, max_keys: int) -> list[str]:
        """The keys under a folder in order, those that follow `start_after`, at most `max_keys`."""
        ...


class DiskStore:
    """A folder as a bucket: an object appears when all of it is on disk."""

    def __init__(self, folder: Path) -> None:
        """The folder is made when the first object comes."""
        self._folder = folder

    def put_object(self, key: str, body: Iterable[bytes]) -> None:
        """Keep an object durably."""
        path = self._path(key)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as out:
                out.writelines(body)
                out.flush()
                os.fsync(out.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def get_object(self, key: str) -> BinaryIO:
        """Read an object from its beginning. Raises ObjectAbsent."""
        try:
            return self._path(key).open("rb")
        except FileNotFoundError:
            raise ObjectAbsent(key) from None

    def head_object(self, key: str) -> int:
        """How many bytes it has. Raises ObjectAbsent."""
        try:
            return self._path(key).stat().st_size
        except FileNotFoundError:
            raise ObjectAbsent(key) from None

    def delete_object(self, key: str) -> None:
        """Keep it no longer."""
        self._path(key).unlink(missing_ok=True)

    def list_objects(self, prefix: str, start_after: str, max_keys: int) -> list[str]:
        """The keys under a folder in order, those that follow `start_after`."""
        folder = self._path(prefix).with_suffix("")
        paths = (path.relative_to(self._folder).with_suffix("") for path in folder.rglob(f"*{SUFFIX}"))
        return heapq.nsmallest(max_keys, (key for key in map(str, paths) if key > start_after))

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise ValueError("an object's key is words joined by slashes")
        return self._folder / f"{key}{SUFFIX}"
