"""The bank simulator as a process of its own, on a free port, ended with the test."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from payments.bank.formats import FORMATS
from payments.domain.instruction import CreditTransfer, PaymentOrder

START_TIMEOUT_S = 20.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_bank(folder: Path, port: int = 0, clock_file: Path | None = None) -> Iterator[str]:
    """Its business time is that of `clock_file`, or the machine's; killed at the end, its folder stays."""
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    env = {**os.environ, "HUZHU_PORT": str(port), "HUZHU_SIMULATOR_DIR": str(folder)}
    env.pop("HUZHU_CLOCK_FILE", None)
    if clock_file:
        env["HUZHU_CLOCK_FILE"] = str(clock_file)
    process = subprocess.Popen([sys.executable, "-m", "simulators.bank"], env=env, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                httpx.get(f"{url}/healthz", timeout=1.0).raise_for_status()
                break
            except httpx.HTTPError:
                assert process.poll() is None, "The bank simulator ended while starting."
                assert time.monotonic() < until, "The bank simulator did not answer in time."
                time.sleep(0.05)
        yield url
    finally:
        process.kill()
        process.wait()


def order(batch_id: str, *payments: tuple[str, int, str]) -> PaymentOrder:
    transfers = tuple(
        CreditTransfer(end_to_end_id, "2022-0001", amount_fen, "name", "622848000000" + suffix)
        for end_to_end_id, amount_fen, suffix in payments
    )
    return PaymentOrder(
        batch_id, "f" * 32, "debtor", "main", "bank", "2022-06-01", "2022-06-01T01:00:00.000000Z", transfers
    )


def batch_file(batch_id: str, *payments: tuple[str, int, str], spoken: str = "iso20022") -> dict[str, Any]:
    """What `httpx` posts: end-to-end id, fen, last six digits of the card."""
    form = FORMATS[spoken]
    return {
        "content": form.written(order(batch_id, *payments)),
        "headers": {"Content-Type": form.media_type, "Accept": form.media_type},
    }
