"""A question to another service: what it carried is let go at once, and a status that is no success is an error."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import AsyncIterator

import httpx
import pytest

from chassis.fetch import fetch

MEGABYTE = 1_000_000


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """A server that answers the length of what it was sent and a megabyte; to `/away`, that it is away."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        body = await reader.readexactly(length)
        status = b"503 Away" if " /away " in head else b"200 OK"
        answer = str(len(body)).encode().ljust(MEGABYTE)
        writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status, len(answer)))
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_neither_question_nor_answer_outlives_its_use(url: str) -> None:
    async def ask(http: httpx.AsyncClient) -> None:
        answer = await fetch(http, "POST", url, headers={}, timeout_s=10, content=b"x" * MEGABYTE)
        assert answer.content.strip() == str(MEGABYTE).encode()

    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        async with httpx.AsyncClient() as http:
            for _ in range(5):
                await ask(http)
            held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert held < 2 * MEGABYTE, "five questions and five answers are let go without the garbage collector"


async def test_a_status_that_is_no_success_is_an_error(url: str) -> None:
    async with httpx.AsyncClient() as http:
        with pytest.raises(httpx.HTTPStatusError):
            await fetch(http, "POST", url + "/away", headers={}, timeout_s=10, content=b"x")
