"""A small year played from end to end: nobody is paid twice, nothing is lost, and every figure adds up."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from claims.projections.figures import OF_FACTS, PAID_BY
from contracts.notify.v1 import MessageQueued, MessageSent
from huzhu.demo.result import recorded
from tests.journeys.stack import Stack

MEMBERS = 2_000
SEED = 7


@dataclass
class PlayedYear:
    """A machine on which a year has been played, and what the command said."""

    stack: Stack
    told: dict[str, Any]

    def paid(self, by: str = "") -> dict[str, Any]:
        found: dict[str, Any] = self.stack.gateway.get(f"claims/statistics/paid?period=2022&by={by}", "supervisor")
        return found


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlayedYear]:
    folder = tmp_path_factory.mktemp("year")
    machine = Stack(folder / "home", folder / "traces.jsonl")
    try:
        machine.start()
        asked = ("demo", "--year", "--members", str(MEMBERS), "--seed", str(SEED), "--detach", "--json")
        yield PlayedYear(machine, machine.last_json(*asked))
    finally:
        machine.stop()


def test_every_settlement_is_accounted_for_and_the_books_balance(year: PlayedYear) -> None:
    assert year.told["settlements"] > 100
    assert year.told["remainder"] == 0
    assert year.told["ledger_balanced"]
    assert year.told["unclaimed"] == 0


def test_the_bank_paid_nobody_twice_and_all_that_was_told(year: PlayedYear) -> None:
    url = f"{year.stack.gateway.state['simulators']['bank']}/ledger"
    book = httpx.get(url, trust_env=False).json().values()
    assert all(one["bookings"] <= 1 for one in book)
    booked = sum(one["booked_fen"] - one["returned_fen"] for one in book)
    assert booked == year.told["total"]["fen"] == year.paid()["total"]["figures"]["fen"]
    assert booked == sum(month["fen"] for month in year.told["months"].values())
    assert booked == year.stack.gateway.get("payments/summary", "supervisor")["fen"]


def test_people_are_no_more_than_person_times_and_those_no_more_than_lines(year: PlayedYear) -> None:
    plain = [name for name in PAID_BY if name not in OF_FACTS]
    # What sealed facts say is told by itself alone, and not of few people.
    for by in [(), *((one,) for one in PAID_BY), *itertools.combinations(plain, 2)]:
        told = year.paid(",".join(by))
        for cell in [*told["cells"], told["total"]]:
            if cell["suppressed"]:
                continue
            figures = cell["figures"]
            assert figures["people"] <= figures["person_times"] <= figures["lines"], cell


def test_everything_that_happens_to_claims_has_happened(year: PlayedYear) -> None:
    told = year.told
    assert told["filed"] > told["opened_by_match"] > 0
    assert told["supplemented"] > 0
    assert told["refused"] > 0
    assert told["returned_by_bank"] > 0
    assert told["total"]["person_times"] > told["total"]["people"]
    assert {one["published"]["until"] for one in told["cut_offs"]} == {"2022-07-31", "2023-02-22", ""}


def test_every_message_was_queued_once_and_sent_once(year: PlayedYear) -> None:
    queued = [event for _, event in asyncio.run(recorded(year.stack.gateway, "notify", MessageQueued))]
    sent = [event for _, event in asyncio.run(recorded(year.stack.gateway, "notify", MessageSent))]
    assert max(Counter(one.message_id for one in queued).values()) == 1
    assert max(Counter(one.message_id for one in sent).values()) == 1
    assert len(sent) > MEMBERS / 100


def test_nothing_is_parked(year: PlayedYear) -> None:
    for service in year.stack.gateway.state["services"]:
        assert year.stack.gateway.status(service)["parked"] == 0, service


def test_a_second_year_on_the_same_machine_is_refused(year: PlayedYear) -> None:
    again = year.stack.huzhu("demo", "--year", "--members", str(MEMBERS), "--detach", check=False)
    assert again.returncode == 1
    assert "empty machine" in again.stderr
