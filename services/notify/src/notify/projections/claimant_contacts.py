"""How to reach who is paid for a claim: the payee's sealed contact as the newest claim or relief case published it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa

from chassis.log import Recorded
from chassis.projections import Projection, Put, Write
from contracts.claims.process import PayeesConfirmed
from contracts.claims.relief import ReliefFiled
from contracts.claims.v1 import ClaimFiled

NAME = "claimant_contacts"
MEMBER = "SELF"
"""The member among the payees is also reached as the roster says."""
FIELD = "claims.claim-filed.v1/contact"
"""The field it was sealed in."""
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("payee_id", sa.Text, primary_key=True),
    sa.Column("contact", sa.LargeBinary, nullable=True),
)


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a payee who left a contact, or who is reached in no other way; a later claim's replaces it."""
    match recorded.event:
        case ClaimFiled(payees=payees) | PayeesConfirmed(payees=payees) | ReliefFiled(payees=payees):
            for payee in payees:
                if payee.contact is not None:
                    yield Put((payee.payee_id,), contact=msgspec.json.encode(payee.contact))
                elif payee.relation != MEMBER:
                    yield Put((payee.payee_id,), contact=None)
        case _:
            pass


PROJECTION = Projection(NAME, 3, "claims", TABLE, apply, frozenset({ClaimFiled, PayeesConfirmed, ReliefFiled}))
