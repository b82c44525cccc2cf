"""The bank's HTTP face: take a batch, tell its fate, show the statement, misbehave when asked to."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from litestar import Litestar, Request, Response, get, post
from litestar.di import Provide
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException, NotFoundException
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from chassis.clock import Clock, real_now
from simulators.bank.book import BatchDiffers, Book, Fault, Line, Payment

STATEMENT_LINES_MAX = 500
FAULT_DELAY_MS_MAX = 120_000
UNDISTURBED = frozenset({"/behaviour", "/ledger", "/healthz"})
"""The judge's paths: they answer even while the bank plays down."""


class Instruction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One credit transfer as the customer sends it."""

    end_to_end_id: str
    amount_fen: int
    account_name: str
    card_no: str
    bank_name: str
    purpose: str


class BatchFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A batch with its control totals."""

    batch_id: str
    count: int
    total_fen: int
    payments: tuple[Instruction, ...]


class Taken(msgspec.Struct, frozen=True):
    """The bank has the batch, under this reference."""

    batch_id: str
    bank_reference: str


class Statement(msgspec.Struct, frozen=True):
    """Statement lines in order."""

    lines: list[Line]


class Fate(msgspec.Struct, frozen=True):
    """What has become of a payment so far."""

    end_to_end_id: str
    amount_fen: int
    results: list[Line]


class Misbehaviour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fault to play: `matches` is an end-to-end id, the last six digits of a card, or "" for anything.

    delay: results appear after `delay_ms`. drop_reply: booked, but the connection ends without an answer.
    slow_reply: booked, answered after `delay_ms`. duplicate: each result twice. contradict: a second, opposite
    result. return_after_booking: 退票 with `reason`. reject: refused with `reason`. down: 503 without effect.
    """

    kind: Literal[
        "delay", "drop_reply", "slow_reply", "duplicate", "contradict", "return_after_booking", "reject", "down"
    ]
    matches: str = ""
    times: int = 1
    delay_ms: int = 0
    reason: str = ""


class Desk:
    """Where the bank's calendar stands."""

    def __init__(self, clock: Clock) -> None:
        """`clock` gives the booking dates."""
        self.clock = clock


@post("/batches", status_code=201)
async def take_batch(data: JSONBody[BatchFile], request: Request[Any, Any, Any], book: Book, desk: Desk) -> Taken:
    """Take a batch. The same again gives the first answer; other content under its id is a 409."""
    if data.count != len(data.payments) or data.total_fen != sum(one.amount_fen for one in data.payments):
        raise HTTPException("The control totals do not agree.", status_code=HTTPStatus.UNPROCESSABLE_ENTITY)
    digest = hashlib.sha256(msgspec.json.encode(data)).hexdigest()
    payments = [Payment(one.end_to_end_id, one.amount_fen, one.card_no) for one in data.payments]
    try:
        reference = book.take(data.batch_id, digest, payments, _now_ms(), desk.clock.today().isoformat())
    except BatchDiffers:
        raise HTTPException("This batch id was used for another batch.", status_code=HTTPStatus.CONFLICT) from None
    subjects = [subject for one in payments for subject in (one.end_to_end_id, one.card_suffix)]
    slow = book.play("slow_reply", data.batch_id, *subjects)
    if slow:
        await asyncio.sleep(slow.delay_ms / 1000)
    request.scope["state"]["drop_reply"] = book.play("drop_reply", data.batch_id, *subjects) is not None
    return Taken(data.batch_id, reference)


@get("/batches/{batch_id:str}")
async def batch(batch_id: FromPath[str], book: Book) -> Taken:
    """Whether the bank has a batch; 404 when it has never seen it."""
    reference = book.reference_of(batch_id)
    if reference is None:
        raise NotFoundException("No such batch.")
    return Taken(batch_id, reference)


@get("/payments/{end_to_end_id:str}")
async def payment(end_to_end_id: FromPath[str], book: Book) -> Fate:
    """What has become of a payment; 404 when the bank has never seen it."""
    found = book.results(end_to_end_id, _now_ms())
    if found is None:
        raise NotFoundException("No such payment.")
    return Fate(end_to_end_id, *found)


@get("/statement")
async def statement(
    book: Book,
    after: Annotated[int, QueryParameter(ge=0)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=STATEMENT_LINES_MAX)] = STATEMENT_LINES_MAX,
) -> Statement:
    """The statement after a line."""
    return Statement(book.statement(after, limit, _now_ms()))


@get("/ledger")
async def ledger(book: Book) -> dict[str, dict[str, int]]:
    """The oracle: what was really booked, per end-to-end id."""
    return book.ledger()


@post("/behaviour", status_code=201)
async def misbehave(data: JSONBody[Misbehaviour], book: Book) -> list[Fault]:
    """Plan a fault; all faults so far with their hits."""
    delay_ms = min(data.delay_ms, FAULT_DELAY_MS_MAX)
    book.plan_fault(data.kind, data.matches, data.times, delay_ms, data.reason)
    return book.faults()


@post("/behaviour/reset", status_code=200)
async def behave(book: Book) -> list[Fault]:
    """Play no fault any more."""
    book.forget_faults()
    return book.faults()


@get("/behaviour")
async def behaviour(book: Book) -> list[Fault]:
    """All faults with their hits."""
    return book.faults()


@get("/healthz")
async def healthz() -> dict[str, str]:
    """It runs."""
    return {"status": "ok"}


def _now_ms() -> int:
    return int(real_now().timestamp() * 1000)


def moody(book: Book) -> Callable[[ASGIApp], ASGIApp]:
    """The faults of the line itself: down, and an answer that is lost on its way."""

    def middleware(app: ASGIApp) -> ASGIApp:
        async def respond(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != ScopeType.HTTP or scope["path"].rstrip("/").startswith(tuple(UNDISTURBED)):
                await app(scope, receive, send)
                return
            if book.play("down", scope["path"]):
                down: Response[dict[str, str]] = Response(
                    {"detail": "down"}, status_code=HTTPStatus.SERVICE_UNAVAILABLE
                )
                await _answer(down, scope, receive, send)
                return
            scope["state"]["drop_reply"] = False

            async def cut(message: Message) -> None:
                # The head goes out, the body never does: the server then closes the connection.
                if message["type"] == "http.response.body" and scope["state"]["drop_reply"]:
                    return
                await send(message)

            await app(scope, receive, cut)

        return respond

    return middleware


async def _answer(response: Response[Any], scope: Scope, receive: Receive, send: Send) -> None:
    send_response: Callable[[Scope, Receive, Send], Awaitable[None]] = response.to_asgi_response(None, Request(scope))
    await send_response(scope, receive, send)


def make_app(folder: Path, clock: Clock) -> Litestar:
    """The bank over the book in `folder`; `clock` gives the booking date."""
    folder.mkdir(parents=True, exist_ok=True)
    book = Book(folder / "bank.sqlite")
    desk = Desk(clock)
    return Litestar(
        route_handlers=[take_batch, batch, payment, statement, ledger, misbehave, behave, behaviour, healthz],
        dependencies={
            "book": Provide(lambda: book, sync_to_thread=False),
            "desk": Provide(lambda: desk, sync_to_thread=False),
        },
        middleware=[moody(book)],
        on_shutdown=[book.close],
        openapi_config=None,
    )
