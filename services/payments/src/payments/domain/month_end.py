"""The end of a month: its figures are proposed by one person, confirmed by a second, and frozen (domain 7.2)."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, replace

from chassis.decider import Decider, Rejected
from contracts.envelope import changed
from contracts.payments.months import AccountMonth, KindReserve, MonthClosed, MonthCloseProposed
from contracts.payments.v1 import Transfer
from payments.domain import ledger
from payments.domain.reserve import adjusted, is_claims_reserve

MONTHS_IN_YEAR = 12


@dataclass(frozen=True)
class MonthEnd:
    """The last month of a plan that was closed, and what is proposed for the next."""

    closed: MonthClosed | None = None
    proposed: MonthCloseProposed | None = None


MonthEvent = MonthCloseProposed | MonthClosed


def evolve(month_end: MonthEnd, event: MonthEvent) -> MonthEnd:
    """The months after an event."""
    match event:
        case MonthCloseProposed():
            return replace(month_end, proposed=event)
        case MonthClosed():
            return MonthEnd(event, None)


@dataclass(frozen=True)
class Figures:
    """Every account in the month, by the ledger up to position `as_of`; `late_fen` is dated in months closed before.

    `reserves` are what claims will still cost as it looks at the month's end: the close books them.
    """

    accounts: tuple[AccountMonth, ...]
    as_of: int
    late_fen: int
    reserves: tuple[KindReserve, ...] = ()


@dataclass(frozen=True)
class ProposeClose:
    """Close this month (`YYYY-MM`) with these figures; `today` is an ISO date."""

    plan_code: str
    month: str
    figures: Figures
    today: str
    by: str


@dataclass(frozen=True)
class ConfirmClose:
    """The second person agrees, and the figures are still these."""

    month: str
    figures: Figures
    by: str


def month_after(month: str) -> str:
    """The month that follows, as `YYYY-MM`."""
    year, number = int(month[:4]), int(month[5:7])
    return f"{year + number // MONTHS_IN_YEAR:04d}-{number % MONTHS_IN_YEAR + 1:02d}"


def last_day(month: str) -> str:
    """The last day of a month (`YYYY-MM`) as an ISO date: what a close books is dated on it."""
    return f"{month}-{monthrange(int(month[:4]), int(month[5:7]))[1]:02d}"


def decide(command: ProposeClose | ConfirmClose, month_end: MonthEnd) -> list[MonthEvent]:
    """One month after the other, each when it is over, by two people."""
    last = month_end.closed
    if last is not None and command.month <= last.month:
        return _again(command, last)
    if last is not None and command.month != month_after(last.month):
        raise Rejected("month-out-of-order", f"The next month to close is {month_after(last.month)}.", "month")
    match command:
        case ProposeClose():
            return [*_propose(command, month_end)]
        case ConfirmClose():
            return [*_confirm(command, month_end)]


def _again(command: ProposeClose | ConfirmClose, last: MonthClosed) -> list[MonthEvent]:
    if command.month == last.month and command.by in {last.by, last.proposed_by}:
        return []
    raise Rejected("month-closed", "This month is closed; later bookings stand in the month that is open.", "month")


def _propose(command: ProposeClose, month_end: MonthEnd) -> list[MonthCloseProposed]:
    if command.today[:7] <= command.month:
        raise Rejected("month-not-over", "A month is closed when it is over.", "month")
    if not (command.figures.accounts or command.figures.reserves):
        raise Rejected("month-empty", "Nothing had been booked for this plan by the end of the month.", "month")
    figures, before = command.figures, month_end.proposed
    accounts, _ = with_reserves(command.plan_code, command.month, figures)
    if before is not None and (before.month, before.accounts, before.by) == (command.month, accounts, command.by):
        return []
    return [
        MonthCloseProposed(
            plan_code=command.plan_code,
            month=command.month,
            accounts=accounts,
            as_of=figures.as_of,
            late_fen=figures.late_fen,
            by=command.by,
            reserves=figures.reserves,
        )
    ]


def _confirm(command: ConfirmClose, month_end: MonthEnd) -> list[MonthClosed]:
    proposed, figures = month_end.proposed, command.figures
    if proposed is None or proposed.month != command.month:
        raise Rejected("no-close-proposed", "Nobody has proposed to close this month.", "month")
    if proposed.by == command.by:
        raise Rejected("same-person", "Who proposed to close a month does not confirm it.")
    accounts, transfers = with_reserves(proposed.plan_code, command.month, figures)
    if proposed.accounts != accounts:
        raise Rejected("figures-moved", "Something was booked since; the close has to be proposed again.")
    named = {one.account: one for one in accounts}
    none = _untouched("")
    cash, payable = named.get(ledger.POOL.cash, none), named.get(ledger.POOL.payable, none)
    return [
        MonthClosed(
            plan_code=proposed.plan_code,
            month=command.month,
            accounts=accounts,
            opening_fen=cash.opening_fen,
            contribution_fen=named.get(ledger.POOL.contribution, none).credit_fen,
            paid_fen=payable.debit_fen,
            payable_fen=-payable.closing_fen,
            recovered_fen=named.get(ledger.POOL.recoveries, none).credit_fen,
            returned_fen=named.get(ledger.POOL.suspense, none).credit_fen,
            closing_fen=cash.closing_fen,
            as_of=figures.as_of,
            late_fen=figures.late_fen,
            proposed_by=proposed.by,
            by=command.by,
            reserves=figures.reserves,
            transfers=transfers,
        )
    ]


def with_reserves(
    plan_code: str, month: str, figures: Figures
) -> tuple[tuple[AccountMonth, ...], tuple[Transfer, ...]]:
    """A month's accounts after its close has set the claims reserves to their figures, and the entries that do it."""
    named = {one.account: one for one in figures.accounts}
    held_fen = {name: -one.closing_fen for name, one in named.items() if is_claims_reserve(name)}
    transfers = adjusted(plan_code, month, held_fen, figures.reserves)
    for transfer in transfers:
        for moved in ledger.movements(transfer):
            name = ledger.plan_and_name(moved.account)[1]
            before = named.get(name, _untouched(name))
            named[name] = changed(
                before,
                debit_fen=before.debit_fen + moved.debit_fen,
                credit_fen=before.credit_fen + moved.credit_fen,
                closing_fen=before.closing_fen + moved.debit_fen - moved.credit_fen,
            )
    return tuple(named[name] for name in sorted(named)), transfers


def _untouched(account: str) -> AccountMonth:
    return AccountMonth(account=account, opening_fen=0, debit_fen=0, credit_fen=0, closing_fen=0)


MONTH_END: Decider[ProposeClose | ConfirmClose, MonthEnd, MonthEvent] = Decider("month_end", MonthEnd(), evolve, decide)
