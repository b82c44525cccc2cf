"""A paper: stored once, read by a machine or not, confirmed by people (domain 4.1)."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.decider import Decider, Rejected
from claims.domain.reading import ID_KINDS, READABLE
from contracts.claims.papers import DocumentRead, DocumentStored, FieldRead, ReadingConfirmed, ReadingUnavailable
from contracts.envelope import Sealed

IDENTITY_KINDS = frozenset({*ID_KINDS, "HUKOU_PAGE", "KINSHIP_PROOF", "DRIVING_LICENCE"})
BANK_KINDS = frozenset({"BANK_CARD", "CLAIMANT_BANK_CARD"})
NO_READER = "NO_READER"
GAVE_UP = "GAVE_UP"


def category_of(kind: str) -> str:
    """Under which of the person's keys a paper of this kind is sealed; whatever may tell of health is health."""
    return "identity" if kind in IDENTITY_KINDS else "bank" if kind in BANK_KINDS else "health"


@dataclass(frozen=True)
class Absent:
    """Not handed in."""


@dataclass(frozen=True)
class Stored:
    """Kept, and nothing said yet of what stands on it."""

    stored: DocumentStored


@dataclass(frozen=True)
class Read:
    """A machine has proposed what stands on it; without a reading none could."""

    stored: DocumentStored
    reading: Sealed | None


@dataclass(frozen=True)
class Confirmed:
    """People have said what stands on it; `reading` is still the machine's."""

    stored: DocumentStored
    reading: Sealed | None
    confirmed: Sealed


Document = Absent | Stored | Read | Confirmed
DocumentEvent = DocumentStored | DocumentRead | ReadingUnavailable | ReadingConfirmed


def evolve(document: Document, event: DocumentEvent) -> Document:
    """The paper after one more event."""
    match event, document:
        case DocumentStored(), _:
            return Stored(event)
        case DocumentRead(), Stored(stored):
            return Read(stored, event.reading)
        case ReadingUnavailable(), Stored(stored):
            return Read(stored, None)
        case ReadingConfirmed(), Stored(stored):
            return Confirmed(stored, None, event.reading)
        case ReadingConfirmed(), Read(stored, reading) | Confirmed(stored, reading, _):
            return Confirmed(stored, reading, event.reading)
        case _:
            return document


@dataclass(frozen=True)
class StoreDocument:
    """Remember a paper that is kept already."""

    stored: DocumentStored


@dataclass(frozen=True)
class RecordReading:
    """Take a machine's proposal."""

    reading: Sealed
    fields: tuple[FieldRead, ...]
    findings: tuple[str, ...]


@dataclass(frozen=True)
class RecordUnreadable:
    """Say that no machine can read it."""

    reason: str


@dataclass(frozen=True)
class ConfirmReading:
    """Say what stands on it. `unchanged`: the same is confirmed already, found on the opened values."""

    reading: Sealed
    edited: tuple[str, ...]
    findings: tuple[str, ...]
    unchanged: bool
    by: str


DocumentCommand = StoreDocument | RecordReading | RecordUnreadable | ConfirmReading


def decide(command: DocumentCommand, document: Document) -> list[DocumentEvent]:
    """What becomes of the command. Raises Rejected."""
    match command, document:
        case StoreDocument(), Absent():
            return [command.stored]
        case _, Absent():
            raise Rejected("document-unknown", "There is no such document.", "document_id")
        case StoreDocument(), known:
            if known.stored.sha256 != command.stored.sha256:
                raise Rejected("document-exists", "This id is another document's.", "document_id")
            return []
        case RecordReading(), Stored():
            stored = document.stored
            return [
                DocumentRead(
                    document_id=stored.document_id,
                    person_id=stored.person_id,
                    reading=command.reading,
                    fields=command.fields,
                    findings=command.findings,
                )
            ]
        case RecordUnreadable(), Stored():
            stored = document.stored
            return [
                ReadingUnavailable(document_id=stored.document_id, person_id=stored.person_id, reason=command.reason)
            ]
        case RecordReading(), _:
            return []  # one reading is enough, and what people have said is not proposed again
        case RecordUnreadable(), _:
            return []
        case ConfirmReading(), Stored():
            if document.stored.kind in READABLE:
                raise Rejected("reading-not-ready", "The document has not been read yet; ask again soon.")
            raise Rejected("nothing-to-confirm", "Nothing is read from a document of this kind.")
        case ConfirmReading(), known:
            return [] if command.unchanged else [_confirmed(command, known.stored)]


def _confirmed(command: ConfirmReading, stored: DocumentStored) -> ReadingConfirmed:
    return ReadingConfirmed(
        document_id=stored.document_id,
        person_id=stored.person_id,
        reading=command.reading,
        edited=command.edited,
        findings=command.findings,
        by=command.by,
    )


DOCUMENT: Decider[DocumentCommand, Document, DocumentEvent] = Decider("document", Absent(), evolve, decide)
