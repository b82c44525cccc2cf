"""Events of payments about closed months."""

from __future__ import annotations

from contracts.envelope import Event, Upcaster, Value
from contracts.payments.v1 import Transfer


class AccountMonth(Value, frozen=True, kw_only=True):
    """One account in one month, in fen: balances are debits less credits."""

    account: str
    opening_fen: int
    debit_fen: int
    credit_fen: int
    closing_fen: int


class KindReserve(Value, frozen=True, kw_only=True):
    """What claims of one kind of incident will still cost at a month's end, in fen (domain 7.2).

    `outstanding_fen` (2301) is `open_claims` times `mean_fen`, the mean of a decided claim; `ibnr_fen` (2302) is for
    claims not yet reported, `ibnr_claims` of them by a chain ladder, None where there are too few for one.
    """

    kind: str
    open_claims: int
    mean_fen: int
    outstanding_fen: int
    ibnr_claims: int | None
    ibnr_fen: int


class MonthCloseProposed(Event, frozen=True, kw_only=True):
    """One person of finance proposes to close a month with these figures. Stream `month_end-<plan>`.

    `as_of` is the last position of the log that they hold; `late_fen` of the debits has a business date in a month
    closed before. `accounts` stand as the close will leave them, `reserves` included.
    """

    plan_code: str
    month: str
    accounts: tuple[AccountMonth, ...]
    as_of: int
    late_fen: int
    by: str
    reserves: tuple[KindReserve, ...] = ()


class MonthClosed(Event, frozen=True, kw_only=True):
    """A second person confirmed: the month's figures are frozen (domain 7.2). Stream `month_end-<plan>`.

    Of the pool: `opening_fen` and `closing_fen` cash, `contribution_fen` given, `paid_fen` booked by the bank,
    `payable_fen` still owed at the end, `recovered_fen`, `returned_fen` come back; `accounts` has every account of
    both funds. What is booked later with a date in this month stands in the month that is then open. `transfers` set
    the claims reserves (2301, 2302) to `reserves` on the month's last day, and are in `accounts` already.
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
    reserves: tuple[KindReserve, ...] = ()
    transfers: tuple[Transfer, ...] = ()


EVENTS: dict[str, type[Event]] = {
    "payments.month-close-proposed.v1": MonthCloseProposed,
    "payments.month-closed.v1": MonthClosed,
}
UPCASTERS: dict[str, Upcaster] = {}
