"""Everything that health-checkup publishes."""

from contracts.envelope import Event, Upcaster
from contracts.health_checkup import records, v1

EVENTS: dict[str, type[Event]] = {
    **v1.EVENTS,
    **records.EVENTS,
}
UPCASTERS: dict[str, Upcaster] = {
    **v1.UPCASTERS,
    **records.UPCASTERS,
}
