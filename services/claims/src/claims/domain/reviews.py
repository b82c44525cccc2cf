"""The ladder of reviews: where a claim enters, and whose decision its amount needs (domain 4.3, 4.4)."""

from __future__ import annotations

import hashlib

from claims.domain.plan import Authority, Plan
from contracts.claims.v1 import Incident

UNIT_REVIEW = "UNIT_REVIEW"
COUNTY_REVIEW = "COUNTY_REVIEW"
CITY_REVIEW = "CITY_REVIEW"
OFFICE_REVIEW = "OFFICE_REVIEW"
OFFICE_RECHECK = "OFFICE_RECHECK"
HEAD_APPROVAL = "HEAD_APPROVAL"
AWAITING_CARD = "AWAITING_CARD"
"""Assessed, and waiting for an account: no review, a place to wait."""
FIRST_CONTACT = "FIRST_CONTACT"
PAPERS_TO_FOLLOW = "PAPERS_TO_FOLLOW"
"""What is escalated of an urgent claim beside its steps: nobody was spoken with, the papers did not follow."""
REFUSAL = "REFUSAL"
PAYEES = "PAYEES"
"""Under these, people who refused, decided an objection or confirmed accounts are remembered beside the reviews."""
LADDER = (UNIT_REVIEW, COUNTY_REVIEW, CITY_REVIEW, OFFICE_REVIEW)
UNION_CODE_LENGTH = 13


def steps_of(plan: Plan, channel: str, incident: Incident, org_path: str) -> tuple[str, ...]:
    """The reviews a claim passes up to the office's first, in order; levels that its path lacks are left out.

    A member of a prefecture without counties, or covered through a county's federation, has no unit to ask.
    """
    plain = plan.reviews.plain_to_office.get(channel, ())
    entry = plan.reviews.entry[channel]
    if incident.kind in plain and not incident.died_on:
        entry = OFFICE_REVIEW
    present = levels_of(org_path)
    return tuple(step for step in LADDER[LADDER.index(entry) :] if step in present)


def needs_head(authority: Authority, total_fen: int, *, died: bool, special: bool) -> bool:
    """Deaths, large sums and special decisions are approved by the head of the office."""
    return special or (died and authority.head_for_deaths) or total_fen > authority.without_head_max_fen


def needs_recheck(authority: Authority, claim_id: str, total_fen: int, *, head: bool) -> bool:
    """All but small sums are rechecked; of the small, the sample that the claim's id picks."""
    return head or total_fen > authority.reviewer_alone_max_fen or sampled(claim_id, authority.sampling_percent)


def sampled(claim_id: str, percent: int) -> bool:
    """Whether the claim is one of the `percent` in a hundred that are rechecked whatever their amount."""
    return int.from_bytes(hashlib.sha256(claim_id.encode()).digest()[:8]) % 100 < percent


def levels_of(org_path: str) -> set[str]:
    """The reviews that the organisations of a path can make, and the office's."""
    present = {OFFICE_REVIEW}
    for code in org_path.split(".")[1:]:
        if len(code) == UNION_CODE_LENGTH:
            present.add(UNIT_REVIEW)
        elif code.endswith("00"):
            present.add(CITY_REVIEW)
        else:
            present.add(COUNTY_REVIEW)
    return present
