"""The servers of a measurement: one bundled Postgres for all its stores, and umadb's own."""

import asyncio
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from huzhu.runner.home import LOOPBACK, free_port
from huzhu.runner.postgres import Postgres

START_TIMEOUT_S = 10.0
START_POLL_S = 0.02
STOP_TIMEOUT_S = 10.0


class Cluster:
    """One Postgres; a database is made for every run and dropped after it."""

    def __init__(self, root: Path) -> None:
        """Keep everything under `root`."""
        self.postgres = Postgres(root)

    def start(self) -> None:
        """Start it."""
        self.admin_url = self.postgres.start()

    def destroy(self) -> None:
        """Stop and delete it."""
        self.postgres.destroy()

    def create(self, name: str) -> str:
        """Make an empty database; return its address."""
        self._admin(f"CREATE DATABASE {name}")
        return urlunsplit(urlsplit(self.admin_url)._replace(path=f"/{name}"))

    def drop(self, name: str) -> None:
        """Delete a database and end whoever is still in it."""
        self._admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def checkpoint(self) -> None:
        """Write everything out, so that no run pays for the one before."""
        self._admin("CHECKPOINT")

    def wal_bytes(self) -> int:
        """How much write-ahead log there has been."""
        return int(str(self._admin("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")))

    def settings(self) -> dict[str, str]:
        """What decides about speed and durability."""
        names = (
            "server_version",
            "fsync",
            "synchronous_commit",
            "full_page_writes",
            "shared_buffers",
            "data_checksums",
        )
        return {name: str(self._admin(f"SELECT current_setting('{name}')")) for name in names}

    def _admin(self, statement: str) -> object:
        async def run() -> object:
            connection = await asyncpg.connect(self.admin_url)
            try:
                return await connection.fetchval(statement)
            finally:
                await connection.close()

        return asyncio.run(run())


@contextmanager
def umadb_server(folder: Path) -> Iterator[str]:
    """Run umadb's server over an empty folder; yield its address."""
    folder.mkdir(parents=True)
    port = free_port()
    program = Path(sysconfig.get_path("scripts")) / "umadb"
    log = folder / "umadb.log"
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, str(program), "--listen", f"{LOOPBACK}:{port}", "--db-path", str(folder / "uma.db")],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _accepts(port):
            if child.poll() is not None or time.monotonic() > deadline:
                raise TimeoutError(f"umadb did not start: {log.read_text(encoding='utf-8', errors='replace')}")
            time.sleep(START_POLL_S)
        yield f"http://{LOOPBACK}:{port}"
    finally:
        child.terminate()
        try:
            child.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(STOP_TIMEOUT_S)


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0
