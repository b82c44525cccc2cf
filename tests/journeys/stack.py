"""Everything running as `huzhu up` runs it, in a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from huzhu.demo.gateway import Gateway
from huzhu.runner.home import Home
from huzhu.runner.postgres import Postgres

START_S_MAX = 180
COMMAND_S_MAX = 300


@dataclass
class Stack:
    """A running machine: its home, its gateway, its command line."""

    root: Path
    trace_file: Path
    gateway: Gateway = field(init=False)

    def huzhu(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run one command of the command line against this machine."""
        done = subprocess.run(
            [sys.executable, "-m", "huzhu", *arguments],
            env={**os.environ, "HUZHU_HOME": str(self.root), "HUZHU_TRACE_FILE": str(self.trace_file)},
            capture_output=True,
            text=True,
            timeout=COMMAND_S_MAX,
            check=False,
        )
        if check:
            assert done.returncode == 0, f"huzhu {' '.join(arguments)}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done

    def last_json(self, *arguments: str) -> Any:
        """The JSON object of a command's last line."""
        return json.loads(self.huzhu(*arguments).stdout.strip().splitlines()[-1])

    def start(self) -> None:
        """Start everything and wait until it is ready."""
        self.huzhu("up", "--detach")
        self.gateway = Gateway(Home(self.root))

    def stop(self) -> None:
        """Stop everything."""
        if hasattr(self, "gateway"):
            self.gateway.close()
        self.huzhu("down")
        Postgres(self.root).destroy()
