"""Who may ask what, and which stop lies in whose reach."""

from __future__ import annotations

from typing import Any

from litestar import Request

from chassis.auth import Forbidden
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.web import Problem
from contracts.envelope import Actor
from contracts.organization import UnknownOrganization, path_of, within
from health_checkup.domain.stop import STOP, Open

OPENERS = ("county_clerk", "city_clerk", "office_reviewer", "office_rechecker", "office_head")
PROVIDER = "health_provider"
KIOSK_ROLE = "health_kiosk"
"""A self-service device; its subject is the name of the device."""
COUNTERS = (*OPENERS, "unit_clerk", "finance", "supervisor", "auditor", "service", PROVIDER)

AnyRequest = Request[Any, Any, Any]


async def stop_of(session: Session, stop_id: str, actor: Actor) -> Open:
    """The stop, if it lies in the actor's subtree. Raises Rejected `stop-unknown`."""
    stop = await session.load(STOP, stop_id)
    if not isinstance(stop, Open) or not within(stop.org_path, actor.org_path):
        raise Rejected("stop-unknown", "No such stop.")
    return stop


def own_path(actor: Actor, division_code: str) -> str:
    """The path of a division in the actor's subtree. Raises Problem, Forbidden."""
    try:
        org_path = path_of(division_code)
    except UnknownOrganization:
        raise Problem(400, "division-invalid", "There is no such division.", "division_code") from None
    if not within(org_path, actor.org_path):
        raise Forbidden("outside-organization")
    return org_path
