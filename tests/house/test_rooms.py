"""Knowing one service is knowing all: the same rooms, and every event says where it lives."""

from __future__ import annotations

import pytest

from contracts.catalog import CATALOG
from tests.house.tree import REPOSITORY, SERVICES, package, text

ROOMS = {"domain", "projections", "api", "settings", "main"}
ROOMS_AS_NEEDED = {"inbox", "workers"}
ROOMS_OF_ITS_OWN = {
    "enrolment": {"intake"},
    "claims": {"intake", "papers"},
    "health-checkup": {"seating"},
    "payments": {"bank"},
}
"""Reading a large file or a picture, giving seats in bulk, or speaking with a bank, is neither HTTP nor a rule."""
MATTER = {".json"}
"""A folder may hold plans, packages or templates: data of the programme, no code."""


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_its_page_and_its_package(service: str) -> None:
    for name in ("README.md", "pyproject.toml"):
        assert (REPOSITORY / "services" / service / name).stat().st_size > 0


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_the_rooms_and_no_other(service: str) -> None:
    folder = REPOSITORY / package(service)
    rooms = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    rooms -= {"__init__"}
    assert rooms >= ROOMS
    assert rooms - ROOMS <= ROOMS_AS_NEEDED | ROOMS_OF_ITS_OWN.get(service, set())
    for room in ("domain", "projections"):
        assert (folder / room).is_dir()
    for path in folder.iterdir():
        if path.is_dir() and path.name not in rooms | {"__pycache__"}:
            assert {one.suffix for one in path.iterdir()} == MATTER, f"{path.name} holds more than data"


@pytest.mark.parametrize("service", SERVICES)
def test_every_module_of_a_service_says_its_purpose(service: str) -> None:
    for path in (REPOSITORY / package(service)).rglob("*.py"):
        assert path.name == "__init__.py" or path.read_text(encoding="utf-8").startswith('"""'), path


@pytest.mark.parametrize("wire", sorted(CATALOG.events))
def test_an_event_says_in_which_stream_it_lives(wire: str) -> None:
    assert "Stream `" in (CATALOG.events[wire].__doc__ or "")


@pytest.mark.parametrize("wire", sorted(CATALOG.events))
def test_an_event_is_never_called_updated(wire: str) -> None:
    assert "Updated" not in CATALOG.events[wire].__name__
    assert "updated" not in wire


def test_the_committed_tree_has_no_empty_room() -> None:
    for service in SERVICES:
        for room in ("inbox.py", "workers.py"):
            path = package(service) / room
            assert not (REPOSITORY / path).exists() or len(text(path).splitlines()) > 1
