"""The relief fund over HTTP: donations in, its balances out; the pool has no part in it (domain 4.5)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import JSONBody, PathParameter
from litestar.types import ControllerRouterHandler

from chassis.auth import allow_province
from chassis.context import Context
from chassis.execute import Session
from contracts.envelope import Actor
from payments.api import levels
from payments.api.reading import BOOKKEEPERS, PAGE_ROWS
from payments.domain import ledger
from payments.domain.relief_donation import RELIEF_DONATION, BookReliefDonation, donation_key
from payments.projections import account_balances, relief_donations

MONEY_FEN_MAX = 1_000_000_000_000
PLAN_CODE = r"^[A-Za-z0-9-]{1,40}$"
PlanInPath = Annotated[str, PathParameter(pattern=PLAN_CODE)]


class ReliefDonationAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A donation that the bank has received under `reference`; `donor` is an organisation, no private person."""

    plan_code: Annotated[str, msgspec.Meta(pattern=PLAN_CODE)]
    reference: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9]{1,40}$")]
    donor: Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
    amount_fen: Annotated[int, msgspec.Meta(ge=1, le=MONEY_FEN_MAX)]
    received_on: date


class ReliefDonationTold(msgspec.Struct, frozen=True):
    """The donation as it is booked."""

    plan_code: str
    reference: str
    amount_fen: int


class ReliefDonationView(msgspec.Struct, frozen=True):
    """One donation to the relief fund."""

    reference: str
    donor: str
    amount_fen: int
    received_on: str


class ReliefFund(msgspec.Struct, frozen=True):
    """A plan's relief fund in fen by its ledger, by kind of relief, with its newest donations.

    `recovered_fen` was wrongly paid and came back; `paid_fen` is not lessened by it. `used_fen` is paid and payable,
    `used_percent` of what was given, rounded down; `left_fen` may still be granted: given and recovered less used,
    below zero where more was granted. `told` alerts and requests for more, the newest first.
    """

    plan_code: str
    contribution_fen: int
    expense_fen: int
    expense_fen_by_kind: dict[str, int]
    paid_fen: int
    payable_fen: int
    reserved_fen: int
    suspense_fen: int
    recovered_fen: int
    cash_fen: int
    donations: list[ReliefDonationView]
    used_fen: int
    used_percent: int
    left_fen: int
    told: list[levels.FundTold]


@post("/relief-fund/donations", status_code=201)
async def book_relief_donation(
    data: JSONBody[ReliefDonationAsked], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[ReliefDonationTold]:
    """Take a donor's money into the relief fund, once for each receipt of the bank."""
    allow_province(actor, "finance")

    async def work(session: Session) -> ReliefDonationTold:
        command = BookReliefDonation(
            reference=data.reference,
            plan_code=data.plan_code,
            donor=data.donor,
            amount_fen=data.amount_fen,
            received_on=data.received_on.isoformat(),
            today=session.today.isoformat(),
            by=actor.sub,
        )
        await session.decide(RELIEF_DONATION, donation_key(data.plan_code, data.reference), command)
        return ReliefDonationTold(data.plan_code, data.reference, data.amount_fen)

    return await context.command(request, actor, work, status=201, keep_s=None)


@get("/relief-fund/{plan_code:str}")
async def relief_fund(plan_code: PlanInPath, actor: Actor, context: Context) -> ReliefFund:
    """A plan's relief fund; all zero before its first donation."""
    allow_province(actor, *BOOKKEEPERS)
    fund = ledger.RELIEF
    async with context.reads.connection() as c:
        accounts = await account_balances.of_plan(c, plan_code)
        newest = await relief_donations.latest(c, plan_code, PAGE_ROWS)
        told = await levels.told(c, plan_code, fund)
    used_fen, available_fen = ledger.used_and_available(accounts, fund)

    def debit(name: str) -> int:
        return ledger.balance_fen(accounts, name)

    prefix = f"{fund.expense}:"
    by_kind = {name.removeprefix(prefix): debit(name) for name in accounts if name.startswith(prefix)}
    expense = sum(by_kind.values())
    return ReliefFund(
        plan_code=plan_code,
        contribution_fen=-debit(fund.contribution),
        expense_fen=expense,
        expense_fen_by_kind=by_kind,
        paid_fen=expense + debit(fund.payable),
        payable_fen=-debit(fund.payable),
        reserved_fen=accounts.get(fund.payable, ledger.Movement(fund.payable)).pending_debit_fen,
        suspense_fen=-debit(fund.suspense),
        recovered_fen=-debit(fund.recoveries),
        cash_fen=debit(fund.cash),
        donations=[
            ReliefDonationView(one["reference"], one["donor"], one["amount_fen"], one["received_on"]) for one in newest
        ],
        used_fen=used_fen,
        used_percent=levels.percent_used(used_fen, available_fen),
        left_fen=available_fen - used_fen - debit(fund.recoveries),
        told=told,
    )


ROUTES: list[ControllerRouterHandler] = [book_relief_donation, relief_fund]
