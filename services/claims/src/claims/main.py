"""The composition root of claims."""

from chassis.runner import Service, run
from claims import api, inbox, projections, workers
from claims.settings import Settings
from contracts.catalog import CATALOG, PUBLISHERS

SERVICE = Service(
    name="claims",
    catalog=CATALOG,
    publishes=PUBLISHERS["claims"],
    routes=api.ROUTES,
    projections=projections.ALL,
    reactions=inbox.REACTIONS,
    sweeps=workers.SWEEPS,
    grants=frozenset({"health", "bank", "contact"}),
    settings=Settings,
)

if __name__ == "__main__":
    run(SERVICE)
