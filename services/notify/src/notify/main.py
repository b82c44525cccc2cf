"""Notify, put together."""

from chassis.runner import Service, run
from contracts.catalog import CATALOG
from contracts.notify import EVENTS
from notify import api, inbox, projections, workers
from notify.settings import Settings

SERVICE = Service(
    name="notify",
    catalog=CATALOG,
    publishes=EVENTS,
    routes=api.ROUTES,
    projections=projections.ALL,
    reactions=inbox.REACTIONS,
    workers=workers.WORKERS,
    sweeps=workers.SWEEPS,
    background=workers.BACKGROUND,
    grants=frozenset({"contact"}),
    settings=Settings,
)

if __name__ == "__main__":
    run(SERVICE)
