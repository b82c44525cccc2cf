"""The composition root of enrolment."""

from chassis.files.retention import discarding
from chassis.runner import Service, run
from contracts.catalog import CATALOG, PUBLISHERS
from enrolment import api, projections, workers
from enrolment.intake import importer, index, kept
from enrolment.settings import Settings

SERVICE = Service(
    name="enrolment",
    catalog=CATALOG,
    publishes=PUBLISHERS["enrolment"],
    routes=api.ROUTES,
    projections=projections.ALL,
    workers=workers.WORKERS,
    sweeps=workers.SWEEPS,
    background=(importer.run, index.run, discarding(kept.FOLDER, kept.vault_of)),
    grants=frozenset({"identity", "contact"}),
    settings=Settings,
)

if __name__ == "__main__":
    run(SERVICE)
