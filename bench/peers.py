"""Where the peers from npm are found, and why one is missing when it is."""

import json
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
NODE_MODULES = HERE / "node_modules"
SCRIPT = HERE / "emmett.mjs"
INSTALL_TIMEOUT_S = 180
FOLDERS = {
    "emmett-postgresql": NODE_MODULES / "@event-driven-io" / "emmett-postgresql",
    "message-db": NODE_MODULES / "@eventide" / "message-db",
}


def install() -> str:
    """Install the locked npm packages unless they are there; return why that failed, or an empty string."""
    if all(folder.exists() for folder in FOLDERS.values()):
        return ""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed"
    try:
        done = subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund"],
            cwd=HERE,
            capture_output=True,
            text=True,
            timeout=INSTALL_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"npm ci took longer than {INSTALL_TIMEOUT_S} s"
    if done.returncode == 0:
        return ""
    lines = done.stderr.strip().splitlines()
    return f"npm ci failed: {lines[-1] if lines else done.returncode}"


def missing(package: str, install_error: str) -> str:
    """Why this package cannot be measured; an empty string when it can."""
    if package == "emmett-postgresql" and shutil.which("node") is None:
        return "node is not installed"
    if FOLDERS[package].exists():
        return ""
    return install_error or f"{package} is not in bench/node_modules (run npm ci in bench/)"


def pinned() -> dict[str, str]:
    """The versions of the npm peers, as package.json pins them."""
    dependencies: dict[str, str] = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["dependencies"]
    return dependencies
