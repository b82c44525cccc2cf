"""The tables of deploy/ and the services themselves say the same."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from huzhu.runner import broker, roles
from huzhu.runner.machine import PROGRAMS, SERVICES


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_granted_exactly_the_categories_it_asks_for(name: str) -> None:
    service: Any = import_module(f"{name}.main").SERVICE
    assert service.name == name
    assert set(roles.table()[roles.KEYRING]["grants"][f"keyring_{name}"]["opens"]) == service.grants


@pytest.mark.parametrize("name", SERVICES)
def test_every_worker_has_its_durable_consumer(name: str) -> None:
    service: Any = import_module(f"{name}.main").SERVICE
    subjects = {event: subject for subject, event in service.publishes.items()}
    wanted = {worker.name: (name.upper(), subjects[worker.event]) for worker in service.workers}
    made = {
        entry["config"]["durable_name"]: (entry["stream"], entry["config"]["filter_subject"])
        for entry in broker.durables(name)
    }
    assert made == wanted


def test_every_table_names_the_same_services() -> None:
    assert set(broker.accounts_table()["services"]) == set(SERVICES) == set(roles.services())
    assert set(broker.streams_table()["streams"]) == {service.upper() for service in SERVICES}


def test_every_program_of_the_table_is_installed() -> None:
    assert [program.name for program in PROGRAMS if program.missing] == []
