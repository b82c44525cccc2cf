"""The files of the checkout, as git lists them."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
GIT_TIMEOUT_S = 20
SERVICES = sorted(path.name for path in (REPOSITORY / "services").iterdir() if (path / "pyproject.toml").exists())


@cache
def committed() -> tuple[Path, ...]:
    """Every file that git lists and that is there, relative to the root; the test is skipped outside a checkout."""
    command = ["git", "-C", str(REPOSITORY), "ls-files", "-z"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=GIT_TIMEOUT_S, check=False)
    if done.returncode:
        pytest.skip(f"not a git checkout: {done.stderr.strip()}")
    return tuple(Path(name) for name in done.stdout.split("\0") if name and (REPOSITORY / name).is_file())


@cache
def text(path: Path) -> str:
    """A file's text; what is no text reads as nothing."""
    try:
        return (REPOSITORY / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def python() -> tuple[Path, ...]:
    """Every committed Python file."""
    return tuple(path for path in committed() if path.suffix == ".py")


@cache
def parsed(path: Path) -> ast.Module:
    """A Python file as its syntax tree."""
    return ast.parse(text(path), str(path))


def package(service: str) -> Path:
    """The folder of a service's package, relative to the root."""
    return Path("services") / service / "src" / service.replace("-", "_")
