"""Read model `documents`: every paper that was handed in, what was read from it, what was confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Patch, Projection, Put, Write
from contracts.claims.papers import DocumentRead, DocumentStored, ReadingConfirmed, ReadingUnavailable

NAME = "documents"
WAITING, READ, UNAVAILABLE, CONFIRMED = "WAITING", "READ", "READING_UNAVAILABLE", "CONFIRMED"

TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("document_id", sa.Text, primary_key=True),
    sa.Column("person_id", sa.Text, nullable=False),
    sa.Column("org_path", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("format", sa.Text, nullable=False),
    sa.Column("pages", sa.Integer, nullable=False),
    sa.Column("size_bytes", sa.Integer, nullable=False),
    sa.Column("kept_until", sa.Text, nullable=False),
    sa.Column("claim_id", sa.Text, nullable=False),
    sa.Column("same_image_as", sa.Text, nullable=False),
    sa.Column("stored_by", sa.Text, nullable=False),
    sa.Column("stored_at", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reading", sa.LargeBinary, nullable=True),
    sa.Column("confirmed", sa.LargeBinary, nullable=True),
    sa.Column("fields", sa.Text, nullable=False, server_default="[]"),
    sa.Column("findings", sa.Text, nullable=False, server_default="[]"),
    sa.Column("edited", sa.Text, nullable=False, server_default="[]"),
    sa.Index("documents_by_person", "person_id", "position"),
    sa.Index("documents_by_path", "org_path"),
)
"""`reading` and `confirmed` are sealed; `fields`, `findings`, `edited` are JSON."""
C = TABLE.c


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a paper."""
    match recorded.event:
        case DocumentStored() as event:
            yield Put(
                (event.document_id,),
                person_id=event.person_id,
                org_path=event.org_path,
                kind=event.kind,
                sha256=event.sha256,
                format=event.format,
                pages=event.pages,
                size_bytes=event.size_bytes,
                kept_until=event.kept_until,
                claim_id=event.claim_id,
                same_image_as=event.same_image_as,
                stored_by=event.by,
                stored_at=recorded.header.time,
                position=recorded.position,
                state=WAITING,
            )
        case DocumentRead() as event:
            sealed = msgspec.json.encode(event.reading)
            told = {"fields": _json(event.fields), "findings": _json(event.findings)}
            yield Patch((event.document_id,), state=READ, reading=sealed, **told)
        case ReadingUnavailable() as event:
            yield Patch((event.document_id,), state=UNAVAILABLE)
        case ReadingConfirmed() as event:
            sealed = msgspec.json.encode(event.reading)
            told = {"findings": _json(event.findings), "edited": _json(event.edited)}
            yield Patch((event.document_id,), state=CONFIRMED, confirmed=sealed, **told)
        case _:
            pass


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


PROJECTION = Projection(name=NAME, version=1, source="claims", table=TABLE, apply=apply)


class DocumentRow(msgspec.Struct, frozen=True):
    """A paper; the JSON columns are still text, the sealed ones bytes."""

    document_id: str
    person_id: str
    org_path: str
    kind: str
    sha256: str
    format: str
    pages: int
    size_bytes: int
    kept_until: str
    claim_id: str
    same_image_as: str
    stored_by: str
    stored_at: str
    position: int
    state: str
    reading: bytes | None
    confirmed: bytes | None
    fields: str
    findings: str
    edited: str


_COLUMNS = [C[name] for name in DocumentRow.__struct_fields__]


async def one(c: AsyncConnection, document_id: str, visible: sa.ColumnElement[bool]) -> DocumentRow | None:
    """The paper, if there is one that is visible."""
    row = (await c.execute(sa.select(*_COLUMNS).where(C.document_id == document_id, visible))).first()
    return DocumentRow(*row) if row else None


async def of_person(
    c: AsyncConnection, person_id: str, visible: sa.ColumnElement[bool], after: int, limit: int
) -> list[DocumentRow]:
    """A person's papers in the order of their coming, after a position."""
    query = sa.select(*_COLUMNS).where(C.person_id == person_id, C.position > after, visible)
    return [DocumentRow(*row) for row in await c.execute(query.order_by(C.position).limit(limit))]


async def count_of(c: AsyncConnection, person_id: str) -> int:
    """How many papers of a person are kept."""
    query = sa.select(sa.func.count()).select_from(TABLE).where(C.person_id == person_id)
    return int((await c.execute(query)).scalar_one())


async def pictures(c: AsyncConnection, digests: Sequence[str]) -> list[str]:
    """The first documents of the pictures with these digests: the same picture again has the same first document."""
    query = sa.select(C.document_id, C.same_image_as).where(C.sha256.in_(digests))
    return sorted({row.same_image_as or row.document_id for row in await c.execute(query)})


async def edited_among(c: AsyncConnection, person_id: str, digests: Sequence[str]) -> bool:
    """Whether one of the papers was read by a machine and changed by people."""
    query = sa.select(C.document_id).where(C.person_id == person_id, C.sha256.in_(digests))
    query = query.where(C.reading.is_not(None), C.edited != "[]").limit(1)
    return (await c.execute(query)).first() is not None


async def kept(c: AsyncConnection, person_id: str, digests: Sequence[str]) -> set[tuple[str, str]]:
    """Which of the digests are papers of the person: (kind, digest) pairs."""
    query = sa.select(C.kind, C.sha256).where(C.person_id == person_id, C.sha256.in_(digests))
    return {(row.kind, row.sha256) for row in await c.execute(query)}
