"""A provider that takes whole texts as JSON and keeps a message's id apart: the second dialect behind the port."""

from __future__ import annotations

from http import HTTPStatus
from typing import TypeVar

import httpx
import msgspec

from notify.domain.template import Template
from notify.workers.provider import (
    DELIVERED,
    REVIEWED,
    UNDELIVERED,
    WAITING,
    Answer,
    Fate,
    NotNow,
    ProviderAway,
    Refused,
    Review,
    Sms,
    Taken,
)

T = TypeVar("T")
REFUSED_FOR_GOOD = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY})
WORDS = {"DELIVRD": DELIVERED, "UNDELIV": UNDELIVERED}


class _Reference(msgspec.Struct, frozen=True):
    reference: str


class _Receipt(msgspec.Struct, frozen=True):
    status: str


class _Known(msgspec.Struct, frozen=True):
    known: bool
    receipts: list[_Receipt]


class Plain:
    """The provider as `POST /messages` and `GET /receipts`; texts need no approval there."""

    name = "plain"

    def __init__(self, http: httpx.AsyncClient, url: str, timeout_ms: int) -> None:
        """`url` without a slash at its end."""
        self._http = http
        self._url = url.rstrip("/")
        self._timeout_s = timeout_ms / 1000

    async def send(self, sms: Sms) -> Answer:
        """The same id is the same message there."""
        body = {"id": sms.message_id, "mobile": sms.mobile, "text": sms.text}
        answer = await self._ask("POST", "/messages", json=body)
        if answer.status_code in REFUSED_FOR_GOOD:
            return Refused("provider-refused", str(answer.status_code))
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            return NotNow(str(answer.status_code))
        if answer.is_error:
            raise ProviderAway(str(answer.status_code))
        return Taken(_read(answer, _Reference).reference)

    async def fate(self, message_id: str, mobile: str) -> Fate | None:  # noqa: ARG002 - found by its id alone
        """The first receipt counts."""
        answer = await self._ask("GET", "/receipts", params={"message_id": message_id})
        if answer.is_error:
            raise ProviderAway(str(answer.status_code))
        known = _read(answer, _Known)
        if not known.known:
            return None
        word = known.receipts[0].status if known.receipts else ""
        return Fate("", WORDS.get(word, WAITING), word)

    async def submit(self, template: Template) -> str:
        """It knows texts by our own names."""
        return f"{template.code}.v{template.version}"

    async def review(self, provider_code: str) -> Review:  # noqa: ARG002 - whatever it is
        """Nobody reviews."""
        return Review(REVIEWED, "")

    async def _ask(self, method: str, path: str, **request: object) -> httpx.Response:
        try:
            return await self._http.request(method, self._url + path, timeout=self._timeout_s, **request)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            raise ProviderAway(type(error).__name__) from None


def _read(answer: httpx.Response, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(answer.content, type=shape)
    except msgspec.DecodeError:
        raise ProviderAway("answer-unreadable") from None
