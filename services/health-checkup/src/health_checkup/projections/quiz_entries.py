"""Members' entries in quizzes, in the order of their ids, as the draw wants them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.health_checkup.quizzes import QuizDrawn, QuizEntered

NAME = "quiz_entries"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("entry_id", sa.Text, primary_key=True),
    sa.Column("quiz_id", sa.Text, nullable=False, index=True),
    sa.Column("person_id", sa.Text, nullable=False),
    sa.Column("day", sa.Text, nullable=False),
    sa.Column("answers", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("won", sa.Boolean, nullable=False, server_default=sa.false()),
)
"""`answers` is JSON, `position` the log's."""


class OwnEntry(msgspec.Struct, frozen=True):
    """An entry with what was chosen."""

    entry_id: str
    person_id: str
    day: str
    answers: tuple[int, ...]
    won: bool


class Turnout(msgspec.Struct, frozen=True):
    """How many entries by how many people."""

    entries: int
    people: int


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row an entry."""
    match recorded.event:
        case QuizEntered() as event:
            yield Put(
                (event.entry_id,),
                quiz_id=event.quiz_id,
                person_id=event.person_id,
                day=event.day,
                answers=json.dumps(event.answers),
                position=recorded.position,
            )
        case QuizDrawn(winners=winners):
            for entry_id in winners:
                yield Patch((entry_id,), won=True)
        case _:
            pass


async def turnout(c: AsyncConnection, quiz_id: str, up_to: int | None = None) -> Turnout:
    """Of a quiz, up to a position of the log if one is given."""
    t = TABLE.c
    query = sa.select(sa.func.count(), sa.func.count(sa.distinct(t.person_id))).where(t.quiz_id == quiz_id)
    if up_to is not None:
        query = query.where(t.position <= up_to)
    entries, people = (await c.execute(query)).one()
    return Turnout(entries, people)


async def passed(
    c: AsyncConnection,
    quiz_id: str,
    answers: tuple[int, ...],
    pass_mark: int,
    up_to: int,
    *,
    after: str = "",
    limit: int | None = None,
) -> dict[str, str]:
    """Entries with at least `pass_mark` right answers, up to a position of the log: whose, by id and sorted by it."""
    t = TABLE.c
    # The ids are hexadecimal, so every collation sorts them alike.
    query = sa.select(t.entry_id, t.person_id).order_by(t.entry_id).limit(limit)
    query = query.where(t.quiz_id == quiz_id, t.position <= up_to, t.entry_id > after)
    if pass_mark >= len(answers):
        query = query.where(t.answers == json.dumps(answers))
    elif pass_mark > 0:
        # Behind an offset, so that each entry's text is read once and not for every question.
        read = sa.select(sa.cast(t.answers, JSONB).label("chosen")).correlate(TABLE).offset(0).lateral()
        query = query.join(read, sa.true()).where(_count_right(read.c.chosen, answers) >= pass_mark)
    return {row.entry_id: row.person_id for row in await c.execute(query)}


def _count_right(chosen: sa.ColumnElement[Any], answers: tuple[int, ...]) -> sa.ColumnElement[int]:
    right = [sa.case((chosen[number].astext == str(answer), 1), else_=0) for number, answer in enumerate(answers)]
    return sum(right[1:], start=right[0])


async def of_person(c: AsyncConnection, quiz_id: str, person_id: str) -> list[OwnEntry]:
    """A member's own entries by day."""
    t = TABLE.c
    return await _entries(c, (t.quiz_id == quiz_id, t.person_id == person_id))


async def won(c: AsyncConnection, quiz_id: str) -> list[OwnEntry]:
    """The winning entries, with whose they are."""
    return await _entries(c, (TABLE.c.quiz_id == quiz_id, TABLE.c.won))


async def _entries(c: AsyncConnection, where: tuple[sa.ColumnElement[bool], ...]) -> list[OwnEntry]:
    t = TABLE.c
    query = sa.select(t.entry_id, t.person_id, t.day, t.answers, t.won).where(*where).order_by(t.day, t.entry_id)
    rows = (await c.execute(query)).mappings()
    return [OwnEntry(**{**row, "answers": tuple(json.loads(row["answers"]))}) for row in rows]


PROJECTION = Projection(NAME, 1, "health_checkup", TABLE, apply)
