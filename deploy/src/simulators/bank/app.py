"""The bank's HTTP face: take a batch, tell its fate, show the account, misbehave when asked to."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import date
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
from simulators.bank.book import BatchDiffers, Book, Told
from simulators.bank.documents import Dialect, Unreadable
from simulators.bank.faults import Fault
from simulators.bank.iso import Iso20022
from simulators.bank.plain import PlainCsv

MESSAGES_MAX = 500
FAULT_DELAY_MS_MAX = 120_000
FAULT_DELAY_DAYS_MAX = 60
UNDISTURBED = frozenset({"/behaviour", "/ledger", "/entries", "/healthz"})
"""The judge's paths: they answer even while the bank plays down."""
DIALECTS: dict[str, Dialect] = {one.media_type: one for one in (Iso20022(), PlainCsv())}


class Telling(msgspec.Struct, frozen=True):
    """A message as it is fetched: its number, the kind of its document, the document."""

    number: int
    kind: str
    document: str


class Mailbox(msgspec.Struct, frozen=True):
    """Messages in order."""

    messages: list[Telling]


class Days(msgspec.Struct, frozen=True):
    """The days of which there is a statement."""

    days: list[str]


class Movement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The account moves without an order of ours: a donor pays in (positive), the bank takes a charge (negative)."""

    reference: str
    amount_fen: int
    end_to_end_id: str = ""


class Misbehaviour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fault to play: `matches` is an end-to-end id, a batch id, the last six digits of a card, or "" for anything.

    delay: results are told after `delay_ms` or `delay_days`. silent: booked, never told; the day's statement has it.
    lose: taken, never booked, never told. drop_reply: booked, but the connection ends without an answer.
    slow_reply: booked, answered after `delay_ms`. duplicate: each result twice. contradict: a second, opposite
    result. return_after_booking: 退票 with `reason`, `delay_days` later. reverse: 冲账, `delay_days` later.
    reject: refused with `reason`. wrong_amount: the day's statement shows a fen more. down: 503 without effect.
    down_day: 503 until the business day is over.
    """

    kind: Literal[
        "delay", "silent", "lose", "drop_reply", "slow_reply", "duplicate", "contradict", "return_after_booking",
        "reverse", "reject", "wrong_amount", "down", "down_day", "refuse_file",
    ]  # fmt: skip
    matches: str = ""
    times: int = 1
    delay_ms: int = 0
    delay_days: int = 0
    reason: str = ""


class Desk:
    """Where the bank's calendar stands."""

    def __init__(self, clock: Clock) -> None:
        """`clock` gives the booking dates."""
        self.clock = clock

    @property
    def today(self) -> date:
        """The business date."""
        return self.clock.today()

    @property
    def stamp(self) -> str:
        """The business time as documents carry it."""
        return self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


@post("/batches", status_code=201)
async def take_batch(request: Request[Any, Any, Any], book: Book, desk: Desk) -> Response[bytes]:
    """Take a batch, ISO 20022 or CSV. The same bytes again give the first answer; other bytes of its id are a 409."""
    dialect = _dialect(request.headers.get("content-type", ""))
    document = await request.body()
    try:
        order = dialect.order(document)
    except Unreadable as no:
        raise HTTPException(str(no), status_code=HTTPStatus.UNPROCESSABLE_ENTITY) from None
    refused = book.faults.play("refuse_file", order.batch_id)
    if refused:
        return _refusal(refused, order.batch_id, dialect, desk)
    digest = hashlib.sha256(document).hexdigest()
    try:
        reference = book.take(order.batch_id, digest, list(order.payments), _now_ms(), desk.today)
    except BatchDiffers:
        raise HTTPException("This batch id was used for another batch.", status_code=HTTPStatus.CONFLICT) from None
    subjects = [subject for one in order.payments for subject in (one.end_to_end_id, one.card_suffix)]
    slow = book.faults.play("slow_reply", order.batch_id, *subjects)
    if slow:
        await asyncio.sleep(slow.delay_ms / 1000)
    request.scope["state"]["drop_reply"] = book.faults.play("drop_reply", order.batch_id, *subjects) is not None
    return Response(dialect.receipt(order.batch_id, reference, desk.stamp), media_type=dialect.media_type)


@get("/batches/{batch_id:str}")
async def batch(batch_id: FromPath[str], request: Request[Any, Any, Any], book: Book, desk: Desk) -> Response[bytes]:
    """Whether the bank has a batch; 404 when it has never seen it."""
    dialect = _dialect(request.headers.get("accept", ""))
    reference = book.reference_of(batch_id)
    if reference is None:
        raise NotFoundException("No such batch.")
    return Response(dialect.receipt(batch_id, reference, desk.stamp), media_type=dialect.media_type)


@get("/payments/{end_to_end_id:str}")
async def payment(end_to_end_id: FromPath[str], request: Request[Any, Any, Any], book: Book, desk: Desk) -> Mailbox:
    """What has been told of a payment; 404 when the bank has never seen it."""
    found = book.results(end_to_end_id, _now_ms(), desk.today)
    if found is None:
        raise NotFoundException("No such payment.")
    return _mailbox(found, request, desk)


@get("/messages")
async def messages(
    request: Request[Any, Any, Any],
    book: Book,
    desk: Desk,
    after: Annotated[int, QueryParameter(ge=0)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=MESSAGES_MAX)] = MESSAGES_MAX,
) -> Mailbox:
    """Messages after a number: status reports and pages of the running day's statement."""
    return _mailbox(book.messages(after, limit, _now_ms(), desk.today), request, desk)


@get("/statements")
async def statements(
    book: Book, desk: Desk, after: Annotated[str, QueryParameter(pattern=r"^\d{4}-\d{2}-\d{2}$")]
) -> Days:
    """The days after a day on which the account moved, and that are over."""
    return Days(book.days(date.fromisoformat(after), _now_ms(), desk.today))


@get("/statements/{day:str}")
async def statement(day: FromPath[str], request: Request[Any, Any, Any], book: Book, desk: Desk) -> Response[bytes]:
    """The statement of a day."""
    dialect = _dialect(request.headers.get("accept", ""))
    told = book.day(date.fromisoformat(day), _now_ms(), desk.today)
    return Response(dialect.day(told, desk.stamp), media_type=dialect.media_type)


@get("/ledger")
async def ledger(book: Book) -> dict[str, dict[str, int]]:
    """The oracle: what was really booked, per end-to-end id."""
    return book.ledger()


@post("/entries", status_code=201)
async def move(data: JSONBody[Movement], book: Book, desk: Desk) -> dict[str, str]:
    """Money comes or goes without an order of ours."""
    book.move(data.reference, data.end_to_end_id, data.amount_fen, desk.today)
    return {"status": "booked"}


@post("/behaviour", status_code=201)
async def misbehave(data: JSONBody[Misbehaviour], book: Book) -> list[Fault]:
    """Plan a fault; all faults so far with their hits."""
    delay_ms, delay_days = min(data.delay_ms, FAULT_DELAY_MS_MAX), min(data.delay_days, FAULT_DELAY_DAYS_MAX)
    book.faults.plan(data.kind, data.matches, data.times, delay_ms, delay_days, data.reason)
    return book.faults.all()


@post("/behaviour/reset", status_code=200)
async def behave(book: Book) -> list[Fault]:
    """Play no fault any more."""
    book.faults.forget()
    return book.faults.all()


@get("/behaviour")
async def behaviour(book: Book) -> list[Fault]:
    """All faults with their hits."""
    return book.faults.all()


@get("/healthz")
async def healthz() -> dict[str, str]:
    """It runs."""
    return {"status": "ok"}


def _refusal(fault: Fault, batch_id: str, dialect: Dialect, desk: Desk) -> Response[bytes]:
    """Nothing of the file is kept: a 400, or with a reason a receipt in the file's own words."""
    if not fault.reason:
        raise HTTPException("The file is refused.", status_code=HTTPStatus.BAD_REQUEST)
    return Response(dialect.refusal(batch_id, fault.reason, desk.stamp), media_type=dialect.media_type)


def _dialect(header: str) -> Dialect:
    dialect = DIALECTS.get(header.partition(";")[0].strip())
    if dialect is None:
        raise HTTPException("Speak application/xml or text/csv.", status_code=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    return dialect


def _mailbox(told: list[Told], request: Request[Any, Any, Any], desk: Desk) -> Mailbox:
    dialect = _dialect(request.headers.get("accept", ""))
    tellings = []
    for one in told:
        kind, document = dialect.message(one, desk.stamp)
        encoding = "utf-8" if kind != "csv" else "gb18030"
        tellings.append(Telling(one.number, kind, document.decode(encoding)))
    return Mailbox(tellings)


def _now_ms() -> int:
    return int(real_now().timestamp() * 1000)


def moody(book: Book, desk: Desk) -> Callable[[ASGIApp], ASGIApp]:
    """The faults of the line itself: down, and an answer that is lost on its way."""

    def middleware(app: ASGIApp) -> ASGIApp:
        async def respond(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != ScopeType.HTTP or scope["path"].rstrip("/").startswith(tuple(UNDISTURBED)):
                await app(scope, receive, send)
                return
            if book.faults.play("down", scope["path"]) or book.faults.down_on(desk.today):
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
        route_handlers=[
            take_batch, batch, payment, messages, statements, statement, ledger, move, misbehave, behave, behaviour,
            healthz,
        ],
        dependencies={
            "book": Provide(lambda: book, sync_to_thread=False),
            "desk": Provide(lambda: desk, sync_to_thread=False),
        },
        middleware=[moody(book, desk)],
        on_shutdown=[book.close],
        openapi_config=None,
    )  # fmt: skip
