"""The ledger over HTTP: its accounts, its entries, and the check of the books from end to end."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Annotated

import msgspec
import sqlalchemy as sa
from litestar import get
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.context import Context
from contracts.envelope import Actor
from payments.api.reading import PAGE_ROWS, After, Limit, PlanCode, allow_province
from payments.domain import ledger
from payments.projections import (
    account_balances,
    donations,
    ledger_entries,
    open_items,
    payouts,
    recoveries,
    relief_donations,
)

CHECK_ATTEMPTS_MAX = 5
CHECK_DELAY_MS = 200
"""Read models catch up one by one: a difference counts when it is still there after so many looks."""

AnyPlan = Annotated[str, QueryParameter(pattern=r"^[A-Za-z0-9-]{0,40}$", description="One plan; all, if empty.")]
AccountName = Annotated[str, QueryParameter(name="account", pattern=r"^[A-Za-z0-9_:-]{0,80}$")]


class AccountView(msgspec.Struct, frozen=True):
    """An account of a plan's chart (domain 7.2), in fen; `balance_fen` is debits less credits.

    `name` is within the plan's chart, `code` that of domain 7.2; a pending amount is reserved and not in the balance.
    """

    plan_code: str
    name: str
    code: str
    fund: str
    debit_fen: int
    credit_fen: int
    balance_fen: int
    pending_debit_fen: int
    pending_credit_fen: int


class PlanAccounts(msgspec.Struct, frozen=True):
    """A plan's accounts; its period is half-open, ISO dates, "" before the first donation that names it."""

    plan_code: str
    period_start: str
    period_end: str
    accounts: list[AccountView]


class Accounts(msgspec.Struct, frozen=True):
    """The ledger's accounts, by plan: a plan's code names one period."""

    plans: list[PlanAccounts]


class EntryView(msgspec.Struct, frozen=True):
    """One transfer: one debit and one credit of `amount_fen`, by names within the plan's chart.

    `kind` single, pending, post or void (of `pending_id`); `booked_on` an ISO date; `about` plain ids of what it was
    booked for; `position` and `event` say which event of the log carries it.
    """

    transfer_id: str
    plan_code: str
    kind: str
    debit: str
    credit: str
    amount_fen: int
    pending_id: str
    booked_on: str
    position: int
    event: str
    about: dict[str, str]


class EntryPage(msgspec.Struct, frozen=True):
    """Some entries; `next` goes on after them, if there are more."""

    items: list[EntryView]
    next: int | None


class LedgerCheck(msgspec.Struct, frozen=True):
    """The books of a plan read from end to end; `problems` is empty when everything agrees.

    `expected_cash_fen` = donations − bookings + money that came back + `recovered_fen` (domain 12.11) + what the
    cash followed the bank by, none of it
    from the ledger;
    the relief fund's cash is checked in the same way, by its own donations and bookings.
    """

    plan_code: str
    balanced: bool
    entries: int
    debit_fen: int
    credit_fen: int
    pending_open: int
    cash_fen: int
    expected_cash_fen: int
    recovered_fen: int
    problems: list[str]


@get("/ledger/accounts")
async def list_accounts(actor: Actor, context: Context, plan_code: AnyPlan = "") -> Accounts:
    """Every account with its balance, of one plan or of all."""
    allow_province(actor)
    async with context.reads.connection() as c:
        return Accounts(
            [await _plan(c, code) for code in ([plan_code] if plan_code else await account_balances.plans(c))]
        )


@get("/ledger/entries")
async def list_entries(
    actor: Actor,
    context: Context,
    plan_code: PlanCode,
    account: AccountName = "",
    after: After = 0,
    limit: Limit = PAGE_ROWS,
) -> EntryPage:
    """A plan's entries in the order they were written; of one account, if named."""
    allow_province(actor)
    async with context.reads.connection() as c:
        rows = await ledger_entries.page(c, plan_code, account, after, limit + 1)
    more = len(rows) > limit
    return EntryPage([_entry(row) for row in rows[:limit]], ledger_entries.cursor(rows[limit - 1]) if more else None)


@get("/ledger/check")
async def check_ledger(actor: Actor, context: Context, plan_code: PlanCode) -> LedgerCheck:
    """Read a plan's whole book: debit = credit, each pending resolved once, balances and bank agree."""
    allow_province(actor)
    for attempt in range(CHECK_ATTEMPTS_MAX):
        async with context.reads.connection() as c:
            checked = await _checked(c, plan_code)
        if checked.balanced or attempt == CHECK_ATTEMPTS_MAX - 1:
            return checked
        await asyncio.sleep(CHECK_DELAY_MS / 1000)
    raise AssertionError("A bounded loop returns.")


async def _plan(c: AsyncConnection, plan_code: str) -> PlanAccounts:
    start, end = await donations.period(c, plan_code)
    held = await account_balances.of_plan(c, plan_code)
    return PlanAccounts(plan_code, start, end, [_account(plan_code, name, moved) for name, moved in held.items()])


def _account(plan_code: str, name: str, held: ledger.Movement) -> AccountView:
    fund, code = ledger.chart_place(name)
    return AccountView(
        plan_code=plan_code,
        name=name,
        code=code,
        fund=fund,
        debit_fen=held.debit_fen,
        credit_fen=held.credit_fen,
        balance_fen=held.debit_fen - held.credit_fen,
        pending_debit_fen=held.pending_debit_fen,
        pending_credit_fen=held.pending_credit_fen,
    )


def _entry(row: sa.RowMapping) -> EntryView:
    return EntryView(
        transfer_id=row["transfer_id"],
        plan_code=row["plan_code"],
        kind=row["kind"],
        debit=ledger.plan_and_name(row["debit"])[1],
        credit=ledger.plan_and_name(row["credit"])[1],
        amount_fen=row["amount_fen"],
        pending_id=row["pending_id"],
        booked_on=row["booked_on"],
        position=row["position"],
        event=row["event"],
        about=json.loads(row["about"]),
    )


async def _checked(c: AsyncConnection, plan_code: str) -> LedgerCheck:
    accounts = await account_balances.of_plan(c, plan_code)
    recovered_fen = await recoveries.total_fen(c, plan_code, ledger.POOL.name)
    given_fen = {
        ledger.POOL: await donations.total_fen(c, plan_code),
        ledger.RELIEF: await relief_donations.total_fen(c, plan_code),
    }
    expected_fen = {fund: await _expected_cash(c, plan_code, fund, fen) for fund, fen in given_fen.items()}
    transfers = [transfer async for transfer in ledger_entries.book(c, plan_code)]
    debits: Counter[str] = Counter()
    credits_: Counter[str] = Counter()
    for transfer in transfers:
        for moved in ledger.movements(transfer):
            debits[ledger.plan_and_name(moved.account)[1]] += moved.debit_fen
            credits_[ledger.plan_and_name(moved.account)[1]] += moved.credit_fen
    problems = []
    pending_open = 0
    try:
        pending_open = len(ledger.verify(transfers))
    except ledger.BrokenTransfer as broken:
        problems.append(str(broken))
    if debits.total() != credits_.total():
        problems.append("The sum of debits is not the sum of credits.")
    for name, held in accounts.items():
        if (held.debit_fen, held.credit_fen) != (debits[name], credits_[name]):
            problems.append(f"The balance of {name} is not the sum of its entries.")
    if (debits.keys() | credits_.keys()) - accounts.keys():
        problems.append("An account with entries has no balance.")
    cash_fen = {fund: debits[fund.cash] - credits_[fund.cash] for fund in expected_fen}
    if cash_fen[ledger.POOL] != expected_fen[ledger.POOL]:
        problems.append("The cash is not donations less bookings plus what came back and what was recovered.")
    if cash_fen[ledger.RELIEF] != expected_fen[ledger.RELIEF]:
        problems.append("The relief fund's cash is not its donations less bookings plus what came back and recoveries.")
    return LedgerCheck(
        plan_code=plan_code,
        balanced=not problems,
        entries=len(transfers),
        debit_fen=debits.total(),
        credit_fen=credits_.total(),
        pending_open=pending_open,
        cash_fen=cash_fen[ledger.POOL],
        expected_cash_fen=expected_fen[ledger.POOL],
        recovered_fen=recovered_fen,
        problems=problems,
    )


async def _expected_cash(c: AsyncConnection, plan_code: str, fund: ledger.Fund, given_fen: int) -> int:
    paid, back = await payouts.booked(c, plan_code, fund.name)
    recovered_fen = await recoveries.total_fen(c, plan_code, fund.name)
    return given_fen + recovered_fen - paid + back + await open_items.booked_fen(c, plan_code, fund.name)


ROUTES: list[ControllerRouterHandler] = [list_accounts, list_entries, check_ledger]
