"""Batch files on disk: written once, before they are sent, under the digest that was signed."""

from __future__ import annotations

import os
from pathlib import Path

from payments.domain.instruction import digest

FOLDER = "bank-batches"


class FileDiffers(Exception):
    """The bytes of a batch file are not those that were signed."""


def read(documents: Path, sha256: str) -> bytes | None:
    """The stored file of a digest. Raises FileDiffers when someone has changed it."""
    try:
        file = _path(documents, sha256).read_bytes()
    except FileNotFoundError:
        return None
    return _proven(file, sha256)


def store(documents: Path, sha256: str, file: bytes) -> None:
    """Write a file so that it survives a power cut, before anything refers to it. Raises FileDiffers."""
    _proven(file, sha256)
    path = _path(documents, sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}.tmp")
    with fresh.open("wb") as out:
        out.write(file)
        out.flush()
        os.fsync(out.fileno())
    fresh.chmod(0o600)
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _path(documents: Path, sha256: str) -> Path:
    return documents / FOLDER / f"{sha256}.json"


def _proven(file: bytes, sha256: str) -> bytes:
    if digest(file) != sha256:
        raise FileDiffers("A batch file does not have the digest that was signed.")
    return file
