"""One adapter of the port: a bank that exchanges documents over HTTP, as `simulators.bank` does."""

from __future__ import annotations

from http import HTTPStatus
from typing import TypeVar

import httpx
import msgspec

from chassis.context import Context
from payments.bank.formats import FORMATS
from payments.bank.port import Bank, BankDay, BankMessage, BatchDiffers, BatchRefused, Line, NoAnswer

T = TypeVar("T", bound=msgspec.Struct)

OF_THE_FILE = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
"""Answers that speak of the file. Others (401, 403, 404, 429 …) speak of the way to the bank, and decide nothing."""


class _Telling(msgspec.Struct, frozen=True):
    number: int
    kind: str
    document: str


class _Mailbox(msgspec.Struct, frozen=True):
    messages: list[_Telling]


class _Days(msgspec.Struct, frozen=True):
    days: list[str]


def bank_of(context: Context) -> Bank:
    """The bank of the settings."""
    settings = context.settings
    return HttpBank(context.http, settings.bank_url, settings.bank_timeout_s, settings.bank_format)


class HttpBank:
    """One bank at one address."""

    def __init__(self, http: httpx.AsyncClient, url: str, timeout_s: float, spoken: str) -> None:
        """`timeout_s` bounds every call; `spoken` is the format in which the bank answers."""
        self._http = http
        self._url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._format = FORMATS[spoken]

    async def submit(self, file: bytes, file_format: str) -> str:
        """Hand in a file. Raises NoAnswer, BatchRefused, BatchDiffers."""
        answer = await self._ask("POST", "/batches", file, FORMATS[file_format].media_type)
        if answer.status_code == HTTPStatus.CONFLICT:
            raise BatchDiffers("The bank knows this batch id with another content.")
        if answer.status_code in OF_THE_FILE:
            raise BatchRefused(f"HTTP_{answer.status_code}")
        return FORMATS[file_format].read_receipt(_content(answer))

    async def reference_of(self, message_id: str) -> str | None:
        """Query by batch. Raises NoAnswer, BatchRefused."""
        answer = await self._ask("GET", f"/batches/{message_id}")
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        return self._format.read_receipt(_content(answer))

    async def results_of(self, end_to_end_id: str) -> list[Line] | None:
        """Query by end-to-end id. Raises NoAnswer."""
        answer = await self._ask("GET", f"/payments/{end_to_end_id}")
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        return [line for message in self._messages(answer) for line in message.lines]

    async def messages(self, after: int, limit: int) -> list[BankMessage]:
        """What the bank has told since a message. Raises NoAnswer."""
        return self._messages(await self._ask("GET", f"/messages?after={after}&limit={limit}"))

    async def days(self, after: str) -> list[str]:
        """Finished days after a day. Raises NoAnswer."""
        return _read(await self._ask("GET", f"/statements?after={after}"), _Days).days

    async def day(self, day: str) -> BankDay:
        """A day's statement. Raises NoAnswer."""
        return self._format.read_day(_content(await self._ask("GET", f"/statements/{day}")))

    def _messages(self, answer: httpx.Response) -> list[BankMessage]:
        spoken = self._format
        return [
            BankMessage(one.number, spoken.read_message(one.kind, one.document.encode(spoken.encoding)))
            for one in _read(answer, _Mailbox).messages
        ]

    async def _ask(self, method: str, path: str, body: bytes | None = None, media_type: str = "") -> httpx.Response:
        headers = {"Accept": self._format.media_type}
        if body is not None:
            headers = {"Accept": media_type, "Content-Type": media_type}
        try:
            return await self._http.request(
                method, self._url + path, content=body, headers=headers, timeout=self._timeout_s
            )
        except httpx.HTTPError as error:
            # The library's message may quote the request; only its kind is kept.
            raise NoAnswer(f"The bank did not answer {method}: {type(error).__name__}.") from None


def _content(answer: httpx.Response) -> bytes:
    if not answer.is_success:
        raise NoAnswer(f"The bank answered with status {answer.status_code}.")
    return answer.content


def _read(answer: httpx.Response, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(_content(answer), type=shape)
    except msgspec.MsgspecError:
        raise NoAnswer("The bank's answer cannot be read.") from None
