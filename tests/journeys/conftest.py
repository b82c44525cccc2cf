"""One running machine for all journeys; the main job has been done on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.journeys.stack import Stack

MEMBERS = 1_000


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything running, with traces written to a file."""
    folder = tmp_path_factory.mktemp("machine")
    machine = Stack(folder / "home", folder / "traces.jsonl")
    try:
        machine.start()
        yield machine
    finally:
        machine.stop()


@pytest.fixture(scope="session")
def told(stack: Stack) -> dict[str, Any]:
    """What the demonstration said about the main job."""
    result: dict[str, Any] = stack.last_json("demo", "--members", str(MEMBERS), "--detach", "--json")
    return result
