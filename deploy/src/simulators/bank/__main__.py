"""Run the bank simulator: HUZHU_PORT, HUZHU_SIMULATOR_DIR, HUZHU_CLOCK_FILE; on the loopback address only."""

from __future__ import annotations

import ipaddress
import os
import sys
from pathlib import Path

import uvicorn

from chassis.clock import Clock, SteeredClock, SystemClock
from simulators.bank.app import make_app


def main() -> None:
    """Serve until told to stop."""
    host = os.environ.get("HUZHU_HOST", "127.0.0.1")
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        sys.exit(f"The bank simulator listens on a loopback address only, not on {host}.")
    clock_file = os.environ.get("HUZHU_CLOCK_FILE")
    clock: Clock = SteeredClock(Path(clock_file)) if clock_file else SystemClock()
    app = make_app(Path(os.environ["HUZHU_SIMULATOR_DIR"]), clock)
    uvicorn.run(app, host=host, port=int(os.environ["HUZHU_PORT"]), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
