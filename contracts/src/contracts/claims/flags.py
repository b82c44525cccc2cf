"""Events of claims about signals of fraud or poor quality, which refuse nothing (domain 4.10)."""

from __future__ import annotations

from contracts.envelope import Event, Sealed, Upcaster


class ClaimFlagged(Event, frozen=True, kw_only=True):
    """A signal of fraud or poor quality on a claim (domain 4.10); it refuses nothing. Stream `flag-<claim>-<signal>`.

    `related` are the other claims it rests on, `filed_by` who filed the claim and so does not judge the flag.
    """

    flag_id: str
    claim_id: str
    signal: str
    person_id: str
    org_path: str
    filed_by: str
    related: tuple[str, ...]
    raised_on: str


class FlagCleared(Event, frozen=True, kw_only=True):
    """A person looked: there is an innocent explanation, in `note`. Stream `flag-<claim>-<signal>`."""

    flag_id: str
    note: Sealed | None
    by: str


class FlagConfirmed(Event, frozen=True, kw_only=True):
    """A person looked: the signal is right, and `note` says why. Stream `flag-<claim>-<signal>`."""

    flag_id: str
    note: Sealed | None
    by: str


EVENTS: dict[str, type[Event]] = {
    "claims.claim-flagged.v1": ClaimFlagged,
    "claims.flag-cleared.v1": FlagCleared,
    "claims.flag-confirmed.v1": FlagConfirmed,
}
UPCASTERS: dict[str, Upcaster] = {}
