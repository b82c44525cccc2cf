"""What every decision about a claim asks first: is it still open, at which step, whose hands were on it."""

from __future__ import annotations

from chassis.decider import Rejected
from claims.domain.claim_stages import (
    Absent,
    Approved,
    Assessed,
    AtOffice,
    AtUnion,
    AwaitingPapers,
    Claim,
    ClosedIncomplete,
    Hands,
    Objected,
    Paid,
    Rechecked,
    Refused,
    Undecided,
    Withdrawn,
)
from claims.domain.reviews import HEAD_APPROVAL, OFFICE_REVIEW, REFUSAL


def undecided(claim: Claim) -> Undecided:
    """The claim at a review. Raises Rejected claim-unknown, papers-awaited, claim-closed."""
    match claim:
        case AtUnion() | AtOffice() | Assessed() | Rechecked():
            return claim
        case AwaitingPapers():
            raise papers_awaited()
        case Absent():
            raise unknown()
        case ClosedIncomplete() | Withdrawn() | Approved() | Paid() | Refused() | Objected():
            raise closed()


def undecided_or_waiting(claim: Claim) -> Undecided:
    """The claim at a review, or at the one that it comes back to. Raises Rejected claim-unknown, claim-closed."""
    return claim.waiting if isinstance(claim, AwaitingPapers) else undecided(claim)


def step_of(claim: Undecided) -> str:
    """The step that the claim waits at."""
    match claim:
        case AtUnion(step=step) | Assessed(step=step):
            return step
        case AtOffice():
            return OFFICE_REVIEW
        case Rechecked():
            return HEAD_APPROVAL


def check_step(claim: Undecided, step: str) -> None:
    """Raises Rejected step-not-due."""
    if step != step_of(claim):
        raise Rejected("step-not-due", f"The claim waits at {step_of(claim)}.")


def other_hands(hands: Hands, by: str, step: str) -> None:
    """Four eyes (domain 4.3, 12.3): who filed never reviews, and nobody acts at two different reviews."""
    if by == hands.filer:
        raise Rejected("filer-reviews", "Who filed a claim does not review it.")
    if any(actor == by and passed not in (step, REFUSAL) for passed, actor in (*hands.reviews, *hands.touched)):
        raise Rejected("same-reviewer", "Each review needs another person.")


def not_held(*, held: bool) -> None:
    """No money while it is in doubt whose claim it is (domain 5.4, 6.5). Raises Rejected identity-held."""
    if held:
        raise Rejected(
            "identity-held", "It is in doubt whose claim this is: the county or the office has to look first."
        )


def unknown() -> Rejected:
    """Nothing was filed under this id."""
    return Rejected("claim-unknown", "No such claim.")


def closed() -> Rejected:
    """Decided, withdrawn or closed."""
    return Rejected("claim-closed", "The claim has been decided.")


def papers_awaited() -> Rejected:
    """The clock stands still."""
    return Rejected("papers-awaited", "The member has been asked for papers.")
