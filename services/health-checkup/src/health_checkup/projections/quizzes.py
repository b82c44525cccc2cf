"""Quizzes, from their opening to the draw."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import in_subtree
from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.envelope import Actor
from contracts.health_checkup.quizzes import QuizClosed, QuizDrawn, QuizOpened, QuizQuestion
from health_checkup.domain import draw
from health_checkup.domain.quiz import pass_mark_of

NAME = "quizzes"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("quiz_id", sa.Text, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("questions", sa.Text, nullable=False),
    sa.Column("first_day", sa.Text, nullable=False),
    sa.Column("last_day", sa.Text, nullable=False),
    sa.Column("prizes", sa.Integer, nullable=False),
    sa.Column("seed_sha256", sa.Text, nullable=False),
    sa.Column("pass_mark", sa.Integer, nullable=False),
    sa.Column("one_prize_each", sa.Boolean, nullable=False),
    sa.Column("answers", sa.Text, nullable=True),
    sa.Column("salt", sa.Text, nullable=True),
    sa.Column("up_to", sa.BigInteger, nullable=True),
    sa.Column("entries", sa.Integer, nullable=True),
    sa.Column("drawn_from", sa.Integer, nullable=True),
    sa.Column("entries_sha256", sa.Text, nullable=True),
    sa.Column("closed_on", sa.Text, nullable=True),
    sa.Column("seed", sa.Text, nullable=True),
    sa.Column("winners", sa.Text, nullable=True),
    sa.Column("heads", sa.Text, nullable=True),
    sa.Column("drawn_on", sa.Text, nullable=True),
)
"""`questions`, `answers`, `winners` and the winners' `heads` are JSON; `up_to` is a position of the log."""


class QuizRow(msgspec.Struct, frozen=True):
    """One quiz; what is not yet said is empty."""

    quiz_id: str
    title: str
    org_path: str
    questions: tuple[QuizQuestion, ...]
    first_day: str
    last_day: str
    prizes: int
    seed_sha256: str
    pass_mark: int
    one_prize_each: bool
    answers: tuple[int, ...] = ()
    salt: str = ""
    up_to: int = 0
    entries: int = 0
    drawn_from: int = 0
    entries_sha256: str = ""
    closed_on: str = ""
    seed: str = ""
    winners: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    drawn_on: str = ""


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a quiz."""
    match recorded.event:
        case QuizOpened() as event:
            yield Put(
                (event.quiz_id,),
                title=event.title,
                org_path=event.org_path,
                questions=msgspec.json.encode(event.questions).decode(),
                first_day=event.first_day,
                last_day=event.last_day,
                prizes=event.prizes,
                seed_sha256=event.seed_sha256,
                pass_mark=pass_mark_of(event),
                one_prize_each=event.one_prize_each,
            )
        case QuizClosed() as event:
            yield Patch(
                (event.quiz_id,),
                answers=json.dumps(event.answers),
                salt=event.salt,
                up_to=event.up_to,
                entries=event.entries,
                drawn_from=event.drawn_from,
                entries_sha256=event.entries_sha256,
                closed_on=event.closed_on,
            )
        case QuizDrawn() as event:
            heads = [draw.head(event.quiz_id, person_id) for person_id in event.person_ids]
            yield Patch(
                (event.quiz_id,),
                seed=event.seed,
                winners=json.dumps(event.winners),
                heads=json.dumps(heads),
                drawn_on=event.drawn_on,
            )
        case _:
            pass


async def find(c: AsyncConnection, quiz_id: str, actor: Actor | None = None) -> QuizRow | None:
    """The quiz, if it lies in the actor's subtree; without an actor, wherever it lies."""
    query = sa.select(TABLE).where(TABLE.c.quiz_id == quiz_id)
    if actor is not None:
        query = query.where(in_subtree(TABLE.c.org_path, actor))
    row = (await c.execute(query)).mappings().first()
    return None if row is None else _row(row)


def _row(row: sa.RowMapping) -> QuizRow:
    known = {str(name): value for name, value in row.items() if value is not None}
    lists = {name: json.loads(known.pop(name, "[]")) for name in ("questions", "answers", "winners", "heads")}
    return msgspec.convert({**known, **lists}, QuizRow)


async def listed(
    c: AsyncConnection, after: str, limit: int, actor: Actor | None, held_by: Collection[str], day: str
) -> list[QuizRow]:
    """Quizzes by first day and id; `after` is `<first day>.<id>` of the last one seen, or "".

    All of an actor's subtree; without an actor those of the organisations `held_by` that are open on an ISO day.
    """
    t = TABLE.c
    query = sa.select(TABLE)
    if actor is not None:
        query = query.where(in_subtree(t.org_path, actor))
    else:
        query = query.where(t.org_path.in_(held_by), t.first_day <= day, t.last_day >= day, t.closed_on.is_(None))
    if after:
        first_day, _, quiz_id = after.partition(".")
        query = query.where(sa.tuple_(t.first_day, t.quiz_id) > sa.tuple_(sa.literal(first_day), sa.literal(quiz_id)))
    rows = (await c.execute(query.order_by(t.first_day, t.quiz_id).limit(limit))).mappings()
    return [_row(row) for row in rows]


PROJECTION = Projection(NAME, 2, "health_checkup", TABLE, apply)
