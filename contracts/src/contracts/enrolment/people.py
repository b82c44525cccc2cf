"""Events of enrolment: what changes about a person, consent, restriction and erasure."""

from __future__ import annotations

from contracts.envelope import Event, Upcaster

EVENTS: dict[str, type[Event]] = {}
UPCASTERS: dict[str, Upcaster] = {}
