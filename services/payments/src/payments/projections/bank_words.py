"""What a bank has said of each attempt's money: gone out, come back; and where two people have judged it since."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.payments.bank import DisputeEnded
from contracts.payments.v1 import PayoutDisputed, PayoutReturned, PayoutSettled

NAME = "bank_words"
BOOKED, BACK, JUDGED = "booked", "back", "judged"
SAID = {"BOOKED": BOOKED, "RETURNED": BACK, "REVERSED": BACK}

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("payout_id", sa.Text, primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True),
    sa.Column("word", sa.Text, primary_key=True),
    sa.Column("reference", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
)
"""One row a thing said: with one reference of the bank it is one, however often and of whatever amount it is told.

`position` is that of the last time. What lies before the attempt's `judged` counts no longer.
"""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row for each reference under which money went out or came back, and one for the last judgement."""
    match recorded.event:
        case PayoutSettled() as event:
            key = (event.payout_id, event.attempt, BOOKED, event.bank_reference)
        case PayoutReturned() as event if event.after_booking or event.reversal:
            key = (event.payout_id, event.attempt, BACK, event.bank_reference)
        case PayoutDisputed() as event if event.outcome in SAID:
            key = (event.payout_id, event.attempt, SAID[event.outcome], event.bank_reference)
        case DisputeEnded() as event:
            key = (event.payout_id, event.attempt, JUDGED, "")
        case _:
            return []
    return [Put(key, position=recorded.position)]


PROJECTION = Projection(NAME, version=1, source="payments", table=TABLE, apply=apply)


def maybe_paid(
    payout_id: sa.ColumnElement[str], attempt: sa.ColumnElement[int] | None = None
) -> sa.ColumnElement[bool]:
    """Whether an attempt of a payout (or this one) has been told booked more often than back.

    It says what `payout_stages.maybe_paid` says, so that a draft offers what the domain takes.
    """
    word = TABLE.alias("word").c
    of = [word.payout_id == payout_id, word.word != JUDGED, word.position > judged_at(word.payout_id, word.attempt)]
    if attempt is not None:
        of.append(word.attempt == attempt)
    gone, come = (sa.func.count().filter(word.word == one) for one in (BOOKED, BACK))
    told = sa.select(sa.literal(1)).select_from(word.payout_id.table).where(*of).group_by(word.attempt)
    correlated = [column.table for column in (payout_id, attempt) if isinstance(column, sa.Column)]
    return told.having(gone > come).correlate(*correlated).exists()


def judged_at(payout_id: sa.ColumnElement[str], attempt: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """The position at which two people said what became of an attempt; 0 where nobody has."""
    judged = TABLE.alias("judged").c
    found = sa.select(judged.position).where(
        judged.payout_id == payout_id, judged.attempt == attempt, judged.word == JUDGED
    )
    return sa.func.coalesce(found.scalar_subquery(), 0)
