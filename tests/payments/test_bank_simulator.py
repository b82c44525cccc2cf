"""The bank simulator books what it is asked, once a batch, and misbehaves exactly as told."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from payments.bank.iso20022 import read_message, read_receipt
from payments.bank.port import Line
from simulators.bank.book import CARD_SUFFIXES

from .bank import batch_file, free_port, running_bank

GOOD = "123456"


@pytest.fixture(scope="module")
def bank_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_bank(tmp_path_factory.mktemp("bank")) as url:
        yield url


@pytest.fixture
def bank(bank_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=bank_url, timeout=5.0, headers={"Accept": "application/xml"}) as client:
        client.post("/behaviour/reset").raise_for_status()
        yield client


def outcomes(bank: httpx.Client, end_to_end_id: str) -> list[str]:
    return [line.outcome for line in told(bank, f"/payments/{end_to_end_id}")]


def told(bank: httpx.Client, path: str) -> list[Line]:
    """The lines of every document that the bank gives."""
    messages = bank.get(path).json()["messages"]
    return [line for one in messages for line in read_message(one["kind"], one["document"].encode())]


def receipt(answer: httpx.Response) -> str:
    return read_receipt(answer.content)


def hits(bank: httpx.Client, kind: str) -> int:
    return sum(fault["hits"] for fault in bank.get("/behaviour").json() if fault["kind"] == kind)


def test_a_batch_sent_twice_is_booked_once(bank: httpx.Client) -> None:
    first = bank.post("/batches", **batch_file("b-twice", ("e-twice", 5, GOOD)))
    second = bank.post("/batches", **batch_file("b-twice", ("e-twice", 5, GOOD)))
    assert receipt(first) == receipt(second)
    assert bank.get("/ledger").json()["e-twice"] == {"bookings": 1, "booked_fen": 5, "returned_fen": 0}


def test_a_batch_id_with_other_content_is_refused(bank: httpx.Client) -> None:
    bank.post("/batches", **batch_file("b-other", ("e-other", 5, GOOD))).raise_for_status()
    assert bank.post("/batches", **batch_file("b-other", ("e-other", 6, GOOD))).status_code == 409


def test_the_oracle_shows_a_payment_sent_in_two_batches(bank: httpx.Client) -> None:
    for batch_id in ("b-naive-1", "b-naive-2"):
        bank.post("/batches", **batch_file(batch_id, ("e-naive", 5, GOOD))).raise_for_status()
    assert bank.get("/ledger").json()["e-naive"]["bookings"] == 2


def test_control_totals_must_agree(bank: httpx.Client) -> None:
    file = batch_file("b-total", ("e-total", 5, GOOD))
    wrong = {**file, "content": file["content"].replace(b"<CtrlSum>0.05", b"<CtrlSum>0.06", 1)}
    assert bank.post("/batches", **wrong).status_code == 422


@pytest.mark.parametrize(("suffix", "reason"), CARD_SUFFIXES.items())
def test_a_documented_card_suffix_is_refused_with_its_reason(bank: httpx.Client, suffix: str, reason: str) -> None:
    bank.post("/batches", **batch_file(f"b-{suffix}", (f"e-{suffix}", 5, suffix))).raise_for_status()
    (line,) = told(bank, f"/payments/e-{suffix}")
    assert (line.outcome, line.reason) == ("REJECTED", reason)
    assert f"e-{suffix}" not in bank.get("/ledger").json()


def test_messages_are_numbered_without_a_gap_and_go_on_after_one(bank: httpx.Client) -> None:
    before = len(bank.get("/messages").json()["messages"])
    bank.post("/batches", **batch_file("b-line", ("e-line-1", 5, GOOD), ("e-line-2", 6, GOOD))).raise_for_status()
    messages = bank.get("/messages", params={"after": before}).json()["messages"]
    assert [one["number"] for one in messages] == [before + 1]
    assert [line.end_to_end_id for line in told(bank, f"/messages?after={before}")] == ["e-line-1", "e-line-2"]


def test_a_lost_reply_has_been_booked(bank: httpx.Client) -> None:
    bank.post("/behaviour", json={"kind": "drop_reply", "matches": "e-lost"}).raise_for_status()
    with pytest.raises(httpx.TransportError):
        bank.post("/batches", **batch_file("b-lost", ("e-lost", 5, GOOD)))
    assert hits(bank, "drop_reply") == 1
    assert bank.get("/batches/blost").status_code == 200
    assert bank.get("/ledger").json()["e-lost"]["bookings"] == 1


def test_a_bank_that_is_down_books_nothing(bank: httpx.Client) -> None:
    bank.post("/behaviour", json={"kind": "down", "times": 2}).raise_for_status()
    file = batch_file("b-down", ("e-down", 5, GOOD))
    assert [bank.post("/batches", **file).status_code for _ in range(3)] == [503, 503, 201]
    assert bank.get("/ledger").json()["e-down"]["bookings"] == 1


def test_results_are_duplicated_contradicted_and_returned_on_demand(bank: httpx.Client) -> None:
    for kind in ("duplicate", "contradict", "return_after_booking", "reverse", "silent", "lose"):
        bank.post("/behaviour", json={"kind": kind, "matches": f"e-{kind}"}).raise_for_status()
        bank.post("/batches", **batch_file(f"b-{kind}", (f"e-{kind}", 5, GOOD))).raise_for_status()
    assert outcomes(bank, "e-duplicate") == ["BOOKED", "BOOKED"]
    assert outcomes(bank, "e-contradict") == ["BOOKED", "REJECTED"]
    assert outcomes(bank, "e-return_after_booking") == ["BOOKED", "RETURNED"]
    assert outcomes(bank, "e-reverse") == ["BOOKED", "REVERSED"]
    assert outcomes(bank, "e-silent") == outcomes(bank, "e-lose") == []
    ledger = bank.get("/ledger").json()
    assert ledger["e-return_after_booking"]["returned_fen"] == ledger["e-reverse"]["returned_fen"] == 5
    assert ledger["e-silent"]["bookings"] == 1
    assert "e-lose" not in ledger


def test_a_late_result_appears_later_and_at_the_end_of_the_statement(bank: httpx.Client) -> None:
    bank.post("/behaviour", json={"kind": "delay", "matches": "e-late", "delay_ms": 300}).raise_for_status()
    bank.post("/batches", **batch_file("b-late", ("e-late", 5, GOOD), ("e-prompt", 5, GOOD))).raise_for_status()
    assert outcomes(bank, "e-late") == []
    assert outcomes(bank, "e-prompt") == ["BOOKED"]
    until = time.monotonic() + 5
    while not outcomes(bank, "e-late"):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert told(bank, "/messages")[-1].end_to_end_id == "e-late"


def test_the_bank_remembers_across_a_kill(tmp_path: Path) -> None:
    file = batch_file("b-kill", ("e-kill", 5, GOOD))
    with running_bank(tmp_path) as url:
        first = receipt(httpx.post(f"{url}/batches", **file, timeout=5.0))
    with running_bank(tmp_path) as url:
        assert receipt(httpx.post(f"{url}/batches", **file, timeout=5.0)) == first
        assert httpx.get(f"{url}/ledger", timeout=5.0).json()["e-kill"]["bookings"] == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "localhost.example"])  # noqa: S104  the addresses it must refuse
def test_it_refuses_to_listen_beyond_the_machine(tmp_path: Path, host: str) -> None:
    env = {**os.environ, "HUZHU_HOST": host, "HUZHU_PORT": str(free_port()), "HUZHU_SIMULATOR_DIR": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-m", "simulators.bank"], env=env, capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == 1
    assert "loopback" in ended.stderr
