"""The pool over HTTP: its balances, the figures of what was paid, and the check of the books."""

from __future__ import annotations

import asyncio
from collections import Counter

import msgspec
from litestar import get
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.auth import allow, in_subtree
from chassis.context import Context
from contracts.envelope import Actor
from payments.api.reading import PAGE_ROWS, STAFF, After, Limit, PlanCode, allow_province
from payments.domain import ledger
from payments.projections import (
    account_balances,
    disputes,
    donations,
    ledger_entries,
    payouts,
    recoveries,
    relief_donations,
)

CHECK_ATTEMPTS_MAX = 5
CHECK_DELAY_MS = 200
"""Read models catch up one by one: a difference counts when it is still there after so many looks."""


class Pool(msgspec.Struct, frozen=True):
    """A plan's pool in fen: given, paid and payable claims, what is reserved in batches, and the cash.

    `recovered_fen` was wrongly paid and came back; `paid_fen` is not lessened by it.
    """

    plan_code: str
    contribution_fen: int
    claims_expense_fen: int
    paid_fen: int
    payable_fen: int
    reserved_fen: int
    suspense_fen: int
    recovered_fen: int
    cash_fen: int


class Summary(msgspec.Struct, frozen=True):
    """What was paid in the caller's subtree: `people` distinct, `person_times` distinct claims.

    Settle times run from the request to the booking, in milliseconds of business time; None before the first.
    """

    people: int
    person_times: int
    fen: int
    fen_by_benefit: dict[str, int]
    returned: int
    disputed: int
    open_payouts: int
    settle_ms_p50: int | None
    settle_ms_p99: int | None


class LedgerCheck(msgspec.Struct, frozen=True):
    """The books of a plan read from end to end; `problems` is empty when everything agrees.

    `expected_cash_fen` = donations − bookings + money that came back + `recovered_fen` (domain 12.11), none of it
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


class DisputeView(msgspec.Struct, frozen=True):
    """What the bank said against what it had said before."""

    payout_id: str
    claim_no: str
    attempt: int
    outcome: str
    reason: str
    amount_fen: int
    bank_reference: str


class DisputePage(msgspec.Struct, frozen=True):
    """Some disputes; `next` goes on after them, if there are more."""

    items: list[DisputeView]
    next: int | None


@get("/pool/{plan_code:str}")
async def pool(plan_code: PlanCode, actor: Actor, context: Context) -> Pool:
    """A plan's pool by its ledger; all zero for a plan without a donation."""
    allow_province(actor)
    async with context.reads.connection() as c:
        accounts = await account_balances.of_plan(c, plan_code)

    def debit(name: str) -> int:
        held = accounts.get(name, ledger.Movement(name))
        return held.debit_fen - held.credit_fen

    payable = accounts.get(ledger.POOL.payable, ledger.Movement(ledger.POOL.payable))
    expense = sum(debit(name) for name in accounts if name.startswith(f"{ledger.POOL.expense}:"))
    return Pool(
        plan_code=plan_code,
        contribution_fen=-debit(ledger.POOL.contribution),
        claims_expense_fen=expense,
        paid_fen=expense + debit(ledger.POOL.payable),
        payable_fen=-debit(ledger.POOL.payable),
        reserved_fen=payable.pending_debit_fen,
        suspense_fen=-debit(ledger.POOL.suspense),
        recovered_fen=-debit(ledger.RECOVERIES),
        cash_fen=debit(ledger.POOL.cash),
    )


@get("/summary")
async def summary(actor: Actor, context: Context) -> Summary:
    """People, person-times and money that the pool has paid in the caller's subtree; relief is counted apart."""
    allow(actor, *STAFF)
    async with context.reads.connection() as c:
        totals = await payouts.totals(c, in_subtree(payouts.C.org_path, actor), ledger.POOL.name)
    return msgspec.convert(totals, Summary)


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


@get("/disputes")
async def list_disputes(actor: Actor, context: Context, after: After = 0, limit: Limit = PAGE_ROWS) -> DisputePage:
    """Contradictions of the bank, for people to decide."""
    allow_province(actor)
    async with context.reads.connection() as c:
        rows = await disputes.page(c, after, limit + 1)
    items = [
        DisputeView(
            payout_id=row["payout_id"],
            claim_no=row["claim_no"],
            attempt=row["attempt"],
            outcome=row["outcome"],
            reason=row["reason"],
            amount_fen=row["amount_fen"],
            bank_reference=row["bank_reference"],
        )
        for row in rows[:limit]
    ]
    return DisputePage(items, rows[limit - 1]["position"] if len(rows) > limit else None)


async def _checked(c: AsyncConnection, plan_code: str) -> LedgerCheck:
    accounts = await account_balances.of_plan(c, plan_code)
    recovered_fen = await recoveries.total_fen(c, plan_code)
    given_fen = await donations.total_fen(c, plan_code)
    expected_fen = {
        ledger.POOL: await _expected_cash(c, plan_code, ledger.POOL, given_fen + recovered_fen),
        ledger.RELIEF: await _expected_cash(
            c, plan_code, ledger.RELIEF, await relief_donations.total_fen(c, plan_code)
        ),
    }
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
        problems.append("The relief fund's cash is not its donations less bookings plus what came back.")
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
    return given_fen - paid + back


ROUTES: list[ControllerRouterHandler] = [pool, summary, check_ledger, list_disputes]
