"""Events of enrolment: quotas, the states of a batch, confirmations."""

from __future__ import annotations

from contracts.envelope import Event, Upcaster

EVENTS: dict[str, type[Event]] = {}
UPCASTERS: dict[str, Upcaster] = {}
