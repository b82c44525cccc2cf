"""A library that lends books: the domain the chassis is tested with, so that it stays free of any other."""

from __future__ import annotations

from dataclasses import dataclass, replace

import sqlalchemy as sa

from chassis.decider import Decider, Rejected
from chassis.log import Group, Recorded, StreamAppend, Written
from chassis.projections import Count, Patch, Projection, Put, Write
from contracts.envelope import Catalog, Envelope, Event

LOANS_MAX = 1_000_000


class BookAdded(Event, frozen=True, kw_only=True):
    book_id: str
    title: str = ""


class BookLent(Event, frozen=True, kw_only=True):
    book_id: str
    reader: str


class BookReturned(Event, frozen=True, kw_only=True):
    book_id: str
    reader: str


EVENTS: dict[str, type[Event]] = {
    "library.book-added.v1": BookAdded,
    "library.book-lent.v1": BookLent,
    "library.book-returned.v1": BookReturned,
}
CATALOG = Catalog(EVENTS)


@dataclass(frozen=True)
class Absent:
    pass


@dataclass(frozen=True)
class Shelved:
    book_id: str
    loans: int = 0


@dataclass(frozen=True)
class Out:
    book_id: str
    reader: str
    loans: int


Book = Absent | Shelved | Out


def evolve(book: Book, event: Event) -> Book:
    match event, book:
        case BookAdded(), _:
            return Shelved(event.book_id)
        case BookLent(), Shelved():
            return Out(event.book_id, event.reader, book.loans + 1)
        case BookReturned(), Out():
            return Shelved(event.book_id, book.loans)
        case _:
            return book


@dataclass(frozen=True)
class AddBook:
    book_id: str


@dataclass(frozen=True)
class LendBook:
    book_id: str
    reader: str


@dataclass(frozen=True)
class ReturnBook:
    book_id: str
    reader: str


def decide(command: AddBook | LendBook | ReturnBook, book: Book) -> list[Event]:
    match command, book:
        case AddBook(), Absent():
            return [BookAdded(book_id=command.book_id)]
        case AddBook(), _:
            return []
        case _, Absent():
            raise Rejected("book-unknown", "No such book.")
        case LendBook(), Shelved():
            return [BookLent(book_id=command.book_id, reader=command.reader)]
        case LendBook(), Out():
            if book.reader == command.reader:
                return []
            raise Rejected("book-out", "Somebody else has it.")
        case ReturnBook(), Out():
            return [BookReturned(book_id=command.book_id, reader=command.reader)]
        case ReturnBook(), Shelved():
            return []
    raise AssertionError(command)


BOOK: Decider = Decider("book", Absent(), evolve, decide)

BOOKS = sa.Table(
    "books",
    sa.MetaData(),
    sa.Column("book_id", sa.Text, primary_key=True),
    sa.Column("reader", sa.Text),
    sa.Column("loans", sa.BigInteger, server_default="0"),
    sa.Index("books_reader", "reader"),
)


def apply(recorded: Recorded) -> list[Write]:
    match recorded.event:
        case BookAdded(book_id=book_id):
            return [Put((book_id,), reader=None, loans=0)]
        case BookLent(book_id=book_id, reader=reader):
            return [Patch((book_id,), reader=reader), Count((book_id,), loans=1)]
        case BookReturned(book_id=book_id):
            return [Patch((book_id,), reader=None)]
    return []


BOOKS_PROJECTION = Projection("books", 1, "library", BOOKS, apply)

READERS = sa.Table(
    "readers",
    sa.MetaData(),
    sa.Column("reader", sa.Text, primary_key=True),
    sa.Column("loans", sa.BigInteger, server_default="0"),
)


def apply_readers(recorded: Recorded) -> list[Write]:
    match recorded.event:
        case BookLent(reader=reader):
            return [Count((reader,), loans=1)]
    return []


READERS_PROJECTION = Projection("readers", 1, "library", READERS, apply_readers)


def envelope(event: Event, stream: str, version: int, ident: str = "e") -> Envelope:
    return Envelope(
        specversion="1.0",
        id=ident,
        source="/huzhu/library",
        type=CATALOG.wire_type(event),
        subject=stream,
        time="2022-01-01T00:00:00.000000Z",
        datacontenttype="application/json",
        streamversion=version,
        actorsub="system",
        actororg="620000",
        actorpath="620000",
        actorroles="system",
        data=event,
    )


def append(stream: str, expected: int, *events: Event, ident: str = "e") -> StreamAppend:
    written = []
    for offset, event in enumerate(events, start=1):
        body = CATALOG.encode(envelope(event, stream, expected + offset, f"{ident}.{offset}"))
        written.append(Written(expected + offset, CATALOG.wire_type(event), body))
    return StreamAppend(stream, expected, tuple(written))


def group(stream: str, expected: int, *events: Event, **more: object) -> Group:
    return replace(Group(appends=[append(stream, expected, *events)]), **more)  # type: ignore[arg-type]
