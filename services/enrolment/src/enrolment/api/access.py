"""What every handler of enrolment asks first: which roles, which plan."""

from __future__ import annotations

import msgspec

from chassis.web import Problem
from contracts.envelope import Actor
from contracts.organization import path_of, within
from enrolment.domain.division import DIVISIONS
from enrolment.domain.plan import Plan, plans
from enrolment.domain.row import is_union

CLERKS = ("unit_clerk", "county_clerk", "city_clerk")
OFFICE = ("office_reviewer", "office_rechecker", "office_head")
OFFICERS = (*CLERKS, *OFFICE)
ONLOOKERS = (*OFFICERS, "finance", "supervisor")


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request's body; unknown fields are refused."""


def the_plan(code: str) -> Plan:
    """The plan with this code. Raises Problem 404 plan-unknown."""
    plan = plans().get(code)
    if plan is None:
        raise Problem(404, "plan-unknown", "There is no such plan.", "plan")
    return plan


def organization_of(code: str, actor: Actor) -> str:
    """The path of an organisation in the actor's subtree. Raises Problem organization-unknown, organization-outside."""
    if code not in DIVISIONS and not is_union(code):
        raise Problem(422, "organization-unknown", "This code names no organisation.", "organization")
    path = path_of(code)
    if not within(path, actor.org_path):
        raise Problem(403, "organization-outside", "This organisation is not one of yours.", "organization")
    return path
