"""Everything payments publishes: payouts, batches, bookings, what is owed, and what the bank says."""

from __future__ import annotations

from contracts.envelope import Event, Upcaster
from contracts.payments import bank, fund, months, owing, v1

EVENTS: dict[str, type[Event]] = {**bank.EVENTS, **fund.EVENTS, **months.EVENTS, **owing.EVENTS, **v1.EVENTS}
UPCASTERS: dict[str, Upcaster] = {
    **bank.UPCASTERS,
    **fund.UPCASTERS,
    **months.UPCASTERS,
    **owing.UPCASTERS,
    **v1.UPCASTERS,
}
