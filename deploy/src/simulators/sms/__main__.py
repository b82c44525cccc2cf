"""Run the SMS simulator: HUZHU_PORT, HUZHU_SIMULATOR_DIR and the providers' secrets; on a loopback address only."""

from __future__ import annotations

import ipaddress
import os
import sys
from pathlib import Path

import uvicorn

from simulators.sms.app import make_app


def main() -> None:
    """Serve until told to stop."""
    host = os.environ.get("HUZHU_HOST", "127.0.0.1")
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        sys.exit(f"The SMS simulator listens on a loopback address only, not on {host}.")
    # Numbers and texts stand in its own file alone: no access log.
    secrets = {os.environ["HUZHU_SMS_KEY_ID"]: os.environ["HUZHU_SMS_KEY_SECRET"]}
    app = make_app(Path(os.environ["HUZHU_SIMULATOR_DIR"]), secrets, os.environ["HUZHU_WECHAT_APP_SECRET"])
    uvicorn.run(app, host=host, port=int(os.environ["HUZHU_PORT"]), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
