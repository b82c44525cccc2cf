"""Where each service's log and read models lie, and who may look at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

from chassis.projections import Projection
from huzhu.runner import roles
from huzhu.runner.addresses import in_database
from huzhu.runner.home import Home
from huzhu.runner.machine import SERVICES

AUDITOR = "auditor"


@dataclass(frozen=True)
class Place:
    """One service: its read models, and the addresses of its log and of its live tables."""

    service: str
    projections: tuple[Projection, ...]
    log_url: str
    """The auditor's address: the migrations grant it the log and nothing that could change it."""
    live_url: str
    """The administrator's: read models belong to their service and are granted to nobody else."""


def places(home: Home, admin: str, services: Sequence[str] = SERVICES) -> list[Place]:
    """Every service, with the read models that it lists."""
    databases = roles.services()
    return [
        Place(
            service,
            tuple(import_module(f"{service}.projections").ALL),
            roles.url_for(admin, databases[service], AUDITOR, home.password(f"postgres-{AUDITOR}")),
            in_database(admin, databases[service]),
        )
        for service in services
    ]
