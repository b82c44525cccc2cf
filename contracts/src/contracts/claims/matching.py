"""Events of claims: settlements of the medical-insurance bureau and what became of each."""

from __future__ import annotations

from contracts.envelope import Event, Upcaster


class IncidentReleased(Event, frozen=True, kw_only=True):
    """The incident may be claimed anew: its claim was withdrawn, or its settlement taken back.

    Stream `entitlement-<plan>-<person>`. What was awarded stays taken from the caps: a recovery is not money that
    has come back.
    """

    plan_code: str
    person_id: str
    claim_id: str


EVENTS: dict[str, type[Event]] = {"claims.incident-released.v1": IncidentReleased}
UPCASTERS: dict[str, Upcaster] = {}
