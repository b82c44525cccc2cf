"""Events of claims: versions of a plan and who signed them."""

from __future__ import annotations

from contracts.envelope import Event, Upcaster

EVENTS: dict[str, type[Event]] = {}
UPCASTERS: dict[str, Upcaster] = {}
