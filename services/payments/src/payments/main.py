"""Payments as a process: its rooms put together."""

from __future__ import annotations

from chassis.runner import Service, run
from contracts.catalog import CATALOG, PUBLISHERS
from payments import api, inbox, projections, workers
from payments.settings import Settings

SERVICE = Service(
    name="payments",
    catalog=CATALOG,
    publishes=PUBLISHERS["payments"],
    routes=api.ROUTES,
    projections=projections.ALL,
    reactions=inbox.REACTIONS,
    workers=workers.WORKERS,
    sweeps=workers.SWEEPS,
    background=workers.BACKGROUND,
    grants=frozenset({"bank"}),
    settings=Settings,
)

if __name__ == "__main__":
    run(SERVICE)
