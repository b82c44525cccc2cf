"""Asks the services of a running machine as its administrator, each at its own address."""

from __future__ import annotations

from typing import Any, Self

import httpx

from huzhu.runner import issuer
from huzhu.runner.home import Home
from huzhu.runner.machine import PROVINCE

ROLE = "sys_admin"
ANSWER_S_MAX = 30.0
LONG_ANSWER_S_MAX = 3_600.0
"""Building a read model afresh may take as long as this."""


class Refused(Exception):
    """Nothing runs here, or a service did not do what it was asked; says why."""


class Operator:
    """The administrator of one machine; use as a context manager."""

    def __init__(self, home: Home) -> None:
        """Raises Refused when nothing runs there."""
        self.services: dict[str, str] = (home.state() or {}).get("services") or {}
        if not self.services:
            raise Refused("Nothing is running here: start it with `huzhu up --detach`.")
        token = issuer.mint(home, ROLE, PROVINCE, ttl_s=int(LONG_ANSWER_S_MAX))
        self._http = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=ANSWER_S_MAX, trust_env=False)

    def __enter__(self) -> Self:
        """Use it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the connections."""
        self._http.close()

    def named(self, service: str | None) -> list[str]:
        """The one service that is named (hyphens or underscores), or all. Raises Refused for one that is none."""
        if service is None:
            return list(self.services)
        word = service.replace("-", "_")
        if word not in self.services:
            raise Refused(f"There is no service {service}; there are {', '.join(self.services)}.")
        return [word]

    def get(self, service: str, path: str) -> Any:
        """What a service answers. Raises Refused."""
        return self._ask("GET", service, path, ANSWER_S_MAX)

    def post(self, service: str, path: str, wait_s_max: float = ANSWER_S_MAX) -> Any:
        """What a service did. Raises Refused."""
        return self._ask("POST", service, path, wait_s_max)

    def _ask(self, method: str, service: str, path: str, wait_s_max: float) -> Any:
        try:
            answer = self._http.request(method, f"{self.services[service]}{path}", timeout=wait_s_max)
        except httpx.TransportError as error:
            raise Refused(f"{service} does not answer ({type(error).__name__}).") from None
        if not answer.is_success:
            raise Refused(f"{service}: {_sentence(answer)}")
        return answer.json()


def _sentence(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
        return f"{problem['code']}: {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        return f"it answered {answer.status_code}."
