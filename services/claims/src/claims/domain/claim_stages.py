"""The stages of a claim and what each remembers: the state that every decision about it starts from."""

from __future__ import annotations

from dataclasses import dataclass, replace

from claims.domain.reviews import HEAD_APPROVAL, OFFICE_RECHECK, OFFICE_REVIEW
from contracts.claims.v1 import (
    BenefitLine,
    ClaimApproved,
    ClaimAssessed,
    ClaimFiled,
    ClaimForwarded,
    ClaimPaid,
    ClaimRechecked,
    ClaimRejected,
    PaymentFailed,
    PayoutArrived,
    SpecialDecisionMade,
)

# State: one class per stage


@dataclass(frozen=True)
class Absent:
    """Nothing was filed under this id."""


@dataclass(frozen=True)
class Hands:
    """Who did what: the filer, and the reviews passed as (step, actor)."""

    filer: str
    reviews: tuple[tuple[str, str], ...] = ()

    def after(self, step: str, by: str) -> Hands:
        """With one more review passed."""
        return replace(self, reviews=(*self.reviews, (step, by)))

    def before_office(self) -> Hands:
        """With the union's reviews only: a new assessment voids the office's earlier ones."""
        office = (OFFICE_REVIEW, OFFICE_RECHECK, HEAD_APPROVAL)
        return replace(self, reviews=tuple(entry for entry in self.reviews if entry[0] not in office))

    def all(self) -> tuple[str, ...]:
        """Everyone, once, in order of appearance."""
        return tuple(dict.fromkeys((self.filer, *(by for _, by in self.reviews))))


@dataclass(frozen=True)
class AtUnion:
    """Waits for a union level, `step`."""

    filed: ClaimFiled
    hands: Hands
    step: str


@dataclass(frozen=True)
class AtOffice:
    """Waits for the office's first review."""

    filed: ClaimFiled
    hands: Hands


@dataclass(frozen=True)
class Assessed:
    """Judged by the rules; waits for `step`: a recheck, or, with nothing payable, a refusal or special decision."""

    filed: ClaimFiled
    hands: Hands
    assessed: ClaimAssessed
    special: tuple[BenefitLine, ...]
    step: str


@dataclass(frozen=True)
class Rechecked:
    """A second pair of eyes agreed; waits for the head of the office."""

    filed: ClaimFiled
    hands: Hands
    assessed: ClaimAssessed
    special: tuple[BenefitLine, ...]


@dataclass(frozen=True)
class Approved:
    """Granted; its payouts arrive or come back. `arrived` by payout; `failed` are (payout, attempt)."""

    approved: ClaimApproved
    arrived: tuple[PayoutArrived, ...] = ()
    failed: frozenset[tuple[str, int]] = frozenset()

    def without(self, payout_id: str, attempt: int) -> Approved:
        """After an attempt came back."""
        left = tuple(one for one in self.arrived if one.payout_id != payout_id)
        return replace(self, arrived=left, failed=self.failed | {(payout_id, attempt)})


@dataclass(frozen=True)
class Paid:
    """All of it has arrived; a bank may still send a payout back afterwards."""

    granted: Approved


@dataclass(frozen=True)
class Refused:
    """Refused with a reason code of domain 4.7."""

    filed: ClaimFiled
    reason: str


Claim = Absent | AtUnion | AtOffice | Assessed | Rechecked | Approved | Paid | Refused
ClaimEvent = (
    ClaimFiled
    | ClaimForwarded
    | ClaimAssessed
    | SpecialDecisionMade
    | ClaimRechecked
    | ClaimApproved
    | ClaimRejected
    | PayoutArrived
    | PaymentFailed
    | ClaimPaid
)


def evolve(claim: Claim, event: ClaimEvent) -> Claim:
    """Fold one event; an event that does not fit the stage cannot have been recorded."""
    match event, claim:
        case ClaimFiled(), _:
            return _waiting(event, Hands(event.by), event.steps[0])
        case ClaimForwarded(), AtUnion(filed, hands):
            return _waiting(filed, hands.after(event.step, event.by), event.next_step)
        case ClaimAssessed(), AtOffice(filed, hands) | Assessed(filed, hands) | Rechecked(filed, hands):
            hands = hands.before_office().after(OFFICE_REVIEW, event.by)
            return Assessed(filed, hands, event, (), event.next_step)
        case SpecialDecisionMade(), Assessed():
            hands = claim.hands.after(HEAD_APPROVAL, event.by)
            return replace(claim, hands=hands, special=(*claim.special, event.line), step=event.next_step)
        case ClaimRechecked(), Assessed(filed, hands, assessed, special):
            return Rechecked(filed, hands.after(OFFICE_RECHECK, event.by), assessed, special)
        case ClaimApproved(), _:
            return Approved(event)
        case ClaimRejected(), AtOffice(filed) | Assessed(filed) | Rechecked(filed):
            return Refused(filed, event.reason)
        case PayoutArrived(), Approved():
            return replace(claim, arrived=(*claim.arrived, event))
        case PaymentFailed(), Approved() | Paid(Approved()):
            granted = claim.granted if isinstance(claim, Paid) else claim
            return granted.without(event.payout_id, event.attempt)
        case ClaimPaid(), Approved():
            return Paid(claim)
        case _:
            raise ValueError(f"{type(event).__name__} after {type(claim).__name__}")


def _waiting(filed: ClaimFiled, hands: Hands, step: str) -> Claim:
    return AtOffice(filed, hands) if step == OFFICE_REVIEW else AtUnion(filed, hands, step)
