"""Everything payments publishes: payouts, batches and bookings, and what is owed and not yet paid."""

from __future__ import annotations

from contracts.envelope import Event, Upcaster
from contracts.payments import fund, months, owing, v1

EVENTS: dict[str, type[Event]] = {**fund.EVENTS, **months.EVENTS, **owing.EVENTS, **v1.EVENTS}
UPCASTERS: dict[str, Upcaster] = {**fund.UPCASTERS, **months.UPCASTERS, **owing.UPCASTERS, **v1.UPCASTERS}
