"""What a scene code of a sticker or leaflet opens: for anyone; it says where to read the rules, and counts a scan."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.params import PathParameter
from litestar.types import ControllerRouterHandler

from chassis.clock import new_id
from chassis.context import Context
from chassis.execute import Session
from chassis.web import Problem
from chassis.web.public import PUBLIC, Limiter, client_address
from claims.api.plans import PLANS
from claims.domain.outreach_asset import OUTREACH_ASSET, OUTREACH_SCAN, Absent, CountScan

ASKED_BURST = 30
ASKED_PER_HOUR = 600
"""Questions of one client address; the gateway bounds them too."""
COUNTED_BURST = 200
COUNTED_PER_HOUR = 2_000
"""Scans of one code that are counted: each is an event, and no crowd before one sticker is larger. What is above
is answered and not counted."""
HOTLINE = "12351"

SceneCode = Annotated[str, PathParameter(min_length=1, max_length=20, pattern=r"^[0-9A-Z]+$")]

_asked = Limiter(ASKED_BURST, ASKED_PER_HOUR)
_counted = Limiter(COUNTED_BURST, COUNTED_PER_HOUR)


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """Where to read more: references relative to this address, and the telephone; `scene_code` goes into a binding."""

    title: str
    sheet: str
    sheet_pdf: str
    hotline: str
    scene_code: str


@get("/public/scenes/{code:str}", opt=PUBLIC)
async def scene(code: SceneCode, request: Request[Any, Any, Any], context: Context) -> Scene:
    """Where to read the rules. Counts one scan: whoever photographs a QR code asks by GET."""
    _asked.take(client_address(request))
    scan_id, counts = new_id(), _is_counted(code)

    async def work(session: Session) -> None:
        asset = await session.load(OUTREACH_ASSET, code)
        if isinstance(asset, Absent):
            raise Problem(404, "scene-unknown", "There is no such code.", "code")
        if counts:
            command = CountScan(asset, session.today.isoformat())
            events = OUTREACH_SCAN.decide(command, OUTREACH_SCAN.initial)
            session.append_new(OUTREACH_SCAN.stream(scan_id), events)

    await context.executor.run(work)
    return _told(context.settings.outreach_plan, code)


def _is_counted(code: str) -> bool:
    try:
        _counted.take(code)
    except Problem:
        return False
    return True


def _told(plan_code: str, scene_code: str) -> Scene:
    """The newest version of the plan."""
    version = max((version for code, version in PLANS if code == plan_code), default=0)
    if not version:
        raise Problem(404, "plan-unknown", "There is no such plan.")
    sheet = f"../plans/{plan_code}/{version}/sheet"
    title = PLANS[plan_code, version].name
    return Scene(title=title, sheet=sheet, sheet_pdf=f"{sheet}.pdf", hotline=HOTLINE, scene_code=scene_code)


ROUTES: list[ControllerRouterHandler] = [scene]
