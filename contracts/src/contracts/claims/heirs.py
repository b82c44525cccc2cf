"""Events of claims about who speaks for a member: heirs, and whoever reports a case by telephone."""

from __future__ import annotations

from contracts.envelope import Event, Sealed, Upcaster, Value


class Heir(Value, frozen=True, kw_only=True):
    """A claimant or heir of domain 4.6. `payee_id` is "" for one who waived; shares of all sum to exactly 100.

    `guarded`: a minor or incapable person, paid to a guardian's account.
    """

    heir_id: str
    relation: str
    payee_id: str
    share_percent: int
    waived: bool
    guarded: bool


class HeirsListed(Event, frozen=True, kw_only=True):
    """All heirs of the order that inherits, with their shares (domain 4.6). Stream `heirs-<claim id>`.

    `division` EQUAL_SHARES, AGREEMENT or BENEFICIARY; `documents` the kinds of claimants' papers handed in. A later
    list replaces this one.
    """

    claim_id: str
    heirs: tuple[Heir, ...]
    division: str
    disputed: bool
    documents: tuple[str, ...]
    by: str


class ClaimPhoned(Event, frozen=True, kw_only=True):
    """A death or urgent claim was opened by telephone (domain 4.9). Stream `phone_call-<claim id>`.

    `informant` is a sealed Contact of somebody with a random id; `cause` names why it is urgent; `needs` are the
    papers to follow until `due_on`.
    """

    claim_id: str
    person_id: str
    org_path: str
    informant_id: str
    informant: Sealed
    relation: str
    cause: str
    needs: tuple[str, ...]
    due_on: str
    by: str


EVENTS: dict[str, type[Event]] = {
    "claims.heirs-listed.v1": HeirsListed,
    "claims.claim-phoned.v1": ClaimPhoned,
}
UPCASTERS: dict[str, Upcaster] = {}
