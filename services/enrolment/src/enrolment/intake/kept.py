"""Keeps received roster files sealed: the key of each lies in the keyring, with the roster as its subject."""

from __future__ import annotations

import io
from datetime import date, timedelta
from pathlib import Path

from chassis.context import Context
from chassis.files import DiskStore, Vault
from chassis.keyring import Keyring

CATEGORY = "identity"
FOLDER = "rosters"


class RosterFiles:
    """The files that rosters came as."""

    def __init__(self, folder: Path, keyring: Keyring) -> None:
        """The folder is made when the first file comes."""
        self._vault = Vault(DiskStore(folder), keyring)

    async def keep(self, batch_id: str, content: bytes, *, received_on: date, keep_days: int) -> None:
        """Store a file, durably, unless it is there already: equal batch ids have equal bytes."""
        key = _key(batch_id)
        if await self._vault.holds(key):
            return
        expires_on = received_on + timedelta(days=keep_days)
        await self._vault.keep(
            key, io.BytesIO(content), subject=subject_of(batch_id), category=CATEGORY, expires_on=expires_on
        )

    async def take(self, batch_id: str) -> bytes:
        """The plain bytes. Raises ObjectAbsent, Erased once the roster's key is destroyed, Tampered."""
        return await self._vault.take(_key(batch_id), subject=subject_of(batch_id))


def vault_of(context: Context) -> Vault:
    """Where the service keeps its files."""
    return Vault(DiskStore(Path(context.settings.documents)), context.keyring)


def _key(batch_id: str) -> str:
    return f"{FOLDER}/{batch_id}"


def subject_of(batch_id: str) -> str:
    """Whose key a roster's file is kept under."""
    return f"roster-{batch_id}"
