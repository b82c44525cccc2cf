"""The composition root of claims."""

from functools import partial

from chassis.runner import Service, run
from claims import api, inbox, projections, workers
from claims.api.plans import DIGESTS, PLANS
from claims.intake import importer
from claims.settings import Settings
from contracts.catalog import CATALOG, PUBLISHERS

SERVICE = Service(
    name="claims",
    catalog=CATALOG,
    publishes=PUBLISHERS["claims"],
    routes=api.ROUTES,
    projections=projections.ALL,
    reactions=inbox.REACTIONS,
    workers=workers.WORKERS,
    sweeps=workers.SWEEPS,
    background=(partial(importer.run, plans=PLANS, digests=DIGESTS), *workers.BACKGROUND),
    grants=frozenset({"identity", "health", "bank", "contact"}),
    settings=Settings,
)

if __name__ == "__main__":
    run(SERVICE)
