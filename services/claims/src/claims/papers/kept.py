"""Where papers are kept: sealed for their person, under the digest of their sealed bytes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import Session
from chassis.files import DiskStore, Kept, Vault
from chassis.keyring import Erased
from claims.domain.reading import Registered
from claims.projections import documents, identities
from contracts.claims.v1 import Document
from contracts.person import Identity

FOLDER = "papers"
IMAGE_PURPOSE = "paper"
"""The purpose of the keyed index by which a picture is recognised when it comes again; never part of an event."""
IMAGE_SCOPE, OWN_SCOPE = "paper-image", "paper"
"""Reservations: a picture to its first document, and a person's picture of a kind to theirs."""
READING_FIELD = "claims.document-read.v1/reading"
CONFIRMED_FIELD = "claims.reading-confirmed.v1/reading"


def vault_of(context: Context) -> Vault:
    """Where the service keeps its files."""
    return Vault(DiskStore(Path(context.settings.documents)), context.keyring)


async def keep(context: Context, content: bytes, person_id: str, category: str, until: date) -> Kept:
    """Seal a paper for its person and keep it durably."""
    return await vault_of(context).keep_by_digest(
        FOLDER, content, subject=person_id, category=category, expires_on=until
    )


async def take(context: Context, sha256: str, person_id: str) -> bytes:
    """The plain bytes. Raises ObjectAbsent, Erased, Restricted, Tampered."""
    return await vault_of(context).take(f"{FOLDER}/{sha256}", subject=person_id)


async def discard(context: Context, sha256: str) -> None:
    """Keep a paper no longer that no event has named."""
    await vault_of(context).discard(f"{FOLDER}/{sha256}")


async def require(context: Context, person_id: str, named: Iterable[Document]) -> None:
    """Every named paper was handed in for this person and is of that kind. Raises Rejected document-unknown.

    A paper that was handed in just now is waited for, bounded.
    """
    wanted = {(one.kind, one.sha256) for one in named}
    if wanted and await _missing(context, person_id, wanted):
        await context.projecting.wait_for(await context.log.head())
        if await _missing(context, person_id, wanted):
            raise Rejected("document-unknown", "A document was not handed in for this person.", "documents")


async def _missing(context: Context, person_id: str, wanted: set[tuple[str, str]]) -> set[tuple[str, str]]:
    async with context.reads.connection() as c:
        return wanted - await documents.kept(c, person_id, sorted({sha256 for _, sha256 in wanted}))


async def registered(session: Session, person_id: str) -> Registered | None:
    """Name and number as the roster has them, for a comparison; None where they are not known or may not be used."""
    async with session.reads.connection() as c:
        sealed = await identities.of_person(c, person_id)
    if sealed is None:
        return None
    try:
        identity = await session.keyring.open(sealed, Identity, subject=person_id, field=identities.FIELD)
    except Erased:
        return None
    return Registered(identity.name, identity.id_no)
