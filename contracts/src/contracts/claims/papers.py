"""Events of claims: papers handed in, what was read from them, what the member confirmed."""

from __future__ import annotations

from contracts.envelope import Event, Sealed, Upcaster, Value


class FieldRead(Value, frozen=True, kw_only=True):
    """How surely a field was read, in percent; its value stands in the sealed reading."""

    name: str
    confidence: int


class DocumentStored(Event, frozen=True, kw_only=True):
    """A paper was handed in and is kept sealed (domain 4.1). Stream `document-<id>`.

    `kind` as in a claim's documents; `sha256` of the sealed bytes, which is where they are kept; `format` JPEG,
    PNG, HEIC or PDF; `kept_until` an ISO date; `same_image_as` the first document of the same picture, or "".
    """

    document_id: str
    person_id: str
    org_path: str
    kind: str
    category: str
    sha256: str
    format: str
    pages: int
    size_bytes: int
    kept_until: str
    claim_id: str
    same_image_as: str
    by: str


class DocumentRead(Event, frozen=True, kw_only=True):
    """A machine proposed what stands on a paper (domain 4.1). Stream `document-<id>`.

    `findings` are codes of what a person should look at: a wrong check character, an expired card, a name that
    is not the roster's. They never refuse anything by themselves (domain 4.10).
    """

    document_id: str
    person_id: str
    reading: Sealed
    fields: tuple[FieldRead, ...]
    findings: tuple[str, ...]


class ReadingUnavailable(Event, frozen=True, kw_only=True):
    """No machine could read the paper; people type what stands on it. Stream `document-<id>`.

    `reason`: NO_READER where none is installed, GAVE_UP after every attempt failed.
    """

    document_id: str
    person_id: str
    reason: str


class ReadingConfirmed(Event, frozen=True, kw_only=True):
    """Somebody said what stands on a paper (domain 4.1); a later confirmation replaces it. Stream `document-<id>`.

    `edited` names the fields that differ from what the machine read: a signal of domain 4.10, no more.
    """

    document_id: str
    person_id: str
    reading: Sealed
    edited: tuple[str, ...]
    findings: tuple[str, ...]
    by: str


EVENTS: dict[str, type[Event]] = {
    "claims.document-stored.v1": DocumentStored,
    "claims.document-read.v1": DocumentRead,
    "claims.reading-unavailable.v1": ReadingUnavailable,
    "claims.reading-confirmed.v1": ReadingConfirmed,
}
UPCASTERS: dict[str, Upcaster] = {}
