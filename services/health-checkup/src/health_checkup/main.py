"""Health-checkup, put together."""

from chassis.files.retention import discarding
from chassis.runner import Service, run
from contracts.catalog import CATALOG
from contracts.health_checkup import EVENTS
from health_checkup import api, projections, workers
from health_checkup.api import reports
from health_checkup.settings import Settings

SERVICE = Service(
    name="health_checkup",
    catalog=CATALOG,
    publishes=EVENTS,
    routes=api.ROUTES,
    projections=projections.ALL,
    sweeps=workers.SWEEPS,
    background=(discarding(reports.FOLDER, reports.vault_of),),
    grants=frozenset({"health"}),
    settings=Settings,
)

if __name__ == "__main__":
    run(SERVICE)
