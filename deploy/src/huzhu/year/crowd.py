"""Everybody who asks something at the same time: members, clerks and officers, each with a token of their own."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from chassis.clock import new_id
from huzhu.demo.gateway import BUSY, PROVINCE, Gateway, StepFailed, sentence_of

IN_FLIGHT_MAX = 24
"""So many requests are on their way at once."""
ATTEMPTS_MAX = 60
ATTEMPT_DELAY_S = 0.25
REQUEST_TIMEOUT_S = 60
CONFLICT = (404, 409, 422)


class Refusal(StepFailed):
    """A service said no, with its stable code."""

    def __init__(self, code: str, told: str) -> None:
        """`told` is the sentence for whoever reads it."""
        super().__init__(told)
        self.code = code


class Crowd:
    """Asks through the gateway, many at once; what is busy is asked again with the same key."""

    def __init__(self, gateway: Gateway) -> None:
        """Connections are opened as they are needed and kept."""
        limits = httpx.Limits(max_connections=IN_FLIGHT_MAX, max_keepalive_connections=IN_FLIGHT_MAX)
        self._gateway = gateway
        self._http = httpx.AsyncClient(
            base_url=gateway.state["gateway_url"], timeout=REQUEST_TIMEOUT_S, limits=limits, trust_env=False
        )
        self._room = asyncio.Semaphore(IN_FLIGHT_MAX)
        self.asked = 0

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def post(self, path: str, body: object, role: str, org: str = PROVINCE, sub: str = "") -> Any:
        """Ask for a change, once. Raises Refusal."""
        return await self._call("POST", f"/api/{path}", role, org, sub, json=body)

    async def get(self, path: str, role: str, org: str = PROVINCE, sub: str = "", position: str = "") -> Any:
        """Ask a question, once the log position can be read. Raises Refusal."""
        headers = {"If-Log-Position": position} if position else {}
        return await self._call("GET", f"/api/{path}", role, org, sub, headers=headers)

    async def hand_in(self, picture: bytes, kind: str, person_id: str, role: str, org: str, sub: str) -> dict[str, str]:
        """Upload a paper; as a claim names it."""
        files, data = {"file": (f"{kind}.jpg", picture)}, {"kind": kind, "person_id": person_id}
        stored = await self._call("POST", "/api/claims/papers", role, org, sub, files=files, data=data)
        return {"kind": kind, "sha256": stored["sha256"]}

    async def ask_service(self, service: str, path: str, body: object) -> Any:
        """Ask a service at its own address, as another service does."""
        url = f"{self._gateway.state['services'][service]}/{path}"
        return await self._call("POST", url, "service", PROVINCE, "", json=body)

    async def _call(self, method: str, url: str, role: str, org: str, sub: str, **more: Any) -> Any:
        headers = more.pop("headers", {}) | {"Authorization": f"Bearer {self._gateway.token(role, org, sub)}"}
        if method == "POST":
            headers["Idempotency-Key"] = new_id()
        last = ""
        for _ in range(ATTEMPTS_MAX):
            try:
                async with self._room:
                    self.asked += 1
                    answer = await self._http.request(method, url, headers=headers, **more)
            except httpx.TransportError as error:
                last = type(error).__name__
            else:
                if answer.is_success:
                    return answer.json()
                last = sentence_of(answer)
                if answer.status_code in CONFLICT:
                    raise Refusal(str(answer.json()["code"]), f"{method} as {role}: {last}")
                if answer.status_code not in BUSY:
                    break
            await asyncio.sleep(ATTEMPT_DELAY_S)
        raise StepFailed(f"{method} {url.split('/')[2]} as {role}: {last}")
