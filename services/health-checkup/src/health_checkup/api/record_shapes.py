"""What is asked and answered around results, findings, records, kiosks and the union's numbers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from health_checkup.api.shapes import Asked, Id, ItemCode, OptionalPackage
from health_checkup.projections.findings import FindingView
from health_checkup.projections.result_problems import ProblemView

VALUE_CHARS_MAX = 20
ADVICE_CHARS_MAX = 2_000
READINGS_MAX = 100
Values = Annotated[dict[ItemCode, Annotated[str, Meta(max_length=VALUE_CHARS_MAX)]], Meta(min_length=1, max_length=100)]


class AmendmentRequest(Asked, frozen=True):
    """Values that came later or were wrong; what is not named stays. `advice` "" leaves the doctor's as it was.

    `package` moves the results to a package with more items, "" leaves them where they are; `born_on` is the ID card's.
    """

    person_id: Id
    values: Values
    advice: Annotated[str, Meta(max_length=ADVICE_CHARS_MAX)] = ""
    package: OptionalPackage = ""
    born_on: date | None = None


class RetractionRequest(Asked, frozen=True):
    """Whose record has another person's results, and how that came about."""

    person_id: Id
    reason: Literal["OTHER_PERSON", "SAMPLES_SWAPPED"]


class ConfirmationRequest(Asked, frozen=True):
    """Whose record has another person's results; `right_person_id` is the other's, "" where it is not known."""

    person_id: Id
    right_person_id: Annotated[str, Meta(max_length=80, pattern=r"^[0-9A-Za-z-]*$")] = ""


class RetractionAnswer(msgspec.Struct, frozen=True):
    """The check-up; `recorded_exam_id` is the right person's, "" for none."""

    exam_id: str
    retracted: bool
    recorded_exam_id: str


class AmendmentAnswer(msgspec.Struct, frozen=True):
    """The check-up's id and version; `finding_id` when something needs a follow-up."""

    exam_id: str
    version: int
    finding_id: str


class EntryProblem(msgspec.Struct, frozen=True):
    """An entry of a file that was not taken; it waits under `problem_id` until it is corrected or dismissed."""

    problem_id: str
    entry: int
    person_id: str
    item: str
    code: str


class FileAnswer(msgspec.Struct, frozen=True):
    """What became of a file: values taken or recorded already, records changed, and every entry not taken."""

    values_taken: int
    records_changed: int
    problems: list[EntryProblem]


class ProblemPage(msgspec.Struct, frozen=True):
    """What waits at a stop to be corrected; `next_after` is empty at the end."""

    problems: list[ProblemView]
    next_after: str


class DismissedAnswer(msgspec.Struct, frozen=True):
    """It waits no longer."""

    problem_id: str


class AttemptRequest(Asked, frozen=True):
    """How the member was tried to be reached, in vain."""

    channel: Literal["PHONE", "SMS", "VISIT"]


class AttemptAnswer(msgspec.Struct, frozen=True):
    """How many attempts there are now."""

    finding_id: str
    attempts: int


class FoundItem(msgspec.Struct, frozen=True):
    """An item that crossed a limit: `flag` low, high or abnormal; its value stands in the record."""

    item: str
    name: str
    flag: str


class StepView(msgspec.Struct, frozen=True):
    """One step of a follow-up or one attempt; `note` is empty once the member's keys are destroyed.

    `finding_class` is named where it was raised, or amended results changed it; "" elsewhere.
    """

    step: str
    channel: str
    note: str
    taken_at: str
    taken_by: str
    finding_class: str = ""


class FindingDetailView(msgspec.Struct, frozen=True):
    """What was found, and everything that was done about it, oldest first."""

    finding: FindingView
    erased: bool
    items: list[FoundItem]
    steps: list[StepView]


class ReportAnswer(msgspec.Struct, frozen=True):
    """Where the report is kept: the digest of its sealed bytes."""

    exam_id: str
    sha256: str
    kept_until: str


class OfferView(msgspec.Struct, frozen=True):
    """A claim that the member may open, and need not: neither day here is a date of diagnosis.

    `illness` is an identifier of the list (domain 3.1), "" once the member's keys are destroyed; `file_at` is where
    the member files.
    """

    offer_id: str
    offered_on: str
    illness: str
    illness_name: str
    benefit: str
    file_at: str
    note: str


class OffersView(msgspec.Struct, frozen=True):
    """A member's offers."""

    offers: list[OfferView]


class PointView(msgspec.Struct, frozen=True):
    """One value of an item on a day; `low` and `high` are the reference range's, as they were for the member then."""

    on: str
    value: str
    flag: str
    low: str
    high: str
    self_measured: bool


class SeriesView(msgspec.Struct, frozen=True):
    """An item over the years, oldest first."""

    item: str
    name: str
    unit: str
    points: list[PointView]


class VersionView(msgspec.Struct, frozen=True):
    """What results said at a time; `reason` is empty for the first ones."""

    version: int
    reason: str
    recorded_on: str
    values: dict[str, str]


class AttachedView(msgspec.Struct, frozen=True):
    """A signed report that may be fetched."""

    sha256: str
    attached_on: str
    kept_until: str


class ItemView(msgspec.Struct, frozen=True):
    """One opened value: `text` as people read it, `flag` low, high, abnormal or empty, and the reference range."""

    item: str
    name: str
    value: str
    unit: str
    flag: str
    text: str = ""
    low: str = ""
    high: str = ""


class ExamView(msgspec.Struct, frozen=True):
    """One check-up of the record; `erased` when the member's keys are destroyed."""

    exam_id: str
    examined_on: str
    package: str
    abnormal: int
    erased: bool
    items: list[ItemView]
    advice: str
    version: int = 1
    recorded_on: str = ""
    amended_on: str = ""
    history: list[VersionView] = []
    reports: list[AttachedView] = []


class ReadingView(msgspec.Struct, frozen=True):
    """What the member measured at a kiosk."""

    kiosk_id: str
    reading_id: str
    measured_at: str
    erased: bool
    items: list[ItemView]
    self_measured: bool = True


class RetractedView(msgspec.Struct, frozen=True):
    """Results that stood in the record and were another person's: that they did, and none of their values."""

    exam_id: str
    examined_on: str
    reason: str
    retracted_on: str


class RecordView(msgspec.Struct, frozen=True):
    """A member's health record, oldest first: check-ups, own readings, and each item over the years.

    `retracted` are results that were recorded for this member by mistake.
    """

    person_id: str
    exams: list[ExamView]
    readings: list[ReadingView] = []
    timeline: list[SeriesView] = []
    retracted: list[RetractedView] = []


class DeletedAnswer(msgspec.Struct, frozen=True):
    """The member's own copy is gone; `provider_keeps` says that the provider's is not."""

    person_id: str
    deleted_on: str
    provider_keeps: bool


class Reading(Asked, frozen=True):
    """One reading of a device; `reading_id` is the device's own number."""

    reading_id: Annotated[str, Meta(pattern=r"^[0-9A-Za-z_.]{1,64}$")]
    person_id: Id
    measured_at: Annotated[datetime, Meta(tz=True)]
    values: Annotated[
        dict[ItemCode, Annotated[str, Meta(max_length=VALUE_CHARS_MAX)]], Meta(min_length=1, max_length=20)
    ]


class ReadingsRequest(Asked, frozen=True):
    """What a device has measured since it last spoke."""

    readings: Annotated[list[Reading], Meta(min_length=1, max_length=READINGS_MAX)]


class ReadingProblem(msgspec.Struct, frozen=True):
    """A reading that was not taken, and why."""

    reading_id: str
    code: str


class ReadingsAnswer(msgspec.Struct, frozen=True):
    """How many readings are kept now, those known before included; the others by their number."""

    kept: int
    problems: list[ReadingProblem]


class CountView(msgspec.Struct, frozen=True):
    """How many of those measured were abnormal; None where the number would tell of somebody."""

    item: str
    name: str
    measured: int
    abnormal: int | None


class CollectiveView(msgspec.Struct, frozen=True):
    """What a stop found, in numbers; items that fewer than `small_cell` people were measured for are left out."""

    stop_id: str
    campaign: str
    issue: int
    issued_on: str
    examined: int
    small_cell: int
    items: list[CountView]
    findings: list[CountView]
