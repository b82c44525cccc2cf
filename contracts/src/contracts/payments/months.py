"""Events of payments about closed months."""

from __future__ import annotations

from contracts.envelope import Event, Upcaster, Value


class AccountMonth(Value, frozen=True, kw_only=True):
    """One account in one month, in fen: balances are debits less credits."""

    account: str
    opening_fen: int
    debit_fen: int
    credit_fen: int
    closing_fen: int


class MonthCloseProposed(Event, frozen=True, kw_only=True):
    """One person of finance proposes to close a month with these figures. Stream `month_end-<plan>`.

    `as_of` is the last position of the log that they hold; `late_fen` of the debits has a business date in a month
    closed before.
    """

    plan_code: str
    month: str
    accounts: tuple[AccountMonth, ...]
    as_of: int
    late_fen: int
    by: str


class MonthClosed(Event, frozen=True, kw_only=True):
    """A second person confirmed: the month's figures are frozen (domain 7.2). Stream `month_end-<plan>`.

    Of the pool: `opening_fen` and `closing_fen` cash, `contribution_fen` given, `paid_fen` booked by the bank,
    `payable_fen` still owed at the end, `recovered_fen`, `returned_fen` come back; `accounts` has every account of
    both funds. What is booked later with a date in this month stands in the month that is then open.
    """

    plan_code: str
    month: str
    accounts: tuple[AccountMonth, ...]
    opening_fen: int
    contribution_fen: int
    paid_fen: int
    payable_fen: int
    recovered_fen: int
    returned_fen: int
    closing_fen: int
    as_of: int
    late_fen: int
    proposed_by: str
    by: str


EVENTS: dict[str, type[Event]] = {
    "payments.month-close-proposed.v1": MonthCloseProposed,
    "payments.month-closed.v1": MonthClosed,
}
UPCASTERS: dict[str, Upcaster] = {}
