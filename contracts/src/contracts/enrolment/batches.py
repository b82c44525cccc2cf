"""Events of enrolment: quotas, the states of a batch, confirmations."""

from __future__ import annotations

from contracts.envelope import Event, Sealed, Upcaster, Value


class QuotaSet(Event, frozen=True, kw_only=True):
    """An organisation has this many of its parent's seats from now on (domain 5.1). Stream `seats-<plan>`.

    `seats` is the whole quota, not a difference; `by` the actor's subject.
    """

    plan_code: str
    organization: str
    org_path: str
    seats: int
    by: str


class SeatsReleased(Event, frozen=True, kw_only=True):
    """Seats of rows `first_row`..`last_row` of a batch are free again (domain 5.1). Stream `seats-<plan>`.

    `quotas` are the seats that go back to a quota, by the organisation's path; the rest goes back to the plan.
    """

    plan_code: str
    batch_id: str
    first_row: int
    last_row: int
    seats: int
    quotas: dict[str, int]


class SeatsFunded(Event, frozen=True, kw_only=True):
    """Donated money is set aside for the rows of a batch (domain 5.1). Stream `seats-<plan>`. Money in fen."""

    plan_code: str
    batch_id: str
    seats: int
    amount_fen: int


class HeldRow(Value, frozen=True, kw_only=True):
    """A valid row that waits for its cover. It has a seat of the organisation with the path `quota`, "" of the plan."""

    row_no: int
    person_id: str
    occupation: str
    org_path: str
    division_code: str
    quota: str = ""


class RowsHeld(Event, frozen=True, kw_only=True):
    """Valid rows of a chunk wait for confirmations and the start. Stream `batch_rows-<batch>-<first row of chunk>`."""

    batch_id: str
    rows: tuple[HeldRow, ...]


class BatchOpened(Event, frozen=True, kw_only=True):
    """A roster is validated and waits for confirmation (domain 5.1). Stream `batch-<batch>`.

    `valid` rows have a seat, `faulty` rows have errors; `chunks` are the first rows of the chunks; the period is
    half-open, in ISO dates; `sent_by` is the subject of who sent the file.
    """

    batch_id: str
    plan_code: str
    organization: str
    org_path: str
    valid: int
    faulty: int
    chunks: tuple[int, ...]
    starts_on: str
    ends_on: str
    sent_by: str


class BatchErrorsSettled(Event, frozen=True, kw_only=True):
    """The faulty rows are left out; what is right goes on (domain 5.1). Stream `batch-<batch>`."""

    batch_id: str
    by: str


class BatchConfirmedByCity(Event, frozen=True, kw_only=True):
    """The prefecture stands for the list (domain 5.1). Stream `batch-<batch>`."""

    batch_id: str
    by: str


class BatchConfirmedByOffice(Event, frozen=True, kw_only=True):
    """The office stands for the list, by somebody else (domain 5.1). Stream `batch-<batch>`."""

    batch_id: str
    by: str


class BatchFunded(Event, frozen=True, kw_only=True):
    """Donations pay for every row that has a seat; the list is frozen (domain 5.1). Stream `batch-<batch>`.

    From `starts_on` on each chunk is covered.
    """

    batch_id: str
    seats: int
    amount_fen: int
    chunks: tuple[int, ...]
    starts_on: str
    by: str


class BatchRowsActivated(Event, frozen=True, kw_only=True):
    """The people of one chunk are covered; `terminated` have died before (domain 5.1). Stream `batch-<batch>`."""

    batch_id: str
    first_row: int
    people: int
    terminated: int


class BatchActivated(Event, frozen=True, kw_only=True):
    """Every chunk is covered (domain 5.1). Stream `batch-<batch>`."""

    batch_id: str
    people: int
    ends_on: str


class BatchExpired(Event, frozen=True, kw_only=True):
    """The period is over (domain 5.1). Stream `batch-<batch>`."""

    batch_id: str


class BatchCancelled(Event, frozen=True, kw_only=True):
    """The list is withdrawn before the start; its seats are given back chunk by chunk. Stream `batch-<batch>`."""

    batch_id: str
    chunks: tuple[int, ...]
    reason: str
    by: str


class BatchRowsCancelled(Event, frozen=True, kw_only=True):
    """The rows of one chunk of a cancelled batch have given their seats back. Stream `batch-<batch>`."""

    batch_id: str
    first_row: int
    rows: int


class RowReplaced(Event, frozen=True, kw_only=True):
    """Another person has the seat of a row (domain 5.1). Stream `batch-<batch>`."""

    batch_id: str
    former_person_id: str
    row: HeldRow
    reason: str
    by: str


class RowWithdrawn(Event, frozen=True, kw_only=True):
    """A row entered by mistake has given its seat back before the start (domain 5.1). Stream `batch-<batch>`."""

    batch_id: str
    row_no: int
    person_id: str
    reason: str
    by: str


class CoverageReserved(Event, frozen=True, kw_only=True):
    """A person has a seat and will be covered from the start (domain 5.1). Stream `coverage-<plan>-<person>`."""

    plan_code: str
    person_id: str
    batch_id: str
    row_no: int
    org_path: str


class CoverageWithdrawn(Event, frozen=True, kw_only=True):
    """A reserved or granted cover is no more, as if it had never been. Stream `coverage-<plan>-<person>`.

    `reason`: REPLACED, CANCELLED or TERMINATED (death before the start).
    """

    plan_code: str
    person_id: str
    batch_id: str
    row_no: int
    reason: str


class NameConflictFound(Event, frozen=True, kw_only=True):
    """A row bears a registered person's ID number under another name (domain 5.4). Stream `name_conflict-<person>`.

    The cover stays what it is and nothing is decided on it until the county has seen the ID card. `identity` is what
    the row says.
    """

    person_id: str
    plan_code: str
    batch_id: str
    row_no: int
    org_path: str
    identity: Sealed


class NameConflictResolved(Event, frozen=True, kw_only=True):
    """The county has seen the ID card (domain 5.4). Stream `name_conflict-<person>`.

    `right` is REGISTERED or CLAIMED; in the second case a `NameCorrected` of the person stands in the same group.
    """

    person_id: str
    right: str
    reason: str
    by: str


EVENTS: dict[str, type[Event]] = {
    "enrolment.quota-set.v1": QuotaSet,
    "enrolment.seats-released.v1": SeatsReleased,
    "enrolment.seats-funded.v1": SeatsFunded,
    "enrolment.rows-held.v1": RowsHeld,
    "enrolment.batch-opened.v1": BatchOpened,
    "enrolment.batch-errors-settled.v1": BatchErrorsSettled,
    "enrolment.batch-confirmed-by-city.v1": BatchConfirmedByCity,
    "enrolment.batch-confirmed-by-office.v1": BatchConfirmedByOffice,
    "enrolment.batch-funded.v1": BatchFunded,
    "enrolment.batch-rows-activated.v1": BatchRowsActivated,
    "enrolment.batch-activated.v1": BatchActivated,
    "enrolment.batch-expired.v1": BatchExpired,
    "enrolment.batch-cancelled.v1": BatchCancelled,
    "enrolment.batch-rows-cancelled.v1": BatchRowsCancelled,
    "enrolment.row-replaced.v1": RowReplaced,
    "enrolment.row-withdrawn.v1": RowWithdrawn,
    "enrolment.coverage-reserved.v1": CoverageReserved,
    "enrolment.coverage-withdrawn.v1": CoverageWithdrawn,
    "enrolment.name-conflict-found.v1": NameConflictFound,
    "enrolment.name-conflict-resolved.v1": NameConflictResolved,
}
UPCASTERS: dict[str, Upcaster] = {}
