"""Events of claims: papers handed in, what was read from them, what the member confirmed."""

from __future__ import annotations

from contracts.envelope import Event, Upcaster

EVENTS: dict[str, type[Event]] = {}
UPCASTERS: dict[str, Upcaster] = {}
