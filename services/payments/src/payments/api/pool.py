"""The pool over HTTP: its balances, the figures of what was paid, and what the bank contradicted."""

from __future__ import annotations

import msgspec
from litestar import get
from litestar.types import ControllerRouterHandler

from chassis.auth import allow, in_subtree
from chassis.context import Context
from contracts.envelope import Actor
from contracts.payments.months import KindReserve
from payments.api import levels
from payments.api.reading import PAGE_ROWS, STAFF, After, Limit, PlanCode, allow_province
from payments.domain import ledger
from payments.domain.reserve import ibnr_account, kinds_reserved, outstanding_account
from payments.projections import account_balances, disputes, payouts, reserves


class BookedReserve(msgspec.Struct, frozen=True):
    """What the last closed month set for a kind of incident, in fen: reported claims (2301), unreported ones (2302)."""

    outstanding_fen: int
    ibnr_fen: int


class PoolReserves(msgspec.Struct, frozen=True):
    """What open claims and those not yet reported will cost, in fen, all and by kind of incident (domain 7.2)."""

    outstanding_fen: int
    ibnr_fen: int
    by_kind: dict[str, KindReserve]
    booked_by_kind: dict[str, BookedReserve]


class Pool(msgspec.Struct, frozen=True):
    """A plan's pool in fen: given, paid and payable claims, what is reserved in batches, and the cash.

    `recovered_fen` was wrongly paid and came back; `paid_fen` is not lessened by it. `used_fen` is paid and payable,
    `used_percent` of what is available, rounded down; `told` alerts and requests for more, the newest first.
    `available_fen` is what was given less what the plan sets aside of it, `risk_reserve_fen` (2401) and
    `activity_cost_fen` (5201). `reserves` say what claims will still cost, as it looks now, and what is booked of it.
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
    used_fen: int
    used_percent: int
    told: list[levels.FundTold]
    available_fen: int
    risk_reserve_fen: int
    activity_cost_fen: int
    reserves: PoolReserves


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
        told = await levels.told(c, plan_code, ledger.POOL)
        foreseen = await reserves.at_end_of(c, plan_code, context.clock.today().isoformat()[:7])
    used_fen, available_fen = ledger.used_and_available(accounts, ledger.POOL)

    def debit(name: str) -> int:
        return ledger.balance_fen(accounts, name)

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
        recovered_fen=-debit(ledger.POOL.recoveries),
        cash_fen=debit(ledger.POOL.cash),
        used_fen=used_fen,
        used_percent=levels.percent_used(used_fen, available_fen),
        told=told,
        available_fen=available_fen,
        risk_reserve_fen=-debit(ledger.RISK_RESERVE),
        activity_cost_fen=debit(ledger.ACTIVITY_COST),
        reserves=PoolReserves(
            outstanding_fen=sum(one.outstanding_fen for one in foreseen),
            ibnr_fen=sum(one.ibnr_fen for one in foreseen),
            by_kind={one.kind: one for one in foreseen},
            booked_by_kind={
                kind: BookedReserve(-debit(outstanding_account(kind)), -debit(ibnr_account(kind)))
                for kind in sorted(kinds_reserved(accounts))
            },
        ),
    )


@get("/summary")
async def summary(actor: Actor, context: Context) -> Summary:
    """People, person-times and money that the pool has paid in the caller's subtree; relief is counted apart."""
    allow(actor, *STAFF)
    async with context.reads.connection() as c:
        totals = await payouts.totals(c, in_subtree(payouts.C.org_path, actor), ledger.POOL.name)
    return msgspec.convert(totals, Summary)


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


ROUTES: list[ControllerRouterHandler] = [pool, summary, list_disputes]
