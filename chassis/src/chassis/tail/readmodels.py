"""Feeds a tail's batches to the read models of its source."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.log import Recorded, Stored
from chassis.projecting import Projecting


class ReadModels:
    """All read models of one source, as one sink; each has a checkpoint of its own."""

    def __init__(self, source: str, projecting: Projecting) -> None:
        self.name = "read-models"
        self._source = source
        self._projecting = projecting

    @property
    def wires(self) -> frozenset[str] | None:
        """What the read models answer to."""
        return self._projecting.wires(self._source)

    @property
    def failure(self) -> str:
        """Which read model cannot apply which event; reactions must not decide on what it shows."""
        return self._projecting.failure(self._source)

    async def position(self) -> int:
        """The slowest read model's checkpoint, once the tables stand."""
        await self._projecting.prepared.wait()
        return await self._projecting.reload(self._source)

    async def take(self, batch: Sequence[Recorded], stored: Sequence[Stored]) -> None:  # noqa: ARG002 - a Sink's shape
        """Apply what is new. Raises CheckpointLost when the checkpoints have gone back."""
        await self._projecting.apply(self._source, batch)

    async def work_off(self) -> None:
        """Read models park nothing."""
