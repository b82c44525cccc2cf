"""The one list of all publishers: which events exist, for the codec, the schemas and the streams."""

from __future__ import annotations

from contracts import claims, enrolment, health_checkup, notify, payments
from contracts.envelope import Catalog, Event, Upcaster

PUBLISHERS: dict[str, dict[str, type[Event]]] = {
    "enrolment": enrolment.EVENTS,
    "claims": claims.EVENTS,
    "payments": payments.EVENTS,
    "notify": notify.EVENTS,
    "health_checkup": health_checkup.EVENTS,
}
UPCASTERS: dict[str, Upcaster] = {
    **enrolment.UPCASTERS,
    **claims.UPCASTERS,
    **payments.UPCASTERS,
    **notify.UPCASTERS,
    **health_checkup.UPCASTERS,
}
CATALOG = Catalog({wire: cls for events in PUBLISHERS.values() for wire, cls in events.items()}, UPCASTERS)
"""The catalogue of the whole platform."""
