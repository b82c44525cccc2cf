"""A member's WeChat account, bound by a code that was sent to the member's mobile (domain 9.2)."""

from __future__ import annotations

import hmac
from datetime import timedelta
from functools import cache
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler

from chassis.auth import allow
from chassis.clock import new_id, utc_text
from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.web.problem import Problem, ProblemBody, body_of
from chassis.web.public import Limiter
from contracts.envelope import Actor
from contracts.notify.reaching import CodeMissed
from contracts.person import OpenId
from notify.domain.binding import BINDING, Binding, BindWechat, Bound, UnbindWechat, Unbound
from notify.domain.code import CODE, DERIVED_BY, IssueCode, UseCode, digits
from notify.domain.message import MESSAGE, promised
from notify.projections import approvals, wechat_bindings
from notify.projections.wechat_bindings import OPENIDS

PURPOSE = "wechat-binding"

OpenIdText = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{10,64}$")]


class IssuedCode(msgspec.Struct, frozen=True):
    """A code is on its way to the member's mobile; the id names it, and says nothing about it."""

    code_id: str
    expires_at: str


class BindOwnWechat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The account, the code that proves the member, and the code of the sticker that led here, if one did."""

    openid: OpenIdText
    code_id: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f-]{36}$")]
    code: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{6}$")]
    scene_code: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Z]{0,20}$")] = ""


class OwnBinding(msgspec.Struct, frozen=True):
    """Whether the member is reached by WeChat, and since when; never as whom."""

    bound: bool
    since: str = ""


class WrongCode(ProblemBody, frozen=True, omit_defaults=True):
    """The refusal of a wrong code, which is recorded all the same."""

    http_status: int = 422


@cache
def _limiter(codes_per_hour: int) -> Limiter:
    return Limiter(codes_per_hour, codes_per_hour)


@post("/bindings/codes", status_code=202)
async def ask_for_code(request: Request[Any, Any, Any], actor: Actor, context: Context) -> Response[IssuedCode]:
    """Send the member a code; a few in an hour, as the settings say."""
    allow(actor, "member")
    _limiter(context.settings.codes_per_hour).take(actor.sub)
    code_id = new_id()

    async def work(session: Session) -> IssuedCode:
        expires_at = utc_text(session.now + timedelta(minutes=context.settings.code_minutes))
        await session.decide(CODE, code_id, IssueCode(code_id, actor.sub, PURPOSE, expires_at))
        async with session.reads.connection() as c:
            template = await approvals.wording(c, "verification-code")
        now = utc_text(session.now)
        message_id = f"code-{code_id}-{actor.sub}"
        command = promised(template, message_id, actor.sub, "", {}, now, now, code_id)
        await session.decide(MESSAGE, message_id, command)
        return IssuedCode(code_id, expires_at)

    return await context.command(request, actor, work, status=202)


@post("/bindings", status_code=200)
async def bind_wechat(
    data: JSONBody[BindOwnWechat], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[OwnBinding | WrongCode]:
    """Bind the member's own account. An account belongs to one person; a wrong code is counted."""
    allow(actor, "member")
    derived = digits(await context.keyring.blind_index(DERIVED_BY, data.code_id))
    right = hmac.compare_digest(derived, data.code)
    key = await context.keyring.blind_index(OPENIDS, data.openid)

    async def work(session: Session) -> OwnBinding | WrongCode:
        misses_max = context.settings.code_misses_max
        use = UseCode(data.code_id, actor.sub, PURPOSE, right, utc_text(session.now), misses_max)
        if any(isinstance(event, CodeMissed) for event in await session.decide(CODE, data.code_id, use)):
            problem = Problem(422, "code-wrong", "This is not the code that was sent.", "code")
            return WrongCode(**msgspec.structs.asdict(body_of(problem)))
        if (await session.reserved(OPENIDS, [key])).get(key, actor.sub) != actor.sub:
            raise Rejected("openid-bound", "This account is bound to another person.", "openid")
        session.reserve(OPENIDS, key, actor.sub)
        sealed = await session.keyring.seal(
            OpenId(openid=data.openid),
            subject=actor.sub,
            category="contact",
            decision_id=session.decision_id,
            field=wechat_bindings.FIELD,
        )
        await session.decide(BINDING, actor.sub, BindWechat(actor.sub, sealed, data.code_id, data.scene_code))
        return OwnBinding(bound=True, since=utc_text(session.now))

    answer = await context.command(request, actor, work)
    now = await _binding(context, actor.sub)
    if isinstance(now, Bound) and now.code_id == data.code_id:
        # The account before it may be another person's now.
        others = "delete from reservation where scope = $1 and owner = $2 and key <> $3"
        await context.log.pool.execute(others, OPENIDS, actor.sub, key)
    return answer


@delete("/bindings/mine", status_code=200)
async def unbind_wechat(request: Request[Any, Any, Any], actor: Actor, context: Context) -> Response[OwnBinding]:
    """Let the account go; messages go by SMS from now on."""
    allow(actor, "member")

    async def work(session: Session) -> OwnBinding:
        await session.decide(BINDING, actor.sub, UnbindWechat(actor.sub, "asked"))
        return OwnBinding(bound=False)

    answer = await context.command(request, actor, work)
    # The account may be another person's now; but a repeat can come after the member has bound it again.
    if isinstance(await _binding(context, actor.sub), Unbound):
        await context.log.pool.execute("delete from reservation where scope = $1 and owner = $2", OPENIDS, actor.sub)
    return answer


async def _binding(context: Context, person_id: str) -> Binding:
    return (await context.executor.run(lambda session: session.load(BINDING, person_id))).value


@get("/bindings/mine")
async def own_binding(actor: Actor, context: Context) -> OwnBinding:
    """Whether the member is bound."""
    allow(actor, "member")
    async with context.reads.connection() as c:
        found = await wechat_bindings.find(c, actor.sub)
    return OwnBinding(bound=True, since=found[1]) if found else OwnBinding(bound=False)


ROUTES: list[ControllerRouterHandler] = [ask_for_code, bind_wechat, unbind_wechat, own_binding]
