"""Events of enrolment: the donation and its seats, rosters, people, covers."""

from __future__ import annotations

from contracts.envelope import Event, Sealed, Upcaster, Value


class DonationReceived(Event, frozen=True, kw_only=True):
    """A donor gave cover for `seats` people (domain 0.1). Stream `seats-<plan>`. Dates are half-open ISO dates."""

    donation_id: str
    plan_code: str
    plan_version: int
    donor: str
    seats: int
    amount_fen: int
    received_on: str
    period_start: str
    period_end: str


class SeatsReserved(Event, frozen=True, kw_only=True):
    """Seats of the plan taken by valid rows of a roster (domain 5.1). Stream `seats-<plan>`.

    `quotas` are those of them that come out of an organisation's quota, by its path; the rest was not distributed.
    """

    plan_code: str
    batch_id: str
    first_row: int
    seats: int
    quotas: dict[str, int] = {}  # noqa: RUF012 - msgspec gives each event a dict of its own


class RosterReceived(Event, frozen=True, kw_only=True):
    """A roster file was accepted for import (domain 5.2); its bytes are kept sealed. Stream `roster-<batch>`."""

    batch_id: str
    plan_code: str
    organization: str
    org_path: str
    file_sha256: str
    format: str
    rows: int


class RowProblem(Value, frozen=True, kw_only=True):
    """What was found on one row: error and warning codes of domain 5.4; `row_no` counts data rows from 1.

    `holder` is the code of the organisation through which the person is covered already (E_DUP_ACTIVE), else "".
    """

    row_no: int
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    holder: str = ""


class RosterRowsImported(Event, frozen=True, kw_only=True):
    """Rows `first_row`..`last_row` are decided: `valid` people covered; rows per code. Stream `roster-<batch>`."""

    batch_id: str
    first_row: int
    last_row: int
    valid: int
    errors: dict[str, int]
    warnings: dict[str, int]


class RosterProblemsFound(Event, frozen=True, kw_only=True):
    """Which rows of a chunk have which codes. Stream `roster_problems-<batch>-<first row of the chunk>`."""

    batch_id: str
    problems: tuple[RowProblem, ...]


class RosterImported(Event, frozen=True, kw_only=True):
    """Every row of the file is decided; the counts per code add up. Stream `roster-<batch>`."""

    batch_id: str
    rows: int
    valid: int
    errors: dict[str, int]
    warnings: dict[str, int]


class PersonRegistered(Event, frozen=True, kw_only=True):
    """A person entered the registry (domain 5.2, 5.3). Stream `person-<id>`. The id is random.

    The importer always seals a contact, for its name; the mobile in it is "" when the roster had no usable one.
    `birth_year` is 0 and `sex` "" when the document shows neither (a passport).
    """

    person_id: str
    identity: Sealed
    contact: Sealed | None
    sex: str
    birth_year: int


class CoverageGranted(Event, frozen=True, kw_only=True):
    """A person is covered, once per plan and period (domain 12.1). Stream `coverage-<plan>-<person>`."""

    plan_code: str
    plan_version: int
    person_id: str
    batch_id: str
    row_no: int
    effective_on: str
    ends_on: str
    occupation: str
    org_path: str
    division_code: str


class DeathRecorded(Event, frozen=True, kw_only=True):
    """A member's death became known (domain 5.4 `E_DECEASED`). Stream `person-<id>`. An ISO date."""

    person_id: str
    died_on: str


EVENTS: dict[str, type[Event]] = {
    "enrolment.donation-received.v1": DonationReceived,
    "enrolment.seats-reserved.v1": SeatsReserved,
    "enrolment.roster-received.v1": RosterReceived,
    "enrolment.roster-rows-imported.v1": RosterRowsImported,
    "enrolment.roster-problems-found.v1": RosterProblemsFound,
    "enrolment.roster-imported.v1": RosterImported,
    "enrolment.person-registered.v1": PersonRegistered,
    "enrolment.coverage-granted.v1": CoverageGranted,
    "enrolment.death-recorded.v1": DeathRecorded,
}
UPCASTERS: dict[str, Upcaster] = {}
