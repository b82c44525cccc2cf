"""Who may read what, how a moment is shown to people, and how lists are cut into pages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from litestar.params import QueryParameter

from chassis.auth import Forbidden, allow
from chassis.clock import SHANGHAI
from contracts.envelope import Actor
from contracts.organization import PROVINCE_CODE

STAFF = (
    "finance",
    "supervisor",
    "auditor",
    "service",
    "office_reviewer",
    "office_rechecker",
    "office_head",
    "city_clerk",
    "county_clerk",
)
"""Roles that may read payouts of their own subtree (domain 4.3)."""
BOOKKEEPERS = ("finance", "supervisor", "auditor", "service", "office_head")
"""Roles that may read the pool and its book, which belong to the province."""
PAGE_ROWS_MAX = 200
PAGE_ROWS = 50

After = Annotated[int, QueryParameter(ge=0, le=2**63 - 1, description="The `next` of the page before.")]
Limit = Annotated[int, QueryParameter(ge=1, le=PAGE_ROWS_MAX)]
PlanCode = Annotated[str, QueryParameter(pattern=r"^[A-Za-z0-9-]{1,40}$")]


def allow_province(actor: Actor) -> None:
    """The pool is the province's: its book is for those who see the whole of it. Raises Forbidden."""
    allow(actor, *BOOKKEEPERS)
    if actor.org_path != PROVINCE_CODE:
        raise Forbidden("organization-not-allowed")


def shown(moment_ms: int | None) -> str:
    """RFC 3339 with +08:00, or nothing."""
    return (
        "" if moment_ms is None else datetime.fromtimestamp(moment_ms / 1000, SHANGHAI).isoformat("T", "milliseconds")
    )
