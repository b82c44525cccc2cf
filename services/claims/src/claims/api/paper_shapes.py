"""What is asked and answered about papers."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar.params import PathParameter
from msgspec import Meta

from claims.api.shapes import PRINTABLE, Asked

FIELDS_MAX = 20
DocumentId = Annotated[str, PathParameter(min_length=1, max_length=80, pattern=r"^[0-9A-Za-z-]+$")]
FieldName = Annotated[str, Meta(pattern=r"^[a-z_]{1,30}$")]
FieldValue = Annotated[str, Meta(max_length=200, pattern=PRINTABLE)]


class ConfirmAsked(Asked, frozen=True, kw_only=True):
    """Everything that stands on the paper, field to value; dates as ISO dates, money in fen."""

    values: Annotated[dict[FieldName, FieldValue], Meta(min_length=1, max_length=FIELDS_MAX)]


class StoredPaper(msgspec.Struct, frozen=True, kw_only=True):
    """A kept paper: its id, and the digest of its sealed bytes by which a claim names it."""

    document_id: str
    sha256: str
    repeated: bool

    @property
    def http_status(self) -> int | None:
        """A repeat has made nothing."""
        return 200 if self.repeated else None


class ConfirmedReading(msgspec.Struct, frozen=True, kw_only=True):
    """What is confirmed now: the fields that differ from the machine's, and what a person should look at."""

    document_id: str
    edited: tuple[str, ...]
    findings: tuple[str, ...]


class DocumentSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A paper on a list. `same_image_as` names the first document of the same picture (domain 4.10)."""

    document_id: str
    person_id: str
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
    state: str


class DocumentPage(msgspec.Struct, frozen=True, kw_only=True):
    """Papers in the order of their coming; `next_after` goes on, 0 at the end."""

    documents: list[DocumentSummary]
    next_after: int


class FieldView(msgspec.Struct, frozen=True):
    """One field: as read, how surely in percent, as confirmed, and whether the two differ."""

    name: str
    ocr_value: str | None
    confidence: int | None
    confirmed_value: str | None
    edited: bool


class ReadingView(msgspec.Struct, frozen=True, kw_only=True):
    """`state`: WAITING, READ, READING_UNAVAILABLE, CONFIRMED, or NOT_READABLE for kinds that no machine reads."""

    document_id: str
    kind: str
    state: str
    fields: list[FieldView]
    findings: list[str]
