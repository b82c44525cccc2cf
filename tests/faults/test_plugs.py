"""Every plug is pulled while the main job runs: no event and no fen is lost, nobody is paid twice."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any, Self

import httpx
import pytest

from tests.journeys.stack import Stack

MEMBERS = 1_000
PULL_EVERY_S = 2.0
VICTIMS = ("enrolment", "claims", "payments", "notify", "health_checkup", "bank", "sms", "gateway", "nats", "postgres")
SEED = 7
YUAN = 100


class Plugs:
    """Ends one process after another, without warning, for as long as it is let."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._draw = random.Random(SEED)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.pulled: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        order: list[str] = []
        while not self._stop.wait(PULL_EVERY_S):
            if not order:
                order = list(VICTIMS)
                self._draw.shuffle(order)
            self._pull(order.pop())

    def _pull(self, name: str) -> None:
        state = json.loads((self._stack.root / "run" / "state.json").read_text(encoding="utf-8"))
        entry = state[name] if name in {"nats", "postgres"} else state["processes"][name]
        if not entry["pid"]:
            return
        try:
            os.kill(entry["pid"], signal.SIGKILL)
        except ProcessLookupError:
            return  # it is just being started again
        self.pulled[name] += 1


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A machine of its own."""
    folder = tmp_path_factory.mktemp("plugs")
    machine = Stack(folder / "home", folder / "traces.jsonl")
    try:
        machine.start()
        yield machine
    finally:
        machine.stop()


def test_the_main_job_survives_every_plug(stack: Stack) -> None:
    with Plugs(stack) as plugs:
        told = stack.last_json("demo", "--members", str(MEMBERS), "--detach", "--json")
    assert sum(plugs.pulled.values()) >= 5, plugs.pulled
    assert told["paid"]["fen"] == 475_000 * YUAN
    assert told["paid"]["people"] == told["paid"]["person_times"] == 7
    assert told["covered"] == told["roster"]["valid"]
    assert told["pool_fen"] == 12_000_000 * YUAN - told["paid"]["fen"]
    _nobody_is_paid_twice(stack, told["paid"]["fen"])
    _every_log_is_whole(stack)


def _nobody_is_paid_twice(stack: Stack, fen: int) -> None:
    ledger = stack.gateway.wait("The bank's own book", lambda: _book(stack))
    assert max(booked["bookings"] for booked in ledger.values()) == 1
    assert sum(booked["booked_fen"] - booked["returned_fen"] for booked in ledger.values()) == fen


def _book(stack: Stack) -> dict[str, Any] | None:
    """The bank's own ledger; None while the bank is being started again."""
    try:
        booked: dict[str, Any] = httpx.get(
            f"{stack.gateway.state['simulators']['bank']}/ledger", trust_env=False
        ).json()
    except httpx.TransportError:
        return None
    return booked


def _every_log_is_whole(stack: Stack) -> None:
    """Streams hold what the logs hold, every tail has arrived, nothing is parked, replay gives what is shown."""
    gateway = stack.gateway
    gateway.wait("Every service to catch up", gateway.caught_up)
    for service in gateway.state["services"]:
        standing = gateway.status(service)
        assert standing["stream_sequence"] == standing["position"], service
        assert standing["parked"] == 0, service
    verified = stack.last_json("replay", "--verify", "--json")
    assert verified["equal"], [one for one in verified["projections"] if not one["equal"]]
