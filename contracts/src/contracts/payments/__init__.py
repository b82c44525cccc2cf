"""Everything payments publishes: payouts, batches and bookings, and what is owed and not yet paid."""

from __future__ import annotations

from contracts.envelope import Event, Upcaster
from contracts.payments import owing, v1

EVENTS: dict[str, type[Event]] = {**v1.EVENTS, **owing.EVENTS}
UPCASTERS: dict[str, Upcaster] = {**v1.UPCASTERS, **owing.UPCASTERS}
