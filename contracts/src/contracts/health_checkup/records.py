"""Events of health-checkup: corrections of results, findings' follow-up, reports, self-measuring."""

from __future__ import annotations

from contracts.envelope import Event, Sealed, Upcaster, Value


class ResultsAmended(Event, frozen=True, kw_only=True):
    """The provider added to a check-up's results or corrected them; what was said before stays in the log.

    `version` counts from 2; `reason` is ADDED (items that came later) or CORRECTED (a value was wrong). The whole of
    the values is sealed again; `age` is as in `ResultsRecorded`. Stream `exam-<campaign>-<person>`.
    """

    exam_id: str
    person_id: str
    stop_id: str
    campaign: str
    package: str
    examined_on: str
    version: int
    reason: str
    measurements: Sealed
    items: int
    abnormal: int
    age: int | None = None


class RetractionProposed(Event, frozen=True, kw_only=True):
    """The provider says that a check-up's results are another person's; a second of its people must agree.

    `reason` is OTHER_PERSON (typed in for the wrong one) or SAMPLES_SWAPPED; `version` the one that it is said of.
    Stream `exam-<campaign>-<person>`.
    """

    exam_id: str
    person_id: str
    reason: str
    version: int
    by: str


class ResultsRetracted(Event, frozen=True, kw_only=True):
    """The results were recorded for the wrong person and are this one's no more; the log keeps what they said.

    `version` is the newest that is taken back, and `measurements` its values, sealed as they were; `reports` are the
    digests of the papers that go with them. Nothing says whose they are. Stream `exam-<campaign>-<person>`.
    """

    exam_id: str
    person_id: str
    stop_id: str
    campaign: str
    package: str
    reason: str
    version: int
    measurements: Sealed
    reports: tuple[str, ...]
    retracted_on: str
    proposed_by: str
    by: str


class ReportAttached(Event, frozen=True, kw_only=True):
    """The provider's signed report, a PDF, is kept sealed (domain 8.2). Stream `exam-<campaign>-<person>`.

    `sha256` of the sealed bytes, which is where they are kept; `attached_on`, `kept_until` ISO dates.
    """

    exam_id: str
    person_id: str
    stop_id: str
    campaign: str
    sha256: str
    size_bytes: int
    attached_on: str
    kept_until: str
    by: str


class ResultProblemFound(Event, frozen=True, kw_only=True):
    """One entry of a provider's file could not be taken; it waits to be corrected. Stream `handin-<stop>`.

    `format` is FHIR, XLSX or CSV; `entry` its place in the file, counted from 1; `person_id` "" where it names no
    member who was there, `item` "" where it names no item; `code` says why. No value is in it.
    """

    problem_id: str
    stop_id: str
    format: str
    entry: int
    person_id: str
    item: str
    code: str


class ResultProblemSettled(Event, frozen=True, kw_only=True):
    """An entry waits no longer: RECORDED (the item has come) or DISMISSED by the provider. Stream `handin-<stop>`."""

    problem_id: str
    stop_id: str
    how: str
    by: str


class ContactAttempted(Event, frozen=True, kw_only=True):
    """Nobody was reached: `attempt` counts from 1, `channel` is PHONE, SMS or VISIT. Stream `finding-<exam>`."""

    finding_id: str
    person_id: str
    attempt: int
    channel: str
    attempted_on: str


class FindingOverdue(Event, frozen=True, kw_only=True):
    """The last day for the step after `stage` is over, and nobody took it; said once a step. Stream `finding-<exam>`.

    TO_CONTACT waits for a call, CONTACTED for a specialist, REFERRED for what the specialist says. `contact_by` and
    `due_by` are ISO dates; `due_by` "" is `contact_by`.
    """

    finding_id: str
    person_id: str
    finding_class: str
    contact_by: str
    overdue_on: str
    stage: str = "TO_CONTACT"
    due_by: str = ""


class FindingWithdrawn(Event, frozen=True, kw_only=True):
    """Corrected results no longer give cause for it. Stream `finding-<exam>`."""

    finding_id: str
    person_id: str


class FindingReclassified(Event, frozen=True, kw_only=True):
    """Amended results put it in a lesser class: how far it is stays, and its days are those of the class from now on.

    A graver class raises it anew. `detail` is a sealed `FindingDetail`, under the field of `FindingRaised`;
    `contact_by` and `due_by` (the last day for the next step) are ISO dates. Stream `finding-<exam>`.
    """

    finding_id: str
    person_id: str
    finding_class: str
    earlier_class: str
    detail: Sealed
    contact_by: str
    due_by: str


class OfferedIllness(Value, frozen=True, kw_only=True):
    """The plain shape behind `ClaimOffered.illness`, category `health`: an identifier of the list (domain 3.1)."""

    code: str


class ClaimOffered(Event, frozen=True, kw_only=True):
    """A listed illness was confirmed: the member may open a claim, or not (domain 8.2). Stream `finding-<exam>`.

    Only the member sees it. Neither this date nor the check-up's is a date of diagnosis.
    """

    finding_id: str
    person_id: str
    illness: Sealed
    offered_on: str


class ReadingTaken(Event, frozen=True, kw_only=True):
    """A member measured at a self-service device (domain 8.3). Stream `reading-<kiosk>-<reading>`.

    `measured_at` is the device's time, RFC 3339 in UTC; the values have the shape `Measurements`, category `health`.
    """

    kiosk_id: str
    reading_id: str
    person_id: str
    org_path: str
    package: str
    measured_at: str
    measurements: Sealed


class RecordCopyDeleted(Event, frozen=True, kw_only=True):
    """The member deleted the own copy: what was recorded until then is not shown to them again (domain 8.2).

    The provider's stays for as long as it must be kept. Stream `record-<person>`.
    """

    person_id: str
    deleted_on: str


class ItemCount(Value, frozen=True, kw_only=True):
    """How many of those measured were abnormal; -1 where the number is too small, or so large, that it would tell."""

    item: str
    measured: int
    abnormal: int


class CollectiveReportIssued(Event, frozen=True, kw_only=True):
    """What a stop found, in numbers, for its union (domain 8.2); small cells are already left out.

    `findings` has the numbers of class A and B under the items "A" and "B". Stream `stop-report-<stop>`.
    """

    stop_id: str
    campaign: str
    org_path: str
    issue: int
    examined: int
    small_cell: int
    items: tuple[ItemCount, ...]
    findings: tuple[ItemCount, ...]
    issued_on: str
    by: str


EVENTS: dict[str, type[Event]] = {
    "health_checkup.results-amended.v1": ResultsAmended,
    "health_checkup.retraction-proposed.v1": RetractionProposed,
    "health_checkup.results-retracted.v1": ResultsRetracted,
    "health_checkup.report-attached.v1": ReportAttached,
    "health_checkup.result-problem-found.v1": ResultProblemFound,
    "health_checkup.result-problem-settled.v1": ResultProblemSettled,
    "health_checkup.contact-attempted.v1": ContactAttempted,
    "health_checkup.finding-overdue.v1": FindingOverdue,
    "health_checkup.finding-withdrawn.v1": FindingWithdrawn,
    "health_checkup.finding-reclassified.v1": FindingReclassified,
    "health_checkup.claim-offered.v1": ClaimOffered,
    "health_checkup.reading-taken.v1": ReadingTaken,
    "health_checkup.record-copy-deleted.v1": RecordCopyDeleted,
    "health_checkup.collective-report-issued.v1": CollectiveReportIssued,
}
UPCASTERS: dict[str, Upcaster] = {}
