"""The composition root of claims."""

from functools import partial

from chassis.files.retention import discarding
from chassis.runner import Service, run
from claims import api, inbox, projections
from claims.api.plans import PLANS
from claims.intake import importer, kept
from claims.settings import Settings
from contracts.catalog import CATALOG, PUBLISHERS

SERVICE = Service(
    name="claims",
    catalog=CATALOG,
    publishes=PUBLISHERS["claims"],
    routes=api.ROUTES,
    projections=projections.ALL,
    reactions=inbox.REACTIONS,
    background=(partial(importer.run, plans=PLANS), discarding(kept.FOLDER, kept.vault_of)),
    grants=frozenset({"health", "bank", "contact"}),
    settings=Settings,
)

if __name__ == "__main__":
    run(SERVICE)
