"""Requests for more money, over HTTP: asked when a fund is used up, answered by a person (domain 7.2)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from chassis.auth import allow_province
from chassis.context import Context
from chassis.execute import Session
from contracts.envelope import Actor
from payments.api.relief_fund import PlanInPath
from payments.domain.fund_level import FUND_LEVEL, AnswerTopUp, fund_key

ANSWERERS = ("office_head", "finance")


class TopUpAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of the request; the reason is for people and names nobody. A donation alone moves money."""

    outcome: Literal["TOPPED_UP", "DECLINED"]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
    fund: Literal["pool", "relief"] = "pool"


class TopUpTold(msgspec.Struct, frozen=True):
    """The request is answered."""

    plan_code: str
    request_no: int
    outcome: str


@post("/pool/{plan_code:str}/top-ups/{request_no:int}", status_code=200)
async def answer_top_up(
    plan_code: PlanInPath,
    request_no: FromPath[int],
    data: JSONBody[TopUpAnswer],
    request: Request[Any, Any, Any],
    actor: Actor,
    context: Context,
) -> Response[TopUpTold]:
    """The head of the office or finance answers: topped up, or declined with a reason. Payouts go on either way."""
    allow_province(actor, *ANSWERERS)

    async def work(session: Session) -> TopUpTold:
        command = AnswerTopUp(request_no, data.outcome, data.reason, actor.sub)
        await session.decide(FUND_LEVEL, fund_key(plan_code, data.fund), command)
        return TopUpTold(plan_code, request_no, data.outcome)

    return await context.command(request, actor, work, status=200, keep_s=None)


ROUTES: list[ControllerRouterHandler] = [answer_top_up]
