"""Everything that enrolment publishes."""

from contracts.enrolment import batches, people, v1
from contracts.envelope import Event, Upcaster

EVENTS: dict[str, type[Event]] = {
    **v1.EVENTS,
    **batches.EVENTS,
    **people.EVENTS,
}
UPCASTERS: dict[str, Upcaster] = {
    **v1.UPCASTERS,
    **batches.UPCASTERS,
    **people.UPCASTERS,
}
