"""The providers' HTTP face: two SMS dialects and WeChat, what arrived where, and how they are told to misbehave."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

import msgspec
from litestar import Litestar, Response, get, post
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.params import FromQuery, JSONBody, QueryParameter

from simulators.sms.aliyun import Keys, rpc
from simulators.sms.box import Arrival, Box, MessageDiffers, Receipt
from simulators.sms.mood import Behaviour, Mood, ends
from simulators.sms.wechat import Account, wechat_router

PAGE_MAX = 1_000
SIGNATURE = "【甘肃互助保障】"
"""The gateway puts it before every text (domain 9.1)."""


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One message to one mobile; the same id is the same message."""

    id: str
    mobile: str
    text: str


class Taken(msgspec.Struct, frozen=True):
    """The provider has it."""

    reference: str


class Refused(msgspec.Struct, frozen=True):
    """The provider will never take it."""

    code: str


class Inbox(msgspec.Struct, frozen=True):
    """What arrived."""

    count: int
    messages: list[Arrival]


class Receipts(msgspec.Struct, frozen=True):
    """Receipts in order; `known` says whether the message that was asked about was taken."""

    receipts: list[Receipt]
    known: bool


@post("/messages", status_code=HTTPStatus.OK)
async def take(data: JSONBody[Message], box: Box, mood: Mood) -> Response[Taken | Refused]:
    """Take a message; the same again gives the first answer, another text under its id is a 409."""
    await mood.before()
    behaviour = mood.behaviour
    if ends(data.mobile, behaviour.refuse_suffix) or ends(data.mobile, behaviour.illegal_suffix):
        return Response(Refused("BLOCKED"), status_code=HTTPStatus.UNPROCESSABLE_ENTITY)
    if ends(data.mobile, behaviour.limit_suffix):
        return Response(Refused("LIMIT"), status_code=HTTPStatus.TOO_MANY_REQUESTS)
    try:
        number, fresh = box.take(data.id, data.mobile, SIGNATURE + data.text)
    except MessageDiffers:
        raise HTTPException("This id was used for another message.", status_code=HTTPStatus.CONFLICT) from None
    if fresh and not behaviour.silent:
        status = "UNDELIV" if ends(data.mobile, behaviour.unreachable_suffix) else "DELIVRD"
        for _ in range(2 if behaviour.duplicate_receipts else 1):
            box.deliver(data.id, status)
    mood.after()
    return Response(Taken(f"sms-{number}"))


@get("/messages")
async def arrived(
    box: Box,
    mobile: FromQuery[str] = "",
    after: Annotated[int, QueryParameter(ge=0)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE_MAX)] = PAGE_MAX,
) -> Inbox:
    """The oracle: what arrived where, once each."""
    return Inbox(box.count(), box.arrivals(mobile, after, limit))


@get("/receipts")
async def receipts(
    box: Box,
    message_id: FromQuery[str] = "",
    after: Annotated[int, QueryParameter(ge=0)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE_MAX)] = PAGE_MAX,
) -> Receipts:
    """Receipts after a number, of one message or of all."""
    return Receipts(box.receipts(message_id, after, limit), box.knows(message_id))


@post("/behaviour", status_code=HTTPStatus.OK)
async def behave(data: JSONBody[Behaviour], mood: Mood) -> Behaviour:
    """Behave like this from now on; an empty object means well."""
    mood.behaviour = data
    return data


@get("/behaviour")
async def behaviour(mood: Mood) -> Behaviour:
    """What is still to be played."""
    return mood.behaviour


@get("/healthz")
async def healthz() -> dict[str, str]:
    """It runs."""
    return {"status": "ok"}


def make_app(folder: Path, secrets: Mapping[str, str], wechat_secret: str = "") -> Litestar:
    """The providers over the records in `folder`; `secrets` are Aliyun's access keys by id."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    box, mood, keys = Box(folder / "messages.sqlite"), Mood(), Keys(secrets)
    account = Account(folder / "wechat" / "notices.sqlite", wechat_secret)
    return Litestar(
        route_handlers=[rpc, take, arrived, receipts, behave, behaviour, healthz, wechat_router()],
        dependencies={
            "box": Provide(lambda: box, sync_to_thread=False),
            "mood": Provide(lambda: mood, sync_to_thread=False),
            "keys": Provide(lambda: keys, sync_to_thread=False),
            "account": Provide(lambda: account, sync_to_thread=False),
        },
        on_shutdown=[box.close, account.close],
        openapi_config=None,
    )
