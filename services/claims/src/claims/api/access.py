"""Who sees which claim: members their own, clerks and the office their organisation's subtree."""

from __future__ import annotations

import sqlalchemy as sa

from chassis.auth import Forbidden, allow, in_subtree
from claims.domain.claim_stages import Absent, Approved, Claim, Paid
from claims.domain.reviews import CITY_REVIEW, COUNTY_REVIEW, UNIT_REVIEW
from claims.projections.claims import C
from contracts.envelope import Actor
from contracts.organization import within

UNION_STEPS = {"unit_clerk": UNIT_REVIEW, "county_clerk": COUNTY_REVIEW, "city_clerk": CITY_REVIEW}
OFFICE = ("office_reviewer", "office_rechecker", "office_head")
REVIEWERS = (*UNION_STEPS, *OFFICE)
OVERSIGHT = ("supervisor", "auditor")
READERS = (*REVIEWERS, *OVERSIGHT, "service")
CLAIMANTS = ("member", "agent")
CHANNEL_ROLES = {
    "MEMBER_MOBILE": ("member", "agent"),
    "UNIT": ("unit_clerk",),
    "COUNTY": ("county_clerk",),
    "CITY": ("city_clerk",),
    "OFFICE_COUNTER": ("office_reviewer", "office_rechecker"),
    "HOTLINE": ("hotline_agent",),
    "DATA_MATCH": ("service",),
}
FILERS = tuple(dict.fromkeys(role for roles in CHANNEL_ROLES.values() for role in roles))


def reads_subtree(actor: Actor) -> bool:
    """Whether the actor looks at claims for an organisation, not for themselves."""
    return bool(set(READERS) & set(actor.roles))


def visible(actor: Actor) -> sa.ColumnElement[bool]:
    """The condition on `claims` rows. Raises Forbidden for roles that see no claims."""
    allow(actor, *READERS, *CLAIMANTS)
    if reads_subtree(actor):
        return in_subtree(C.org_path, actor)
    if "member" in actor.roles:
        return sa.or_(C.person_id == actor.sub, C.filed_by == actor.sub)
    return C.filed_by == actor.sub


def reaches(actor: Actor, claim: Claim) -> bool:
    """Whether a reviewer's organisation covers the claim; one that does not exist is out of reach."""
    match claim:
        case Absent():
            return False
        case Approved(approved) | Paid(Approved(approved)):
            return within(approved.org_path, actor.org_path)
        case _:
            return within(claim.filed.org_path, actor.org_path)


def concerns(actor: Actor, claim: Claim) -> bool:
    """Whether a claimant is the member whose claim it is, or filed it."""
    match claim:
        case Absent():
            return False
        case Approved(approved) | Paid(Approved(approved)):
            return approved.person_id == actor.sub
        case _:
            return actor.sub in (claim.filed.person_id, claim.filed.by)


def check_filer(actor: Actor, channel: str, person_id: str, org_path: str) -> None:
    """A member files for themselves, everyone else within their subtree and by their own channel.

    Raises Forbidden channel-not-allowed, not-your-own.
    """
    if not set(CHANNEL_ROLES[channel]) & set(actor.roles):
        raise Forbidden("channel-not-allowed")
    if "member" in actor.roles and channel == "MEMBER_MOBILE":
        if person_id != actor.sub:
            raise Forbidden("not-your-own")
    elif not within(org_path, actor.org_path):
        raise Forbidden("outside-your-organisation")
