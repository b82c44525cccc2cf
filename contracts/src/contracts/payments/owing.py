"""Events of payments about what is owed and not yet with the payee: another account, reminders, calls, approvals."""

from __future__ import annotations

from contracts.envelope import Event, Sealed, Upcaster


class AccountProposed(Event, frozen=True, kw_only=True):
    """Somebody named another account after a return; a second person has to confirm it. Stream `payout-…`.

    Sealed for `payments.account-corrected.v1/account`, under which the confirmation carries it on.
    """

    payout_id: str
    account: Sealed
    account_tail: str
    by: str


class AccountDeclined(Event, frozen=True, kw_only=True):
    """The second person did not confirm the account that was proposed. Stream `payout-…`.

    `reason`: NUMBER_DIFFERS, NOT_OWN, NOT_REACHED or NO_PROOF.
    """

    payout_id: str
    reason: str
    by: str


class AccountMismatched(Event, frozen=True, kw_only=True):
    """The second person wrote another number than the one proposed. Stream `payout-…`.

    `on` is the ISO date of the business day; so many tries of a day are a bound, after which none is heard that day.
    """

    payout_id: str
    on: str
    by: str


class PayeeReminded(Event, frozen=True, kw_only=True):
    """Money that came back still waits for an account of the payee (domain 7.1). Stream `payout-…`.

    `day` is the day after the return, of those that are set; a day that was passed over is not told afterwards.
    """

    payout_id: str
    claim_id: str
    claim_no: str
    person_id: str
    payee_id: str
    amount_fen: int
    attempt: int
    reason: str
    day: int


class OfficeCallRequested(Event, frozen=True, kw_only=True):
    """So many attempts have failed that the office has to phone the payee (domain 7.1). Stream `payout-…`."""

    payout_id: str
    claim_id: str
    claim_no: str
    person_id: str
    payee_id: str
    attempt: int
    reason: str


class OfficeCallMade(Event, frozen=True, kw_only=True):
    """The office phoned: REACHED, and the task is done, or NOT_REACHED, and it stays. Stream `payout-…`.

    `called_on` is an ISO date.
    """

    payout_id: str
    outcome: str
    called_on: str
    by: str


class FurtherApprovalAsked(Event, frozen=True, kw_only=True):
    """A payout is above limits and waits for one further person; it stays owed meanwhile. Stream `payout-…`.

    `limits`: PAYOUT, MEMBER_PERIOD, COUNTY_DAY.
    """

    payout_id: str
    claim_id: str
    claim_no: str
    amount_fen: int
    limits: tuple[str, ...]
    by: str


class FurtherApprovalGiven(Event, frozen=True, kw_only=True):
    """One further person agreed: the payout goes on, whatever limit is above it. Stream `payout-…`."""

    payout_id: str
    limits: tuple[str, ...]
    by: str


class BatchApproved(Event, frozen=True, kw_only=True):
    """One further person agreed to a batch above the limit. Stream `batch-<id>`."""

    batch_id: str
    limit_fen: int
    by: str


class CountyDayDrawn(Event, frozen=True, kw_only=True):
    """Payouts of a county went into a batch; a limit counts them. Stream `county_day-<plan>.<county>.<ISO date>`.

    `county` is its path; `day` the business day; `amount_fen` of both funds. What comes back is not taken off again.
    """

    plan_code: str
    county: str
    day: str
    batch_id: str
    amount_fen: int


class MemberPeriodDrawn(Event, frozen=True, kw_only=True):
    """A member's payout went into a batch for the first time; a limit counts it.

    Stream `member_period-<plan>.<fund>.<person>`. `before_fen`, on the first event only, is what had gone out to the
    member before this stream existed.
    """

    plan_code: str
    fund: str
    person_id: str
    payout_id: str
    amount_fen: int
    before_fen: int = 0


class PayoutsPaused(Event, frozen=True, kw_only=True):
    """Nothing is signed or handed to the bank any more. Stream `payout_switch-all`."""

    by: str
    reason: str


class PayoutsResumed(Event, frozen=True, kw_only=True):
    """Payouts go on. Stream `payout_switch-all`."""

    by: str
    reason: str


EVENTS: dict[str, type[Event]] = {
    "payments.account-proposed.v1": AccountProposed,
    "payments.account-declined.v1": AccountDeclined,
    "payments.account-mismatched.v1": AccountMismatched,
    "payments.payee-reminded.v1": PayeeReminded,
    "payments.office-call-requested.v1": OfficeCallRequested,
    "payments.office-call-made.v1": OfficeCallMade,
    "payments.further-approval-asked.v1": FurtherApprovalAsked,
    "payments.further-approval-given.v1": FurtherApprovalGiven,
    "payments.batch-approved.v1": BatchApproved,
    "payments.county-day-drawn.v1": CountyDayDrawn,
    "payments.member-period-drawn.v1": MemberPeriodDrawn,
    "payments.payouts-paused.v1": PayoutsPaused,
    "payments.payouts-resumed.v1": PayoutsResumed,
}
UPCASTERS: dict[str, Upcaster] = {}
