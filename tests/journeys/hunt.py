"""Looks for values in whatever a machine leaves behind: files byte by byte, and every table of its databases."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

import asyncpg

from huzhu.runner import addresses, roles
from huzhu.runner.home import Home

PIECE_BYTES = 8 * 1024 * 1024
OVERLAP_BYTES = 4 * 1024
"""Longer than any form of any value, so that none is missed where two pieces meet."""
TABLES = (
    "select format('%I.%I', schemaname, tablename) as name from pg_tables"
    " where schemaname not in ('pg_catalog', 'information_schema')"
)
NOT_SEARCHED = ("keys", "simulators")
"""Secrets of the machine; and what stands for the bank and the phone company, which are told everything."""


def forms(value: str) -> set[bytes]:
    """How a value may lie in a file: as it is, escaped as JSON or URL, in base64 at each offset, all that in hex."""
    raw = value.encode()
    plain = {raw, json.dumps(value)[1:-1].encode(), quote(value).encode(), value.encode("utf-16-le")}
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw)
        # The first and last characters also hold bits of the neighbours.
        plain.add(encoded[(0, 2, 3)[offset] : len(encoded) - 4])
    return plain | {form.hex().encode() for form in plain}


class Hunt:
    """Which of some named values are where."""

    def __init__(self, values: dict[str, str]) -> None:
        """`values` by what they are, e.g. "mobile"; findings name that, never the value."""
        self._names = {form: name for name, value in values.items() for form in forms(value)}
        longest_first = sorted(self._names, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, longest_first)))

    def in_bytes(self, pieces: Iterable[bytes]) -> set[str]:
        """What is in there; values may lie across pieces."""
        found: set[str] = set()
        before = b""
        for piece in pieces:
            text = before + piece
            found |= {self._names[match] for match in self._pattern.findall(text)}
            before = text[-OVERLAP_BYTES:]
        return found

    def in_files(self, folder: Path) -> dict[str, set[str]]:
        """Findings by path below the folder, everything it holds but what NOT_SEARCHED says."""
        findings: dict[str, set[str]] = {}
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if inside.parts[0] in NOT_SEARCHED or path.is_symlink() or not path.is_file():
                continue
            if found := self.in_bytes(_read(path)):
                findings[str(inside)] = found
        return findings

    async def in_databases(self, home: Home) -> dict[str, set[str]]:
        """Findings by table, every table of every database but the keyring's."""
        findings: dict[str, set[str]] = {}
        admin = addresses.admin_url(home)
        for database in await _databases(admin):
            if database == roles.KEYRING:
                continue
            connection = await asyncpg.connect(addresses.in_database(admin, database))
            try:
                for row in await connection.fetch(TABLES):
                    if found := self.in_bytes([await _copy(connection, row["name"])]):
                        findings[f"{database}.{row['name']}"] = found
            finally:
                await connection.close()
        return findings


def _read(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                yield piece
    except FileNotFoundError:
        return  # a running server tidies up


async def _databases(admin: str) -> list[str]:
    connection = await asyncpg.connect(admin)
    try:
        return [row["datname"] for row in await connection.fetch("select datname from pg_database where datallowconn")]
    finally:
        await connection.close()


async def _copy(connection: asyncpg.Connection[asyncpg.Record], table: str) -> bytes:
    """A table as text, byte columns in hex."""
    pieces: list[bytes] = []

    async def take(piece: bytes) -> None:
        pieces.append(piece)

    await connection.copy_from_query(f"select * from {table}", output=take)
    return b"".join(pieces)
