"""The SMS provider's HTTP face: take a message once, show what arrived, give receipts, misbehave when asked to."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

import msgspec
from litestar import Litestar, Response, get, post
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.params import FromQuery, JSONBody, QueryParameter

from simulators.sms.box import Arrival, Box, MessageDiffers, Receipt

PAGE_MAX = 1_000
DELAY_MS_MAX = 60_000
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
    """Receipts in order."""

    receipts: list[Receipt]


class Behaviour(msgspec.Struct, forbid_unknown_fields=True):
    """How it misbehaves: `fail` requests end in 503 untaken, `lose` are taken and answered 503.

    A mobile that ends in `refuse_suffix` is refused for good, one that ends in `unreachable_suffix` never rings;
    `silent` gives no receipts, `duplicate_receipts` gives each twice, `delay_ms` slows every answer.
    """

    delay_ms: int = 0
    fail: int = 0
    lose: int = 0
    refuse_suffix: str = ""
    unreachable_suffix: str = ""
    silent: bool = False
    duplicate_receipts: bool = False


class Mood:
    """The behaviour in force."""

    def __init__(self) -> None:
        """Behave at first."""
        self.behaviour = Behaviour()


def _ends(mobile: str, suffix: str) -> bool:
    return bool(suffix) and mobile.endswith(suffix)


@post("/messages", status_code=HTTPStatus.OK)
async def take(data: JSONBody[Message], box: Box, mood: Mood) -> Response[Taken | Refused]:
    """Take a message; the same again gives the first answer, another text under its id is a 409."""
    behaviour = mood.behaviour
    await asyncio.sleep(min(behaviour.delay_ms, DELAY_MS_MAX) / 1000)
    if behaviour.fail > 0:
        behaviour.fail -= 1
        raise HTTPException("Try again.", status_code=HTTPStatus.SERVICE_UNAVAILABLE)
    if _ends(data.mobile, behaviour.refuse_suffix):
        return Response(Refused("BLOCKED"), status_code=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        number, fresh = box.take(data.id, data.mobile, SIGNATURE + data.text)
    except MessageDiffers:
        raise HTTPException("This id was used for another message.", status_code=HTTPStatus.CONFLICT) from None
    if fresh and not behaviour.silent:
        status = "UNDELIV" if _ends(data.mobile, behaviour.unreachable_suffix) else "DELIVRD"
        for _ in range(2 if behaviour.duplicate_receipts else 1):
            box.deliver(data.id, status)
    if behaviour.lose > 0:
        behaviour.lose -= 1
        raise HTTPException("Try again.", status_code=HTTPStatus.SERVICE_UNAVAILABLE)
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
    return Receipts(box.receipts(message_id, after, limit))


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


def make_app(folder: Path) -> Litestar:
    """The provider over the box in `folder`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    box, mood = Box(folder / "sms.sqlite"), Mood()
    return Litestar(
        route_handlers=[take, arrived, receipts, behave, behaviour, healthz],
        dependencies={
            "box": Provide(lambda: box, sync_to_thread=False),
            "mood": Provide(lambda: mood, sync_to_thread=False),
        },
        on_shutdown=[box.close],
        openapi_config=None,
    )
