"""Health-checkup, put together."""

from chassis.runner import Service, run
from contracts.catalog import CATALOG
from contracts.health_checkup.v1 import EVENTS
from health_checkup import api, projections
from health_checkup.settings import Settings

SERVICE = Service(
    name="health_checkup",
    catalog=CATALOG,
    publishes=EVENTS,
    routes=api.ROUTES,
    projections=projections.ALL,
    grants=frozenset({"health"}),
    settings=Settings,
)

if __name__ == "__main__":
    run(SERVICE)
