"""Keeps the bureau's files sealed: the key of each lies in the keyring, with the import as its subject."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import BinaryIO

from chassis.context import Context
from chassis.files import DiskStore, Vault
from chassis.keyring import Keyring

CATEGORY = "health"
FOLDER = "settlements"


class SettlementFiles:
    """The files that settlements came in."""

    def __init__(self, folder: Path, keyring: Keyring) -> None:
        """The folder is made when the first file comes."""
        self._vault = Vault(DiskStore(folder), keyring)

    async def keep(self, import_id: str, source: BinaryIO, *, received_on: date, keep_days: int) -> None:
        """Seal and store a file part by part, unless it is there already: equal ids have equal bytes."""
        key = _key(import_id)
        if await self._vault.holds(key):
            return
        expires_on = received_on + timedelta(days=keep_days)
        await self._vault.keep(key, source, subject=_subject(import_id), category=CATEGORY, expires_on=expires_on)

    async def open(self, import_id: str) -> BinaryIO:
        """The plain bytes, to be read in a thread. Raises ObjectAbsent, Erased, Tampered while it is read."""
        return await self._vault.open(_key(import_id), subject=_subject(import_id))

    async def holds(self, import_id: str) -> bool:
        """Whether the file is still kept."""
        return await self._vault.holds(_key(import_id))


def vault_of(context: Context) -> Vault:
    """Where the service keeps its files."""
    return Vault(DiskStore(Path(context.settings.documents)), context.keyring)


def _key(import_id: str) -> str:
    return f"{FOLDER}/{import_id}"


def _subject(import_id: str) -> str:
    return f"settlements-{import_id}"
