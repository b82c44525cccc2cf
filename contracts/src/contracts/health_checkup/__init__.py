"""Everything that health-checkup publishes."""

from contracts.envelope import Event, Upcaster
from contracts.health_checkup import campaigns, lectures, quizzes, records, stops, v1

EVENTS: dict[str, type[Event]] = {
    **v1.EVENTS,
    **campaigns.EVENTS,
    **stops.EVENTS,
    **records.EVENTS,
    **lectures.EVENTS,
    **quizzes.EVENTS,
}
UPCASTERS: dict[str, Upcaster] = {
    **v1.UPCASTERS,
    **records.UPCASTERS,
}
