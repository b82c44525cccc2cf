"""Read model `kin`: under which random ids claims keeps data of others in a person's matters (PIPL 47).

Heirs and other payees, relatives who act, who called: their keys go with the person's; nothing else leads to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.claims.heirs import ClaimPhoned
from contracts.claims.process import PayeesConfirmed
from contracts.claims.relief import ReliefFiled
from contracts.claims.v1 import ClaimFiled
from contracts.envelope import Event
from enrolment.projections import person_claims

NAME = "kin"
SELF = "SELF"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("subject_id", sa.Text, primary_key=True),
    sa.Column("case_id", sa.Text, nullable=False, index=True),
    sa.Column("person_id", sa.Text, nullable=False, index=True),
)
"""`case_id` is the claim or relief case; `person_id` whose it is, "" where the event names the claim alone."""


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a random id. A member who is paid is known by the own id, and is never kin of anybody."""
    match recorded.event:
        case ClaimFiled() as event:
            agent = [event.agent.agent_id] if event.agent else []
            paid = [payee.payee_id for payee in event.payees if payee.payee_id != event.person_id]
            yield from _rows(event.claim_id, event.person_id, [*paid, *agent])
        case PayeesConfirmed(claim_id=claim_id, payees=payees):
            yield from _rows(claim_id, "", [payee.payee_id for payee in payees if payee.relation != SELF])
        case ClaimPhoned() as event:
            yield from _rows(event.claim_id, event.person_id, [event.informant_id])
        case ReliefFiled() as event:
            paid = [payee.payee_id for payee in event.payees if payee.payee_id != event.person_id]
            yield from _rows(event.relief_id, event.person_id, paid)
        case _:
            pass


def _rows(case_id: str, person_id: str, subject_ids: Iterable[str]) -> Iterator[Write]:
    for subject_id in dict.fromkeys(subject_ids):
        yield Put((subject_id,), case_id=case_id, person_id=person_id)


EVENTS: frozenset[type[Event]] = frozenset({ClaimFiled, PayeesConfirmed, ClaimPhoned, ReliefFiled})
PROJECTION = Projection(name=NAME, version=1, source="claims", table=TABLE, apply=apply, events=EVENTS)


async def of_person(c: AsyncConnection, person_id: str) -> list[str]:
    """The random ids in all matters of a person."""
    claims = person_claims.TABLE
    own = sa.select(claims.c.claim_id).where(claims.c.person_id == person_id)
    query = sa.select(TABLE.c.subject_id).where((TABLE.c.person_id == person_id) | TABLE.c.case_id.in_(own))
    return [*(await c.scalars(query.order_by(TABLE.c.subject_id)))]
