"""The switch that holds all payouts, over HTTP: who turned it, when and why."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler

from chassis.auth import allow_province
from chassis.clock import local_text
from chassis.context import Context
from chassis.execute import Session
from contracts.envelope import Actor
from payments.api.reading import BOOKKEEPERS, PAGE_ROWS
from payments.domain.payout_switch import ALL, PAYOUT_SWITCH, PausePayouts, ResumePayouts
from payments.projections import payout_switches

SWITCHERS = ("finance", "office_head", "supervisor")


class Why(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The reason, for people; it names nobody."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Turned(msgspec.Struct, frozen=True):
    """Whether payouts are held now."""

    paused: bool


class Turn(msgspec.Struct, frozen=True):
    """One turn of the switch; `at` with +08:00."""

    paused: bool
    by: str
    reason: str
    at: str


class Switch(msgspec.Struct, frozen=True):
    """The switch and its last turns, the newest first."""

    paused: bool
    turns: list[Turn]


@post("/pause", status_code=200)
async def pause(
    data: JSONBody[Why], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[Turned]:
    """Hold all payouts: nothing is signed or handed to the bank until somebody resumes."""
    allow_province(actor, *SWITCHERS)

    async def work(session: Session) -> Turned:
        await session.decide(PAYOUT_SWITCH, ALL, PausePayouts(actor.sub, data.reason))
        return Turned(paused=True)

    return await context.command(request, actor, work, status=200, keep_s=None)


@post("/resume", status_code=200)
async def resume(
    data: JSONBody[Why], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[Turned]:
    """Let payouts go on."""
    allow_province(actor, *SWITCHERS)

    async def work(session: Session) -> Turned:
        await session.decide(PAYOUT_SWITCH, ALL, ResumePayouts(actor.sub, data.reason))
        return Turned(paused=False)

    return await context.command(request, actor, work, status=200, keep_s=None)


@get("/pause")
async def switch(actor: Actor, context: Context) -> Switch:
    """Whether payouts are held, and the last turns."""
    allow_province(actor, *BOOKKEEPERS)
    async with context.reads.connection() as c:
        rows = await payout_switches.latest(c, PAGE_ROWS)
    turns = [Turn(row["paused"], row["by"], row["reason"], local_text(row["at"])) for row in rows]
    return Switch(bool(turns) and turns[0].paused, turns)


ROUTES: list[ControllerRouterHandler] = [pause, resume, switch]
