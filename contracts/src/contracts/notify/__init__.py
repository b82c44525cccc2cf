"""Everything that notify publishes."""

from contracts.envelope import Event, Upcaster
from contracts.notify import reaching, v1

EVENTS: dict[str, type[Event]] = {
    **v1.EVENTS,
    **reaching.EVENTS,
}
UPCASTERS: dict[str, Upcaster] = {
    **v1.UPCASTERS,
}
