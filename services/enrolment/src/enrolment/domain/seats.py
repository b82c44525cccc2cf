"""The seats of a plan: given by donors, passed down as quotas, taken by valid rows, never more than given (domain 5.1).

Seats lie in accounts: the plan's own, and one for each organisation with a quota. A quota comes out of the account of
the organisation above. A row takes its seat from the nearest organisation with a quota, at or above its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.enrolment.batches import QuotaSet, SeatsFunded, SeatsReleased
from contracts.enrolment.v1 import DonationReceived, SeatsReserved
from contracts.organization import PROVINCE_CODE

UNDISTRIBUTED = ""
"""The plan's own account: the province's, out of which the first quotas come."""


def above(org_path: str) -> str:
    """The account that an organisation's quota comes out of."""
    parent = org_path.rpartition(".")[0]
    return UNDISTRIBUTED if parent == PROVINCE_CODE else parent


@dataclass(frozen=True, kw_only=True)
class Seats:
    """What was given, passed on and taken; the rest is what a repeated command is known by.

    `quotas`, `passed` (on to organisations below) and `taken` (by rows) go by account. Rows of a batch come in order,
    so `reserved_to` (the last first row, by batch) says which have their seats. `funding` is seats paid for, by batch.
    """

    given: int = 0
    quotas: Mapping[str, int] = field(default_factory=dict)
    passed: Mapping[str, int] = field(default_factory=dict)
    taken: Mapping[str, int] = field(default_factory=dict)
    funding: Mapping[str, int] = field(default_factory=dict)
    donations: frozenset[str] = frozenset()
    reserved_to: Mapping[str, int] = field(default_factory=dict)
    released: frozenset[tuple[str, int, int]] = frozenset()

    def has(self, account: str) -> int:
        """The seats of an account before it passes any on."""
        return self.given if account == UNDISTRIBUTED else self.quotas.get(account, 0)

    def free(self, account: str) -> int:
        """Seats of an account that are neither passed on nor taken."""
        return self.has(account) - self.passed.get(account, 0) - self.taken.get(account, 0)

    def account_of(self, org_path: str) -> str:
        """The account that rows of an organisation take their seats from. A quota of none still is one."""
        if not self.quotas:
            return UNDISTRIBUTED
        path = org_path
        while path and path not in self.quotas:
            path = path.rpartition(".")[0]
        return path or UNDISTRIBUTED


SeatsEvent: TypeAlias = DonationReceived | QuotaSet | SeatsReserved | SeatsReleased | SeatsFunded


def evolve(seats: Seats, event: SeatsEvent) -> Seats:
    """The seats after an event."""
    match event:
        case DonationReceived():
            return replace(seats, given=seats.given + event.seats, donations=seats.donations | {event.donation_id})
        case QuotaSet():
            change = event.seats - seats.quotas.get(event.org_path, 0)
            return replace(
                seats,
                quotas={**seats.quotas, event.org_path: event.seats},
                passed=_added(seats.passed, {above(event.org_path): change}),
            )
        case SeatsReserved():
            return replace(
                seats,
                taken=_added(seats.taken, _by_account(event.seats, event.quotas)),
                reserved_to={**seats.reserved_to, event.batch_id: event.first_row},
            )
        case SeatsReleased():
            paid = {k: max(0, n - event.seats) if k == event.batch_id else n for k, n in seats.funding.items()}
            return replace(
                seats,
                taken=_added(seats.taken, _by_account(-event.seats, {k: -n for k, n in event.quotas.items()})),
                funding=paid,
                released=seats.released | {(event.batch_id, event.first_row, event.last_row)},
            )
        case SeatsFunded():
            return replace(seats, funding={**seats.funding, event.batch_id: event.seats})


def _by_account(seats: int, quotas: Mapping[str, int]) -> dict[str, int]:
    return {**quotas, UNDISTRIBUTED: seats - sum(quotas.values())}


def _added(counts: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    return {**counts, **{account: counts.get(account, 0) + n for account, n in more.items()}}


@dataclass(frozen=True, kw_only=True)
class ReceiveDonation:
    """A donor pays for seats. `contribution_fen` is the plan's, a head."""

    donation_id: str
    plan_code: str
    plan_version: int
    donor: str
    seats: int
    amount_fen: int
    contribution_fen: int
    received_on: str
    period_start: str
    period_end: str


@dataclass(frozen=True, kw_only=True)
class SetQuota:
    """An organisation is to have this many seats in all; fewer than before takes back what is unused."""

    plan_code: str
    organization: str
    org_path: str
    seats: int
    by: str


@dataclass(frozen=True, kw_only=True)
class ReserveSeats:
    """The valid rows of a roster from `first_row` on take seats; `quotas` of them from organisations, by path."""

    plan_code: str
    batch_id: str
    first_row: int
    seats: int
    quotas: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ReleaseSeats:
    """Rows `first_row`..`last_row` of a batch give seats back to where they took them from."""

    plan_code: str
    batch_id: str
    first_row: int
    last_row: int
    seats: int
    quotas: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FundSeats:
    """Donated money is set aside for a batch. `contribution_fen` is the plan's, a head."""

    plan_code: str
    batch_id: str
    seats: int
    contribution_fen: int


SeatsCommand: TypeAlias = ReceiveDonation | SetQuota | ReserveSeats | ReleaseSeats | FundSeats


def decide(command: SeatsCommand, seats: Seats) -> Sequence[SeatsEvent]:
    """Rejected: seats-not-positive, donation-amount-wrong, seats-exhausted, seats-not-taken, donations-insufficient.

    And of a quota: quota-negative, quota-of-province, quota-parent-absent, quota-exceeds-parent, quota-in-use.
    """
    if isinstance(command, SetQuota):
        return _set_quota(command, seats)
    if command.seats <= 0:
        raise Rejected("seats-not-positive", "At least one seat must be named.", "seats")
    match command:
        case ReceiveDonation():
            return _receive(command, seats)
        case ReserveSeats():
            return _reserve(command, seats)
        case ReleaseSeats():
            return _release(command, seats)
        case FundSeats():
            return _fund(command, seats)


def _receive(command: ReceiveDonation, seats: Seats) -> Sequence[SeatsEvent]:
    if command.donation_id in seats.donations:
        return []
    owed_fen = command.seats * command.contribution_fen
    if command.amount_fen != owed_fen:
        raise Rejected(
            "donation-amount-wrong", f"{command.seats} seats of this plan cost {owed_fen} fen.", "amount_fen"
        )
    return [
        DonationReceived(
            donation_id=command.donation_id,
            plan_code=command.plan_code,
            plan_version=command.plan_version,
            donor=command.donor,
            seats=command.seats,
            amount_fen=command.amount_fen,
            received_on=command.received_on,
            period_start=command.period_start,
            period_end=command.period_end,
        )
    ]


def _set_quota(command: SetQuota, seats: Seats) -> Sequence[SeatsEvent]:
    path = command.org_path
    if command.seats < 0:
        raise Rejected("quota-negative", "A quota is no seat or more.", "seats")
    if not path.startswith(PROVINCE_CODE + "."):
        raise Rejected("quota-of-province", "The province has the seats that were donated.", "organization")
    parent = above(path)
    if parent != UNDISTRIBUTED and parent not in seats.quotas:
        raise Rejected("quota-parent-absent", "The organisation above has no quota to give from.", "organization")
    if seats.quotas.get(path) == command.seats:
        return []
    more = command.seats - seats.quotas.get(path, 0)
    if more > seats.free(parent):
        raise Rejected("quota-exceeds-parent", f"The organisation above has {seats.free(parent)} free seats.", "seats")
    if -more > seats.free(path):
        used = seats.has(path) - seats.free(path)
        raise Rejected("quota-in-use", f"{used} of its seats are taken or passed on.", "seats")
    return [
        QuotaSet(
            plan_code=command.plan_code,
            organization=command.organization,
            org_path=path,
            seats=command.seats,
            by=command.by,
        )
    ]


def _reserve(command: ReserveSeats, seats: Seats) -> Sequence[SeatsEvent]:
    if command.first_row <= seats.reserved_to.get(command.batch_id, 0):
        return []
    for account, wanted in _by_account(command.seats, command.quotas).items():
        if wanted > seats.free(account):
            raise Rejected("seats-exhausted", f"Only {seats.free(account)} seats are free there.", "seats")
    return [
        SeatsReserved(
            plan_code=command.plan_code,
            batch_id=command.batch_id,
            first_row=command.first_row,
            seats=command.seats,
            quotas=dict(command.quotas),
        )
    ]


def _release(command: ReleaseSeats, seats: Seats) -> Sequence[SeatsEvent]:
    if (command.batch_id, command.first_row, command.last_row) in seats.released:
        return []
    for account, given_back in _by_account(command.seats, command.quotas).items():
        if given_back > seats.taken.get(account, 0):
            raise Rejected("seats-not-taken", "Fewer seats are taken than are to be given back.", "seats")
    return [
        SeatsReleased(
            plan_code=command.plan_code,
            batch_id=command.batch_id,
            first_row=command.first_row,
            last_row=command.last_row,
            seats=command.seats,
            quotas=dict(command.quotas),
        )
    ]


def _fund(command: FundSeats, seats: Seats) -> Sequence[SeatsEvent]:
    if command.batch_id in seats.funding:
        return []
    unspent = seats.given - sum(seats.funding.values())
    if command.seats > unspent:
        raise Rejected("donations-insufficient", f"Donations pay for {unspent} more seats.", "seats")
    return [
        SeatsFunded(
            plan_code=command.plan_code,
            batch_id=command.batch_id,
            seats=command.seats,
            amount_fen=command.seats * command.contribution_fen,
        )
    ]


SEATS = Decider[SeatsCommand, Seats, SeatsEvent]("seats", Seats(), evolve, decide)
