"""Payouts over HTTP: the worklist, one payout with its attempts, another account after a return."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec
import sqlalchemy as sa
from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler

from chassis.auth import allow, in_subtree
from chassis.context import Context
from chassis.execute import Session
from chassis.web.problem import Problem
from contracts.envelope import Actor
from contracts.organization import within
from contracts.person import Account
from payments.api.reading import PAGE_ROWS, STAFF, After, Limit, shown
from payments.domain.payout import CORRECTED_ACCOUNT_FIELD, PAYOUT, Absent, CorrectAccount, Owed
from payments.projections import attempts, payouts

CARD_NO = re.compile(r"[0-9]{12,19}")
ACCOUNT_TAIL_LENGTH = 4
CLERKS = ("agent", "unit_clerk", "county_clerk")
"""Who may hand in another account for a payee of their subtree."""

Standing = Annotated[
    Literal["", "requested", "batched", "unknown", "settled", "returned"], QueryParameter(name="state")
]
ClaimId = Annotated[str, QueryParameter(max_length=100)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class PayoutView(msgspec.Struct, frozen=True):
    """A payout as it stands; times with +08:00, money in fen."""

    payout_id: str
    claim_id: str
    claim_no: str
    benefit_code: str
    plan_code: str
    person_id: str
    payee_id: str
    org_path: str
    amount_fen: int
    account_tail: str
    state: str
    attempt: int
    batch_id: str
    reason: str
    returns: int
    disputes: int
    requested_at: str
    settled_at: str


class PayoutPage(msgspec.Struct, frozen=True):
    """Some payouts; `next` goes on after them, if there are more."""

    items: list[PayoutView]
    next: int | None


class AttemptView(msgspec.Struct, frozen=True):
    """One attempt: open, unknown, settled or returned."""

    end_to_end_id: str
    attempt: int
    batch_id: str
    outcome: str
    reason: str


class PayoutDetail(msgspec.Struct, frozen=True):
    """A payout with its attempts."""

    payout: PayoutView
    attempts: list[AttemptView]


class OtherAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The payee's own debit card; the number may be written in groups."""

    account_name: Text
    card_no: Annotated[str, msgspec.Meta(max_length=40)]
    bank_name: Annotated[str, msgspec.Meta(max_length=100)] = ""


class AccountTaken(msgspec.Struct, frozen=True):
    """The payout will be tried again with the account that ends like this."""

    payout_id: str
    account_tail: str


@get("/payouts")
async def list_payouts(
    actor: Actor,
    context: Context,
    standing: Standing = "",
    claim_id: ClaimId = "",
    after: After = 0,
    limit: Limit = PAGE_ROWS,
) -> PayoutPage:
    """Payouts of the caller's subtree, or a member's own, in the order they were requested."""
    allow(actor, "member", *STAFF)
    async with context.reads.connection() as c:
        rows = await payouts.page(c, visible_to(actor), standing, claim_id, after, limit + 1)
    more = len(rows) > limit
    return PayoutPage([_view(row) for row in rows[:limit]], rows[limit - 1]["position"] if more else None)


@get("/payouts/{payout_id:str}")
async def one_payout(payout_id: FromPath[str], actor: Actor, context: Context) -> PayoutDetail:
    """A payout and its attempts; 404 also when it is not the caller's to see."""
    allow(actor, "member", *CLERKS, *STAFF)
    async with context.reads.connection() as c:
        row = await payouts.one(c, payout_id)
        if row is None or not _may_see(actor, row["org_path"], row["person_id"], row["payee_id"]):
            raise Problem(404, "payout-unknown", "No such payout.")
        tried = await attempts.of_payout(c, payout_id)
    return PayoutDetail(
        _view(row),
        [
            AttemptView(one["end_to_end_id"], one["attempt"], one["batch_id"], one["outcome"], one["reason"])
            for one in tried
        ],
    )


@post("/payouts/{payout_id:str}/account", status_code=200)
async def correct_account(
    payout_id: FromPath[str],
    data: JSONBody[OtherAccount],
    request: Request[Any, Any, Any],
    actor: Actor,
    context: Context,
) -> Response[AccountTaken]:
    """After a return: the payee, or a clerk of their subtree, names another account."""
    allow(actor, "member", *CLERKS)
    card_no = data.card_no.replace(" ", "").replace("-", "")
    if not CARD_NO.fullmatch(card_no):
        raise Problem(422, "card-number-malformed", "A card number has 12 to 19 digits.", "card_no")
    account = Account(account_name=data.account_name.strip(), card_no=card_no, bank_name=data.bank_name.strip())

    async def work(session: Session) -> AccountTaken:
        payout = await session.load(PAYOUT, payout_id)
        if isinstance(payout, Absent) or not _may_pay_to(actor, payout):
            raise Problem(404, "payout-unknown", "No such payout.")
        sealed = await session.keyring.seal(
            account,
            subject=payout.terms.owed.payee_id,
            category="bank",
            decision_id=session.decision_id,
            field=CORRECTED_ACCOUNT_FIELD,
        )
        tail = card_no[-ACCOUNT_TAIL_LENGTH:]
        await session.decide(PAYOUT, payout_id, CorrectAccount(sealed, tail))
        return AccountTaken(payout_id, tail)

    return await context.command(request, actor, work, status=200, keep_s=None)


def visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """Which payouts the caller sees: a member their own, staff those of their subtree."""
    if set(actor.roles) == {"member"}:
        return sa.or_(payouts.C.person_id == actor.sub, payouts.C.payee_id == actor.sub)
    return in_subtree(payouts.C.org_path, actor)


def _may_see(actor: Actor, org_path: str, person_id: str, payee_id: str) -> bool:
    if set(actor.roles) == {"member"}:
        return actor.sub in {person_id, payee_id}
    return within(org_path, actor.org_path)


def _may_pay_to(actor: Actor, payout: Owed) -> bool:
    owed = payout.terms.owed
    return _may_see(actor, owed.org_path, owed.person_id, owed.payee_id)


def _view(row: sa.RowMapping) -> PayoutView:
    return PayoutView(
        payout_id=row["payout_id"],
        claim_id=row["claim_id"],
        claim_no=row["claim_no"],
        benefit_code=row["benefit_code"],
        plan_code=row["plan_code"],
        person_id=row["person_id"],
        payee_id=row["payee_id"],
        org_path=row["org_path"],
        amount_fen=row["amount_fen"],
        account_tail=row["account_tail"],
        state=row["state"],
        attempt=row["attempt"],
        batch_id=row["batch_id"],
        reason=row["reason"],
        returns=row["returns"],
        disputes=row["disputes"],
        requested_at=shown(row["requested_ms"]),
        settled_at=shown(row["settled_ms"]),
    )


ROUTES: list[ControllerRouterHandler] = [list_payouts, one_payout, correct_account]
