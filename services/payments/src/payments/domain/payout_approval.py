"""Limits ask for one further person and hold nothing back: which are exceeded, and who may agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chassis.decider import Rejected
from contracts.payments.owing import FurtherApprovalAsked, FurtherApprovalGiven
from payments.domain.payout_commands import AskApproval, GiveApproval
from payments.domain.payout_stages import Batched, Owed, Settled, Terms, Unknown

PAYOUT_LIMIT, MEMBER_PERIOD_LIMIT, COUNTY_DAY_LIMIT = "PAYOUT", "MEMBER_PERIOD", "COUNTY_DAY"


@dataclass(frozen=True)
class Limits:
    """Sums above which one further person has to agree, in fen; 0 is no limit.

    Of one payout, of a member's payouts of the plan's period, of what goes to one county in a day.
    """

    payout_fen: int
    member_period_fen: int
    county_day_fen: int


@dataclass(frozen=True)
class Load:
    """A payout with what goes to its member in the plan's period, itself included, and went to its county today."""

    amount_fen: int
    member_fen: int
    county_fen: int


def exceeded(load: Load, limits: Limits) -> tuple[str, ...]:
    """The limits that a payout is above, in their order."""
    sums = (
        (PAYOUT_LIMIT, load.amount_fen, limits.payout_fen),
        (MEMBER_PERIOD_LIMIT, load.member_fen, limits.member_period_fen),
        (COUNTY_DAY_LIMIT, load.county_fen + load.amount_fen, limits.county_day_fen),
    )
    return tuple(name for name, sum_fen, limit_fen in sums if limit_fen and sum_fen > limit_fen)


def waits_for_approval(terms: Terms) -> bool:
    """Whether a further approval was asked for and has not been given."""
    return bool(terms.limits) and not terms.approved_further_by


def hands(payouts: Iterable[Owed]) -> tuple[str, ...]:
    """All who approved, corrected or further approved one of the payouts: none of them may pay (domain 4.3)."""
    return tuple(sorted({sub for one in payouts for sub in (*one.terms.owed.approved_by, *one.terms.hands)}))


def decide_approval(
    command: AskApproval | GiveApproval, payout: Owed
) -> list[FurtherApprovalAsked | FurtherApprovalGiven]:
    """Asked once for each set of limits; given by somebody who neither granted the claim nor asked."""
    match command:
        case AskApproval():
            return [*_ask(command, payout)]
        case GiveApproval():
            return [*_give(command, payout)]


def _ask(command: AskApproval, payout: Owed) -> list[FurtherApprovalAsked]:
    terms = payout.terms
    if isinstance(payout, Batched | Unknown | Settled) or terms.approved_further_by or terms.limits == command.limits:
        return []
    owed = terms.owed
    return [
        FurtherApprovalAsked(
            payout_id=owed.payout_id,
            claim_id=owed.claim_id,
            claim_no=owed.claim_no,
            amount_fen=owed.amount_fen,
            limits=command.limits,
            by=command.by,
        )
    ]


def _give(command: GiveApproval, payout: Owed) -> list[FurtherApprovalGiven]:
    terms = payout.terms
    if not terms.limits:
        raise Rejected("approval-not-asked", "This payout is above no limit.")
    if terms.approved_further_by:
        if terms.approved_further_by == command.by:
            return []
        raise Rejected("already-approved", "Another person has agreed to this payout.")
    if command.by == terms.asked_by:
        raise Rejected("same-person", "Who wanted to pay it does not agree to it as the further person.")
    if command.by in (*terms.owed.approved_by, *terms.hands):
        raise Rejected("approver-cannot-approve-again", "Who had a part in the claim or its account is no further one.")
    return [FurtherApprovalGiven(payout_id=terms.owed.payout_id, limits=terms.limits, by=command.by)]
