"""What every handler of enrolment asks first: which roles, which plan."""

from __future__ import annotations

import msgspec

from chassis.web import Problem
from enrolment.domain.plan import Plan, plans

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
