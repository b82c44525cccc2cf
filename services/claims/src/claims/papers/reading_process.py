"""The reading process from outside: started when a picture comes, bounded in all it uses, ended when idle."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import dataclass
from importlib.util import find_spec

import msgspec

from claims.papers.fields import Found
from claims.papers.pipe import FRAME_BYTES_MAX, LENGTH_BYTES, Answer, Question, framed

COMMAND = (sys.executable, "-P", "-m", "claims.papers.reader")
MODULES = ("rapidocr", "onnxruntime")
END_S_MAX = 5.0


class ReadingFailed(Exception):
    """The process was too slow or ended while it read; the next picture gets a new one."""


@dataclass(frozen=True)
class Limits:
    """What one process may use."""

    picture_s_max: float
    pictures_max: int
    memory_mb_max: int


def is_installed() -> bool:
    """Whether this service was installed with its reader (the extra `ocr`)."""
    return all(find_spec(module) is not None for module in MODULES)


class ReadingProcess:
    """At most one process, one picture at a time."""

    def __init__(self, command: tuple[str, ...] = COMMAND) -> None:
        """Nothing is started here."""
        self._command = command
        self._turn = asyncio.Lock()
        self._process: Process | None = None
        self._pictures = 0
        self._used_at = 0.0

    @property
    def pid(self) -> int | None:
        """Of the running process, if there is one."""
        return self._process.pid if self._process is not None else None

    async def read(self, kind: str, picture: bytes, limits: Limits) -> list[Found]:
        """The fields of a JPEG. Raises ReadingFailed."""
        async with self._turn:
            try:
                async with asyncio.timeout(limits.picture_s_max):
                    process = await self._running()
                    answer = await _ask(process, Question(kind, picture))
            except (TimeoutError, EOFError, OSError, msgspec.DecodeError) as error:
                await self._end()
                raise ReadingFailed(type(error).__name__) from None
            except BaseException:
                # Whoever waited is gone; the answer must not be taken for the next picture's.
                await self._end()
                raise
            self._pictures += 1
            self._used_at = asyncio.get_running_loop().time()
            if self._pictures >= limits.pictures_max or answer.peak_mb > limits.memory_mb_max:
                await self._end()
            return answer.fields

    async def end_when_idle(self, idle_s: float) -> None:
        """End the process if nothing was read for so long."""
        async with self._turn:
            if self._process is not None and asyncio.get_running_loop().time() - self._used_at >= idle_s:
                await self._end()

    async def close(self) -> None:
        """End the process."""
        async with self._turn:
            await self._end()

    async def _running(self) -> Process:
        if self._process is None or self._process.returncode is not None:
            await self._end()
            # No address, key or password of the service goes along; errors could show what was read.
            told = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH") if name in os.environ}
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env=told | {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"},
            )
        return self._process

    async def _end(self) -> None:
        process, self._process, self._pictures = self._process, None, 0
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()  # it holds nothing that could be lost
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), END_S_MAX)


async def _ask(process: Process, question: Question) -> Answer:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(framed(msgspec.msgpack.encode(question)))
    await process.stdin.drain()
    length = int.from_bytes(await process.stdout.readexactly(LENGTH_BYTES), "big")
    if length > FRAME_BYTES_MAX:
        raise EOFError("an answer is longer than allowed")
    return msgspec.msgpack.decode(await process.stdout.readexactly(length), type=Answer)
