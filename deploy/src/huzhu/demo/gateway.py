"""Speaks to the services as people do: through the gateway, each with their own token, patient for a bounded time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import httpx

from chassis.clock import new_id, steer
from huzhu.runner import issuer
from huzhu.runner.home import Home

ATTEMPTS_MAX = 120
ATTEMPT_DELAY_S = 0.25
REQUEST_TIMEOUT_S = 60
WAIT_S_MAX = 120.0
POLL_S = 0.05
PROVINCE = "620000"
BUSY = frozenset({429, 502, 503, 504})

T = TypeVar("T")


class StepFailed(Exception):
    """A step of the demonstration did not go as it must; says which and why."""


class Gateway:
    """One machine's gateway, its clock and its services' own addresses."""

    def __init__(self, home: Home) -> None:
        state = home.state()
        if state is None or not state.get("gateway_url"):
            raise StepFailed("Nothing is running here: start it with `huzhu up --detach`.")
        self.home = home
        self.state = state
        self._http = httpx.Client(base_url=state["gateway_url"], timeout=REQUEST_TIMEOUT_S, trust_env=False)
        self._tokens: dict[tuple[str, str, str], str] = {}
        self._written: dict[str, str] = {}

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def at(self, moment: datetime) -> None:
        """Move the business time of every service."""
        steer(self.home.clock_file, moment)

    def get(self, path: str, role: str = "supervisor", org: str = PROVINCE, sub: str = "") -> Any:
        """Ask, as somebody, once what was written through here before can be read."""
        position = self._written.get(path.split("/", maxsplit=1)[0], "")
        headers = {"If-Log-Position": position} if position else {}
        return self._call("GET", path, role, org, sub, headers=headers).json()

    def post(self, path: str, body: object, role: str, org: str = PROVINCE, sub: str = "") -> Any:
        """Ask for a change, once, however often the request is sent."""
        key = {"Idempotency-Key": new_id()}
        return self._call("POST", path, role, org, sub, headers=key, json=body).json()

    def upload(
        self, path: str, file: tuple[str, Any], fields: dict[str, str], role: str, org: str, sub: str = ""
    ) -> Any:
        """Send a file."""
        return self._call("POST", path, role, org, sub, files={"file": file}, data=fields, headers={}).json()

    def pay_in(self, reference: str, amount_fen: int) -> None:
        """A donor's money arrives on the account at the bank, as its statement will say."""
        url = f"{self.state['simulators']['bank']}/entries"
        body = {"reference": reference, "amount_fen": amount_fen}
        self._patiently("money paid in", lambda: self._http.post(url, json=body))

    def keep_silent(self, payments: int) -> None:
        """The bank books the next payments, and tells nobody of them but by the day's statement."""
        url = f"{self.state['simulators']['bank']}/behaviour"
        body = {"kind": "silent", "times": payments}
        self._patiently("the bank told to keep silent", lambda: self._http.post(url, json=body))

    def status(self, service: str) -> dict[str, Any]:
        """A service's own account of itself, from its own address."""
        headers = {"Authorization": f"Bearer {self.token('sys_admin', PROVINCE, '')}"}
        url = f"{self.state['services'][service]}/status"
        answer = self._patiently(f"status of {service}", lambda: self._http.get(url, headers=headers))
        told: dict[str, Any] = answer.json()
        return told

    def caught_up(self) -> bool:
        """Whether every service has taken everything that every other has written."""
        heads = {name: self.status(name) for name in self.state["services"]}
        return all(
            standing["stream_sequence"] >= standing["position"]
            and all(tail["position"] >= heads[tail["source"]]["position"] for tail in standing["tails"])
            for standing in heads.values()
        )

    def wait(self, what: str, look: Callable[[], T | None], seconds: float = WAIT_S_MAX, every: float = POLL_S) -> T:
        """Look `every` so many seconds until there is something. Raises StepFailed after `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() > deadline:
                raise StepFailed(f"{what}: not within {seconds:.0f} s.")
            time.sleep(every)

    def token(self, role: str, org: str, sub: str) -> str:
        """Somebody's token, made once."""
        key = (role, org, sub)
        if key not in self._tokens:
            self._tokens[key] = issuer.mint(self.home, role, org, sub or None, ttl_s=issuer.TOKEN_TTL_S_MAX)
        return self._tokens[key]

    def _call(self, method: str, path: str, role: str, org: str, sub: str, **more: Any) -> httpx.Response:
        headers = more.pop("headers") | {"Authorization": f"Bearer {self.token(role, org, sub)}"}
        what = f"{method} {path.split('/', maxsplit=1)[0]} as {role}"
        answer = self._patiently(what, lambda: self._http.request(method, f"/api/{path}", headers=headers, **more))
        if method == "POST" and "Log-Position" in answer.headers:
            self._written[path.split("/", maxsplit=1)[0]] = answer.headers["Log-Position"]
        return answer

    def _patiently(self, what: str, ask: Callable[[], httpx.Response]) -> httpx.Response:
        """Ask until there is an answer: what is busy or being restarted is asked again, a bounded number of times."""
        last = ""
        for _ in range(ATTEMPTS_MAX):
            try:
                answer = ask()
            except httpx.TransportError as error:
                last = type(error).__name__
            else:
                if answer.is_success:
                    return answer
                last = sentence_of(answer)
                if answer.status_code not in BUSY:
                    break
            time.sleep(ATTEMPT_DELAY_S)
        raise StepFailed(f"{what}: {last}")


def sentence_of(answer: httpx.Response) -> str:
    """What a service says when it refuses: status, code, sentence, field."""
    try:
        problem = answer.json()
        return f"{answer.status_code} {problem['code']}: {problem['detail']} {problem.get('field', '')}".strip()
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code}"
