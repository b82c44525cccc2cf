"""What every handler of enrolment asks first: which roles, which plan, and whose member somebody is."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

from chassis.auth import Forbidden, allow
from chassis.context import Context
from chassis.web import Problem
from contracts.envelope import Actor
from contracts.organization import path_of, within
from enrolment.domain import id_number
from enrolment.domain.division import DIVISIONS
from enrolment.domain.plan import Plan, plans
from enrolment.domain.row import is_union
from enrolment.projections import covers, members

CLERKS = ("unit_clerk", "county_clerk", "city_clerk")
OFFICE = ("office_reviewer", "office_rechecker", "office_head")
OFFICERS = (*CLERKS, *OFFICE)
ABOVE_UNIT = ("county_clerk", "city_clerk", *OFFICE)
ONLOOKERS = (*OFFICERS, "finance", "supervisor")
PERSON_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DAY = r"^\d{4}-\d{2}-\d{2}$"

IdNo = Annotated[str, msgspec.Meta(min_length=1, max_length=30)]
IdType = Annotated[str, msgspec.Meta(max_length=30)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Mobile = Annotated[str, msgspec.Meta(min_length=1, max_length=30)]
Day = Annotated[str, msgspec.Meta(pattern=DAY)]


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


def the_day(text: str, field: str) -> str:
    """An ISO date of the calendar. Raises Problem 422 date-invalid."""
    if not id_number.is_date(text.replace("-", "")):
        raise Problem(422, "date-invalid", "There is no such day.", field)
    return text


def no_member() -> Problem:
    """404, whether there is none or one of others."""
    return Problem(404, "member-unknown", "There is no such member in your organisation.", "person_id")


def is_itself(actor: Actor, person_id: str) -> bool:
    """Whether a member asks for themselves."""
    return "member" in actor.roles and actor.sub == person_id


async def demand(context: Context, actor: Actor, person_id: str, *officers: str) -> None:
    """Go on for the member, while alive (domain 12.17), and for officers of these roles whose subtree has a cover.

    Raises Forbidden role-not-allowed, login-frozen; Problem 404 member-unknown.
    """
    allow(actor, "member", *officers)
    if not PERSON_ID.fullmatch(person_id):
        raise no_member()
    async with context.reads.connection() as c:
        if is_itself(actor, person_id):
            if await members.died(c, [person_id]):
                raise Forbidden("login-frozen")
            return
        if not set(officers) & set(actor.roles) or not await covers.of_person(c, person_id, actor):
            raise no_member()
