"""Read model `flags`: signals of fraud on claims, and what people made of them; the list for office and auditor."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.claims.flags import ClaimFlagged, FlagCleared, FlagConfirmed
from contracts.envelope import Sealed

NAME = "flags"
OPEN, CLEARED, CONFIRMED = "OPEN", "CLEARED", "CONFIRMED"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("flag_id", sa.Text, primary_key=True),
    sa.Column("claim_id", sa.Text, nullable=False),
    sa.Column("signal", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("related", sa.Text, nullable=False),
    sa.Column("raised_on", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default=OPEN),
    sa.Column("note", sa.LargeBinary, nullable=True),
    sa.Column("judged_by", sa.Text, nullable=False, server_default=""),
    sa.Index("flags_by_claim", "claim_id"),
    sa.Index("flags_in_order", "state", "position"),
)
"""`related` is JSON: the other claims; `note` is sealed: why it was judged so."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a flag."""
    match recorded.event:
        case ClaimFlagged() as event:
            yield Put(
                (event.flag_id,),
                claim_id=event.claim_id,
                signal=event.signal,
                org_path=event.org_path,
                related=msgspec.json.encode(event.related).decode(),
                raised_on=event.raised_on,
                position=recorded.position,
            )
        case FlagCleared() as event:
            yield Patch((event.flag_id,), state=CLEARED, note=_bytes(event.note), judged_by=event.by)
        case FlagConfirmed() as event:
            yield Patch((event.flag_id,), state=CONFIRMED, note=_bytes(event.note), judged_by=event.by)
        case _:
            pass


def _bytes(note: Sealed | None) -> bytes | None:
    return msgspec.json.encode(note) if note else None


PROJECTION = Projection(name=NAME, version=1, source="claims", table=TABLE, apply=apply)


class FlagView(msgspec.Struct, frozen=True):
    """A flag: OPEN, CLEARED or CONFIRMED."""

    flag_id: str
    claim_id: str
    signal: str
    related: list[str]
    raised_on: str
    state: str
    note: str
    judged_by: str
    position: int


async def page(
    c: AsyncConnection, visible: sa.ColumnElement[bool], filters: dict[str, str], after: int, limit: int
) -> tuple[list[FlagView], list[Sealed | None]]:
    """Flags in the order they were raised, after a position, their notes apart; `filters` by column."""
    columns = [C[name] for name in FlagView.__struct_fields__]
    query = sa.select(*columns).where(visible, C.position > after)
    for name, value in filters.items():
        query = query.where(C[name] == value)
    rows = [row._mapping for row in await c.execute(query.order_by(C.position).limit(limit))]  # noqa: SLF001 - SQLAlchemy's public name for it
    notes = [msgspec.json.decode(row["note"], type=Sealed) if row["note"] else None for row in rows]
    return [FlagView(**{**row, "related": msgspec.json.decode(row["related"]), "note": ""}) for row in rows], notes


async def barred(c: AsyncConnection, claim_ids: Iterable[str]) -> set[str]:
    """Which of the claims must not be paid without a person: a flag is open or was found right."""
    query = sa.select(C.claim_id).where(C.claim_id.in_([*claim_ids]), C.state != CLEARED).distinct()
    return {claim_id for (claim_id,) in await c.execute(query)}
