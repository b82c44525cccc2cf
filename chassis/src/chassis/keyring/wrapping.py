"""The key-encryption key: versioned, outside Postgres, in a file of mode 0600 or in an environment secret."""

from __future__ import annotations

import base64
import json
import os
import secrets
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from chassis.keyring.errors import Tampered

KEK_BYTES = 32
KEK_VARIABLE = "HUZHU_KEK"


class KekUnusable(Exception):
    """The key-encryption key is absent, readable by others, or not of the expected form."""


class KeyWrap(Protocol):
    """Wraps data keys; a hardware module is another implementation of these two calls."""

    @property
    def version(self) -> int:
        """The version that new keys are wrapped under."""
        ...

    def wrap(self, keys: Sequence[bytes]) -> list[bytes]:
        """Wrap keys under the current version."""
        ...

    def unwrap(self, wrapped: Sequence[tuple[int, bytes]]) -> list[bytes]:
        """Unwrap (version, wrapped key) pairs. Raises KekUnusable (unknown version) or Tampered."""
        ...


class AesKeyWrap:
    """RFC 3394 under AES-256 keys held in memory."""

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        """Keys by version; the highest wraps. Raises KekUnusable."""
        if not keys or any(len(key) != KEK_BYTES for key in keys.values()) or min(keys) < 1:
            raise KekUnusable(f"expected keys of {KEK_BYTES} bytes by versions from 1")
        self._keys = dict(keys)
        self._version = max(keys)

    @property
    def version(self) -> int:
        """The highest version."""
        return self._version

    def wrap(self, keys: Sequence[bytes]) -> list[bytes]:
        """Wrap keys under the highest version."""
        kek = self._keys[self._version]
        return [aes_key_wrap(kek, key) for key in keys]

    def unwrap(self, wrapped: Sequence[tuple[int, bytes]]) -> list[bytes]:
        """Unwrap (version, wrapped key) pairs. Raises KekUnusable (unknown version) or Tampered."""
        try:
            return [aes_key_unwrap(self._keys[version], key) for version, key in wrapped]
        except KeyError as unknown:
            raise KekUnusable(f"version {unknown.args[0]} of the key-encryption key is not here") from None
        except (InvalidUnwrap, ValueError):
            raise Tampered("a wrapped data key does not unwrap") from None


def ensure_kek_file(path: Path) -> None:
    """Make the file with a first key unless it exists; whoever comes second keeps the first one's."""
    if path.exists():
        return
    _write(path, {1: secrets.token_bytes(KEK_BYTES)}, replace=False)


def add_kek_version(path: Path) -> int:
    """Add the next version to the file and return it; `rewrap` then moves the data keys."""
    keys = _parse(_read_private(path))
    fresh = max(keys) + 1
    _write(path, keys | {fresh: secrets.token_bytes(KEK_BYTES)}, replace=True)
    return fresh


def retire_kek_versions(path: Path, keep: int) -> None:
    """Forget every version below `keep`: with their backups gone, erasures of that time become complete."""
    keys = {version: key for version, key in _parse(_read_private(path)).items() if version >= keep}
    if not keys:
        raise KekUnusable("at least one version stays")
    _write(path, keys, replace=True)


def load_kek(path: Path | None) -> AesKeyWrap:
    """The keys of the environment secret if it is set, else of the file. Raises KekUnusable."""
    secret = os.environ.get(KEK_VARIABLE, "")
    if secret:
        return AesKeyWrap(_parse(secret))
    if path is None:
        raise KekUnusable(f"neither {KEK_VARIABLE} nor a key file is given")
    return AesKeyWrap(_parse(_read_private(path)))


def _read_private(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) or mode & 0o077:
            raise KekUnusable("the key file must be a file that only its owner can read (mode 0600)")
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        raise KekUnusable("the key file cannot be read") from None


def _parse(text: str) -> dict[int, bytes]:
    try:
        return {int(version): base64.b64decode(key, validate=True) for version, key in json.loads(text).items()}
    except (ValueError, AttributeError, TypeError):
        # `from None`: the parser's own error would quote the secret
        raise KekUnusable('expected JSON {"version": "base64 key"}') from None


def _write(path: Path, keys: Mapping[int, bytes], *, replace: bool) -> None:
    text = json.dumps({str(version): base64.b64encode(key).decode() for version, key in keys.items()})
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            draft.replace(path)
            return
        try:
            os.link(draft, path)  # never over an existing file, and never seen half written
        except FileExistsError:
            return
    finally:
        draft.unlink(missing_ok=True)
