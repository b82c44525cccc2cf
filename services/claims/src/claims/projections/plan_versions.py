"""Read model `plan_versions`: who signed which version of a plan's rules, and whether both have."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from claims.domain.plan_version import SIGNERS
from contracts.claims.rules import PlanVersionAdopted, PlanVersionSigned

NAME = "plan_versions"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("plan_code", sa.Text, primary_key=True),
    sa.Column("plan_version", sa.Integer, primary_key=True),
    sa.Column("role", sa.Text, primary_key=True),
    sa.Column("rules_sha256", sa.Text, nullable=False),
    sa.Column("signed_by", sa.Text, nullable=False),
    sa.Column("signed_at", sa.Text, nullable=False),
    sa.Column("adopted", sa.Boolean, nullable=False, server_default=sa.false()),
)
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a signature."""
    match recorded.event:
        case PlanVersionSigned() as event:
            yield Put(
                (event.plan_code, event.plan_version, event.role),
                rules_sha256=event.rules_sha256,
                signed_by=event.by,
                signed_at=recorded.header.time,
            )
        case PlanVersionAdopted() as event:
            for role in SIGNERS:
                yield Patch((event.plan_code, event.plan_version, role), adopted=True)
        case _:
            pass


PROJECTION = Projection(name=NAME, version=1, source="claims", table=TABLE, apply=apply)


class Signature(msgspec.Struct, frozen=True):
    """Who signed, in which role, which rules, when."""

    role: str
    rules_sha256: str
    signed_by: str
    signed_at: str
    adopted: bool


async def signatures(c: AsyncConnection) -> dict[tuple[str, int], list[Signature]]:
    """The signatures of every version, at most two each."""
    columns = [C[name] for name in Signature.__struct_fields__]
    query = sa.select(C.plan_code, C.plan_version, *columns).order_by(C.plan_code, C.plan_version, C.role)
    found: dict[tuple[str, int], list[Signature]] = {}
    for code, version, *row in await c.execute(query):
        found.setdefault((code, version), []).append(Signature(*row))
    return found
