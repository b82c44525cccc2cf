"""The composition root of enrolment."""

from chassis.runner import Service, run
from contracts.catalog import CATALOG
from contracts.enrolment import v1 as events
from enrolment import api, projections
from enrolment.intake import importer
from enrolment.settings import Settings

SERVICE = Service(
    name="enrolment",
    catalog=CATALOG,
    publishes=events.EVENTS,
    routes=api.ROUTES,
    projections=projections.ALL,
    background=(importer.run,),
    grants=frozenset({"identity", "contact"}),
    settings=Settings,
)

if __name__ == "__main__":
    run(SERVICE)
