"""What officers are told in the app: tasks, digests, alerts, numbers to be fixed; and which texts are approved."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import sqlalchemy as sa
from litestar import Request, Response, get, post
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.types import ControllerRouterHandler

from chassis.auth import allow, in_subtree
from chassis.context import Context
from chassis.execute import Session
from chassis.web.problem import Problem
from contracts.envelope import Actor
from notify.api.messages import FILTER_PATTERN, READERS
from notify.domain.approval import APPROVAL, ReopenTemplate, stream_key
from notify.domain.template import TEMPLATES
from notify.projections import approvals, claim_tasks, covers, mobiles, notices
from notify.projections.claim_tasks import TaskView
from notify.projections.notices import NoticeView

CLERKS = ("unit_clerk", "county_clerk", "city_clerk")
OFFICE = ("office_reviewer", "office_rechecker", "office_head")
OFFICERS = (*CLERKS, *OFFICE, "finance", "supervisor")
PAGE_MAX = 200
REASON_CHARS_MAX = 200
NOTICES_MAX = 100

Limit = Annotated[int, QueryParameter(ge=1, le=PAGE_MAX)]
After = Annotated[str, QueryParameter(pattern=FILTER_PATTERN)]


class TaskPage(msgspec.Struct, frozen=True):
    """Claims that wait for the officer, by their ids; `next_after` goes on, empty at the end."""

    tasks: list[TaskView]
    next_after: str


class Notices(msgspec.Struct, frozen=True):
    """Newest first."""

    notices: list[NoticeView]


class DoubtedMobile(msgspec.Struct, frozen=True):
    """A person whose number the unit is to find out (domain 9.1)."""

    person_id: str
    org_path: str
    failures: int
    doubted_at: str


class DoubtedMobiles(msgspec.Struct, frozen=True):
    """In the order of the people's ids; `next_after` goes on, empty at the end."""

    people: list[DoubtedMobile]
    next_after: str


class Wording(msgspec.Struct, frozen=True):
    """A version of a text: drafted, submitted, approved, refused or reopened, by whom and when."""

    code: str
    version: int
    kind: str
    lane: str
    channel: str
    text: str
    state: str
    provider: str
    submitted_by: str
    submitted_at: str
    approved_by: str
    decided_at: str
    reason: str


class Wordings(msgspec.Struct, frozen=True):
    """Every version of every text."""

    templates: list[Wording]


class ReopenRefused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a refused text is to be given in again."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=REASON_CHARS_MAX)]


class ReopenedText(msgspec.Struct, frozen=True):
    """It is given in again in the next round."""

    code: str
    version: int


@get("/tasks")
async def tasks(actor: Actor, context: Context, after: After = "", limit: Limit = 100) -> TaskPage:
    """What waits for the officer's roles in the officer's subtree, and what was escalated to them."""
    allow(actor, *OFFICERS)
    async with context.reads.connection() as c:
        page = await claim_tasks.waiting(c, actor, after, limit)
    return TaskPage(page, page[-1].claim_id if len(page) == limit else "")


@get("/notices")
async def own_notices(
    actor: Actor, context: Context, limit: Annotated[int, QueryParameter(ge=1, le=NOTICES_MAX)] = 20
) -> Notices:
    """Pool alerts and the days' digests for the officer's roles at the officer's organisation."""
    allow(actor, *OFFICERS)
    async with context.reads.connection() as c:
        return Notices(await notices.for_officer(c, actor, limit))


@get("/mobiles")
async def doubted_mobiles(actor: Actor, context: Context, after: After = "", limit: Limit = 100) -> DoubtedMobiles:
    """Numbers in doubt of people who are covered in the officer's subtree."""
    allow(actor, *CLERKS, *OFFICE)
    m, c_ = mobiles.TABLE.c, covers.TABLE.c
    path = sa.select(sa.func.max(c_.org_path)).where(c_.person_id == m.person_id, in_subtree(c_.org_path, actor))
    query = sa.select(m.person_id, path.scalar_subquery().label("org_path"), m.failures, m.doubted_at).where(
        m.doubted_at.is_not(None), m.person_id > after, path.scalar_subquery().is_not(None)
    )
    async with context.reads.connection() as c:
        rows = (await c.execute(query.order_by(m.person_id).limit(limit))).all()
    people = [DoubtedMobile(*row) for row in rows]
    return DoubtedMobiles(people, people[-1].person_id if len(people) == limit else "")


@get("/templates")
async def templates(actor: Actor, context: Context) -> Wordings:
    """Every version of every text, and how far its approval came."""
    allow(actor, *READERS)
    async with context.reads.connection() as c:
        known = {(one.template_code, one.version): one for one in await approvals.every(c)}
    shown = []
    for key, template in sorted(TEMPLATES.items()):
        one = known.get(key)
        stands = (
            (one.state, one.provider, one.submitted_by, one.submitted_at, one.approved_by, one.decided_at, one.reason)
            if one
            else ("drafted", "", "", "", "", "", "")
        )
        words = (template.code, template.version, template.kind, template.lane, template.channel, template.text)
        shown.append(Wording(*words, *stands))
    return Wordings(shown)


@post("/templates/{code:str}/versions/{version:int}/reopening", status_code=200)
async def reopen_template(
    code: Annotated[str, PathParameter(pattern=FILTER_PATTERN)],
    version: Annotated[int, PathParameter(ge=1)],
    data: JSONBody[ReopenRefused],
    request: Request[Any, Any, Any],
    actor: Actor,
    context: Context,
) -> Response[ReopenedText]:
    """Have a refused text given in again, for a reason; what waits for it goes out once it is approved.

    A text that has to be mended is the next version of its file instead.
    """
    allow(actor, "office_head")
    if (code, version) not in TEMPLATES:
        raise Problem(404, "template-unknown", "There is no such version of a text.", "version")

    async def work(session: Session) -> ReopenedText:
        command = ReopenTemplate(code, version, data.reason, actor.sub)
        await session.decide(APPROVAL, stream_key(code, version), command)
        return ReopenedText(code, version)

    return await context.command(request, actor, work)


ROUTES: list[ControllerRouterHandler] = [tasks, own_notices, doubted_mobiles, templates, reopen_template]
