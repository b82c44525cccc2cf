"""Events of claims: settlements of the medical-insurance bureau and what became of each."""

from __future__ import annotations

from contracts.envelope import Event, Upcaster

EVENTS: dict[str, type[Event]] = {}
UPCASTERS: dict[str, Upcaster] = {}
