"""The bank as payments sees it: a port of four calls, each bounded in time, none of them repeated here."""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal, TypeVar

import httpx
import msgspec

T = TypeVar("T", bound=msgspec.Struct)


class NoAnswer(Exception):
    """The bank did not answer, or not in a way that decides anything: ask it before doing anything again."""


class BatchRefused(Exception):
    """The bank knows this batch id with another content, or cannot read the batch: a person has to look."""


class CreditTransfer(msgspec.Struct, frozen=True):
    """One payment with its account open: made in memory for one call, never stored."""

    end_to_end_id: str
    amount_fen: int
    account_name: str
    card_no: str
    bank_name: str
    purpose: str


class Submission(msgspec.Struct, frozen=True):
    """A batch as it goes over the wire; the batch id is the idempotency key."""

    batch_id: str
    count: int
    total_fen: int
    payments: tuple[CreditTransfer, ...]


class Taken(msgspec.Struct, frozen=True):
    """The bank's receipt for a batch."""

    batch_id: str
    bank_reference: str


class StatementLine(msgspec.Struct, frozen=True):
    """One line of the statement; `booked_on` is an ISO date."""

    line: int
    end_to_end_id: str
    outcome: Literal["BOOKED", "REJECTED", "RETURNED"]
    reason: str
    reference: str
    amount_fen: int
    booked_on: str


class _Statement(msgspec.Struct, frozen=True):
    lines: list[StatementLine]


class _Fate(msgspec.Struct, frozen=True):
    results: list[StatementLine]


class Bank:
    """One bank at one address."""

    def __init__(self, http: httpx.AsyncClient, url: str, timeout_s: float) -> None:
        """`timeout_s` bounds every call."""
        self._http = http
        self._url = url.rstrip("/")
        self._timeout_s = timeout_s

    async def reference_of(self, batch_id: str) -> str | None:
        """The receipt of a batch; None when the bank says that it has never seen it. Raises NoAnswer."""
        answer = await self._ask("GET", f"/batches/{batch_id}")
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        return _read(answer, Taken).bank_reference

    async def submit(self, submission: Submission) -> str:
        """Hand in a batch; its receipt. Raises NoAnswer, BatchRefused."""
        body = msgspec.json.encode(submission)
        answer = await self._ask("POST", "/batches", body)
        if HTTPStatus.BAD_REQUEST <= answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise BatchRefused(f"The bank refused the batch with status {answer.status_code}.")
        return _read(answer, Taken).bank_reference

    async def statement(self, after: int, limit: int) -> list[StatementLine]:
        """Statement lines after a line. Raises NoAnswer."""
        return _read(await self._ask("GET", f"/statement?after={after}&limit={limit}"), _Statement).lines

    async def results_of(self, end_to_end_id: str) -> list[StatementLine] | None:
        """What the bank says of one payment; None when it has never seen it. Raises NoAnswer."""
        answer = await self._ask("GET", f"/payments/{end_to_end_id}")
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        return _read(answer, _Fate).results

    async def _ask(self, method: str, path: str, body: bytes | None = None) -> httpx.Response:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            return await self._http.request(
                method, self._url + path, content=body, headers=headers, timeout=self._timeout_s
            )
        except httpx.HTTPError as error:
            # The library's message may quote the request; only its kind is kept.
            raise NoAnswer(f"The bank did not answer {method}: {type(error).__name__}.") from None


def _read(answer: httpx.Response, shape: type[T]) -> T:
    if not answer.is_success:
        raise NoAnswer(f"The bank answered with status {answer.status_code}.")
    try:
        return msgspec.json.decode(answer.content, type=shape)
    except msgspec.MsgspecError:
        raise NoAnswer("The bank's answer cannot be read.") from None
