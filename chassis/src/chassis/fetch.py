"""One question to another service over HTTP, its answer read as it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer, with nothing left of the connection it came over."""

    headers: httpx.Headers
    content: bytes


async def fetch(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    headers: dict[str, str],
    timeout_s: float,
    params: dict[str, int] | None = None,
    content: bytes | None = None,
) -> Fetched:
    """Ask and read the whole answer. Raises httpx.HTTPError, also for a status that is no success.

    httpx leaves each response in a reference cycle with its request until the next garbage pass. Neither is given
    what it would hold meanwhile: the content goes out and comes in through iterators that keep nothing.
    """
    sent = None
    if content is not None:
        sent = _once(content)
        headers = {**headers, "Content-Length": str(len(content))}
    async with http.stream(method, url, params=params, content=sent, headers=headers, timeout=timeout_s) as response:
        response.raise_for_status()
        body = b"".join([part async for part in response.aiter_bytes()])
        return Fetched(response.headers, body)


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
