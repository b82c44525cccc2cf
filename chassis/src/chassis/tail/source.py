"""A source's log over HTTP: where a tail fetches what the stream cannot give it."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from chassis.fetch import fetch
from chassis.log import Stored

PAGE_EVENTS_MAX = 1_000
FETCH_TIMEOUT_S = 20.0


class PageWrong(Exception):
    """The source answered with something that is not the page that was asked for."""


class SourceLog:
    """`GET {base}/log?after=&limit=` of one service, as one service to another."""

    def __init__(self, http: httpx.AsyncClient, base_url: str, token: Callable[[], str]) -> None:
        """`token()` is the service's own bearer token, asked for at each request because it is renewed."""
        self._http = http
        self._url = base_url.rstrip("/") + "/log"
        self._token = token

    async def read(self, after: int, limit: int) -> list[Stored]:
        """Up to `limit` events after a position; empty at the end. Raises httpx.HTTPError, PageWrong."""
        params = {"after": after, "limit": min(limit, PAGE_EVENTS_MAX)}
        headers = {"Authorization": f"Bearer {self._token()}"}
        page = await fetch(self._http, "GET", self._url, params=params, headers=headers, timeout_s=FETCH_TIMEOUT_S)
        content, first = page.content, page.headers.get("Log-First")
        bodies = content.split(b"\n")
        if bodies and not bodies[-1]:
            bodies.pop()
        if bodies and first != str(after + 1):
            raise PageWrong(f"Asked for what follows {after}, got a page from {first}.")
        return [Stored(position, body) for position, body in enumerate(bodies, start=after + 1)]
