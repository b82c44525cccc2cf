"""Who may ask what, and which stop lies in whose reach."""

from __future__ import annotations

from datetime import date
from typing import Any

from litestar import Request

from chassis.auth import Forbidden
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.web import Problem
from contracts.envelope import Actor
from contracts.organization import UnknownOrganization, path_of, within
from health_checkup.domain.package import completed_years
from health_checkup.domain.stop import STOP, Open
from health_checkup.projections.people import Known

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


def age_of_card(born_on: date | None, known: Known | None, day: str) -> int | None:
    """Completed years on an ISO date by the ID card's date of birth; None where nobody read it.

    Raises Rejected `born-differs` where the card is not that of the registered member.
    """
    if born_on is None:
        return None
    if (known is not None and known.birth_year not in (0, born_on.year)) or born_on.isoformat() > day:
        raise Rejected("born-differs", "The registered member was born in another year.", "born_on")
    return completed_years(born_on, date.fromisoformat(day))
