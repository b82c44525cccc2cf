"""Read model `awards`: what each person has been granted in a plan's period."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.claims.v1 import BenefitsAwarded

NAME = "awards"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("plan_code", sa.Text, primary_key=True),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("claim_id", sa.Text, primary_key=True),
    sa.Column("benefit_code", sa.Text, primary_key=True),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    sa.Column("awarded_at", sa.Text, nullable=False),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a benefit of a claim."""
    match recorded.event:
        case BenefitsAwarded() as event:
            for line in event.lines:
                key = (event.plan_code, event.person_id, event.claim_id, line.benefit_code)
                # A raised line tells beside what it adds what it had been granted before.
                whole_fen = line.amount_fen + (line.advanced_fen if event.raised else 0)
                yield Put(key, amount_fen=whole_fen, awarded_at=recorded.header.time)
        case _:
            pass


PROJECTION = Projection(name=NAME, version=2, source="claims", table=TABLE, apply=apply)
