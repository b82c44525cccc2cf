"""Everything payments publishes: payouts, batches and bookings."""

from __future__ import annotations

from contracts.envelope import Event, Upcaster
from contracts.payments import v1

EVENTS: dict[str, type[Event]] = {**v1.EVENTS}
UPCASTERS: dict[str, Upcaster] = {**v1.UPCASTERS}
