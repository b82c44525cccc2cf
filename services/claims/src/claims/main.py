"""The composition root of claims."""

from functools import partial

from chassis.runner import Service, run
from claims import api, inbox, projections
from claims.api.plans import PLANS
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
    background=(partial(importer.run, plans=PLANS),),
    grants=frozenset({"health", "bank", "contact"}),
    settings=Settings,
)

if __name__ == "__main__":
    run(SERVICE)
