"""Flags over HTTP: the list for office and auditor; a person clears or confirms each with a reason (domain 4.10)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, get, post
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.types import ControllerRouterHandler
from msgspec import Meta

from chassis.auth import allow, in_subtree
from chassis.context import Context
from chassis.execute import Session
from chassis.web import Problem
from claims.api.access import OFFICE, OVERSIGHT
from claims.api.notes import open_notes, seal_note
from claims.api.queries import PAGE_ROWS, After, Filter, Limit
from claims.api.shapes import PRINTABLE, Asked
from claims.domain.flag import FLAG, Absent, ClearFlag, ConfirmFlag
from claims.projections import flags
from claims.projections.flags import FlagView
from contracts.envelope import Actor
from contracts.organization import within

JUDGES = ("office_rechecker", "office_head", "supervisor")

FlagId = Annotated[str, PathParameter(min_length=1, max_length=120, pattern=r"^[0-9A-Za-z_-]+$")]
Standing = Annotated[Literal["", "OPEN", "CLEARED", "CONFIRMED"], QueryParameter(name="state")]


class JudgementAsked(Asked, frozen=True, kw_only=True):
    """Why the flag is cleared or confirmed; kept sealed."""

    reason: Annotated[str, Meta(min_length=1, max_length=200, pattern=PRINTABLE)]


class JudgedFlag(msgspec.Struct, frozen=True, kw_only=True):
    """The flag as it was judged."""

    flag_id: str
    state: str


class FlagPage(msgspec.Struct, frozen=True, kw_only=True):
    """Flags in the order they were raised; `next_after` goes on, 0 at the end."""

    flags: list[FlagView]
    next_after: int


@get("/flags")
async def flag_list(
    actor: Actor,
    context: Context,
    flag_state: Standing = "",
    claim_id: Filter = "",
    after: After = 0,
    limit: Limit = PAGE_ROWS,
) -> FlagPage:
    """The flags within the asker's subtree; of one state or claim, if named."""
    allow(actor, *OFFICE, *OVERSIGHT)
    rows_max = min(limit, context.settings.page_rows_max)
    filters = {name: value for name, value in {"state": flag_state, "claim_id": claim_id}.items() if value}
    async with context.reads.connection() as c:
        rows, notes = await flags.page(c, in_subtree(flags.C.org_path, actor), filters, after, rows_max)
    opened = await open_notes(context, notes)
    shown = [msgspec.structs.replace(row, note=note) for row, note in zip(rows, opened, strict=True)]
    return FlagPage(flags=shown, next_after=rows[-1].position if len(rows) == rows_max else 0)


@post("/flags/{flag_id:str}/clear", status_code=200)
async def clear_flag(
    flag_id: FlagId, data: JSONBody[JudgementAsked], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[JudgedFlag]:
    """There is an innocent explanation: the claim may be paid like any other."""
    return await _judge(flag_id, ClearFlag, data.reason, request, actor, context)


@post("/flags/{flag_id:str}/confirm", status_code=200)
async def confirm_flag(
    flag_id: FlagId, data: JSONBody[JudgementAsked], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[JudgedFlag]:
    """The signal is right: what follows is decided on the claim itself."""
    return await _judge(flag_id, ConfirmFlag, data.reason, request, actor, context)


async def _judge(
    flag_id: str,
    judgement: type[ClearFlag | ConfirmFlag],
    reason: str,
    request: Request[Any, Any, Any],
    actor: Actor,
    context: Context,
) -> Response[JudgedFlag]:
    allow(actor, *JUDGES)

    async def work(session: Session) -> JudgedFlag:
        flag = await session.load(FLAG, flag_id)
        if isinstance(flag, Absent) or not within(flag.flagged.org_path, actor.org_path):
            raise Problem(404, "flag-unknown", "No such flag in your organisation.")
        note = await seal_note(session, flag.flagged.person_id, reason)
        await session.decide(FLAG, flag_id, judgement(note, actor.sub))
        return JudgedFlag(flag_id=flag_id, state=flags.CLEARED if judgement is ClearFlag else flags.CONFIRMED)

    return await context.command(request, actor, work)


ROUTES: list[ControllerRouterHandler] = [flag_list, clear_flag, confirm_flag]
