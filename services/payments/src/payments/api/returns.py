"""After a return, over HTTP: another account by one person, its confirmation by a second, and the office's calls."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec
import sqlalchemy as sa
from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from chassis.auth import allow, in_subtree
from chassis.clock import utc_text
from chassis.context import Context
from chassis.execute import Session
from chassis.keyring import Erased
from chassis.web.problem import Problem, ProblemBody, body_of
from contracts.envelope import Actor
from contracts.payments.owing import AccountMismatched
from contracts.person import Account
from payments.api.payouts import CLERKS, PayoutPage, may_see, payout_view
from payments.api.reading import PAGE_ROWS, After, Limit
from payments.domain.payout import PAYOUT, Absent, Owed, Requested, Returned
from payments.domain.payout_commands import ConfirmAccount, DeclineAccount, ProposeAccount, RecordCall
from payments.domain.payout_stages import CORRECTED_ACCOUNT_FIELD
from payments.projections import payouts

CARD_NO = re.compile(r"[0-9]{12,19}")
ACCOUNT_TAIL_LENGTH = 4
CONFIRMERS = ("county_clerk", "city_clerk", "office_reviewer", "office_rechecker", "office_head")
"""Who may be the second person of an account; finance, which pays, is not among them."""
CALLERS = ("office_reviewer", "office_rechecker", "office_head")

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
CardText = Annotated[str, msgspec.Meta(max_length=40)]


class OtherAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The payee's own debit card; the number may be written in groups."""

    account_name: Text
    card_no: CardText
    bank_name: Annotated[str, msgspec.Meta(max_length=100)] = ""


class NumberAgain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The number as the second person reads it from the paper or hears it from the payee."""

    card_no: CardText


class Declined(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why the account is not confirmed."""

    reason: Literal["NUMBER_DIFFERS", "NOT_OWN", "NOT_REACHED", "NO_PROOF"]


class Called(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the call ended."""

    outcome: Literal["REACHED", "NOT_REACHED"]


class AccountTaken(msgspec.Struct, frozen=True):
    """The account that ends like this waits for its second person, or has been confirmed by one."""

    payout_id: str
    account_tail: str


class NumberDiffers(ProblemBody, frozen=True):
    """The number is not the one that was proposed. An answer and no refusal, since the try is recorded."""

    @property
    def http_status(self) -> int:
        """As of the problem."""
        return self.status


DIFFERS = msgspec.convert(
    msgspec.to_builtins(
        body_of(Problem(409, "account-differs", "The number is not the one that was proposed.", "card_no"))
    ),
    NumberDiffers,
)


class CallTaken(msgspec.Struct, frozen=True):
    """The call is recorded."""

    payout_id: str
    outcome: str


@post("/payouts/{payout_id:str}/account", status_code=200)
async def propose_account(
    payout_id: FromPath[str],
    data: JSONBody[OtherAccount],
    request: Request[Any, Any, Any],
    actor: Actor,
    context: Context,
) -> Response[AccountTaken]:
    """After a return: the payee, or a clerk of their subtree, names another account. A second person confirms it."""
    allow(actor, "member", *CLERKS)
    card_no = _digits(data.card_no)
    account = Account(account_name=data.account_name.strip(), card_no=card_no, bank_name=data.bank_name.strip())

    async def work(session: Session) -> AccountTaken:
        payout = await _theirs(session, actor, payout_id)
        same = await _named_last(session, payout) == account
        sealed = await session.keyring.seal(
            account,
            subject=payout.terms.owed.payee_id,
            category="bank",
            decision_id=session.decision_id,
            field=CORRECTED_ACCOUNT_FIELD,
        )
        tail = card_no[-ACCOUNT_TAIL_LENGTH:]
        await session.decide(PAYOUT, payout_id, ProposeAccount(sealed, tail, actor.sub, same))
        return AccountTaken(payout_id, tail)

    return await context.command(request, actor, work, status=200, keep_s=None)


@post("/payouts/{payout_id:str}/account/confirm", status_code=200)
async def confirm_account(
    payout_id: FromPath[str],
    data: JSONBody[NumberAgain],
    request: Request[Any, Any, Any],
    actor: Actor,
    context: Context,
) -> Response[AccountTaken | NumberDiffers]:
    """The second person writes the number again; after the cooling period it may be paid to.

    409 `account-differs` for another number, and `account-tries-exhausted` after `account_tries_max` of them in a day.
    """
    allow(actor, *CONFIRMERS)
    card_no = _digits(data.card_no)

    async def work(session: Session) -> AccountTaken | NumberDiffers:
        payout = await _theirs(session, actor, payout_id)
        named = await _named_last(session, payout)
        usable_from = session.now + timedelta(hours=context.settings.account_cooling_h)
        matches = named is not None and named.card_no == card_no
        settings, today = context.settings, session.today.isoformat()
        command = ConfirmAccount(actor.sub, matches, utc_text(usable_from), today, settings.account_tries_max)
        if any(isinstance(one, AccountMismatched) for one in await session.decide(PAYOUT, payout_id, command)):
            return DIFFERS
        return AccountTaken(payout_id, card_no[-ACCOUNT_TAIL_LENGTH:])

    return await context.command(request, actor, work, status=200, keep_s=None)


@post("/payouts/{payout_id:str}/account/decline", status_code=200)
async def decline_account(
    payout_id: FromPath[str],
    data: JSONBody[Declined],
    request: Request[Any, Any, Any],
    actor: Actor,
    context: Context,
) -> Response[AccountTaken]:
    """The second person does not confirm; the payout waits for another account."""
    allow(actor, *CONFIRMERS)

    async def work(session: Session) -> AccountTaken:
        payout = await _theirs(session, actor, payout_id)
        await session.decide(PAYOUT, payout_id, DeclineAccount(actor.sub, data.reason))
        return AccountTaken(payout_id, payout.terms.account_tail)

    return await context.command(request, actor, work, status=200, keep_s=None)


@post("/payouts/{payout_id:str}/call", status_code=200)
async def record_call(
    payout_id: FromPath[str],
    data: JSONBody[Called],
    request: Request[Any, Any, Any],
    actor: Actor,
    context: Context,
) -> Response[CallTaken]:
    """The office phoned about money that came back again and again."""
    allow(actor, *CALLERS)

    async def work(session: Session) -> CallTaken:
        await _theirs(session, actor, payout_id)
        await session.decide(PAYOUT, payout_id, RecordCall(actor.sub, data.outcome, session.today.isoformat()))
        return CallTaken(payout_id, data.outcome)

    return await context.command(request, actor, work, status=200, keep_s=None)


@get("/accounts/proposed")
async def list_proposed(actor: Actor, context: Context, after: After = 0, limit: Limit = PAGE_ROWS) -> PayoutPage:
    """Payouts of the caller's subtree whose other account waits for a second person."""
    allow(actor, *CONFIRMERS)
    return await _page(actor, context, payouts.PROPOSED, after, limit)


@get("/calls")
async def list_calls(actor: Actor, context: Context, after: After = 0, limit: Limit = PAGE_ROWS) -> PayoutPage:
    """Payouts of the caller's subtree whose payee the office has to phone."""
    allow(actor, *CALLERS)
    return await _page(actor, context, payouts.TO_CALL, after, limit)


async def _page(actor: Actor, context: Context, what: sa.ColumnElement[bool], after: int, limit: int) -> PayoutPage:
    async with context.reads.connection() as c:
        rows = await payouts.waiting(c, in_subtree(payouts.C.org_path, actor), what, after, limit + 1)
    more = len(rows) > limit
    return PayoutPage([payout_view(row) for row in rows[:limit]], rows[limit - 1]["position"] if more else None)


async def _theirs(session: Session, actor: Actor, payout_id: str) -> Owed:
    """The payout, if it is the caller's to handle."""
    payout = await session.load(PAYOUT, payout_id)
    if isinstance(payout, Absent):
        raise Problem(404, "payout-unknown", "No such payout.")
    owed = payout.terms.owed
    if not may_see(actor, owed.org_path, owed.person_id, owed.payee_id):
        raise Problem(404, "payout-unknown", "No such payout.")
    return payout


async def _named_last(session: Session, payout: Owed) -> Account | None:
    """The account that waits for a second person, or the one that was confirmed last; None where there is none."""
    match payout:
        case Returned(terms, proposal=proposal) if proposal is not None:
            sealed = proposal.account
        case Requested(terms) if terms.account_field == CORRECTED_ACCOUNT_FIELD:
            sealed = terms.account
        case _:
            return None
    opened = (await session.keyring.open_many([(sealed, Account, terms.owed.payee_id, CORRECTED_ACCOUNT_FIELD)]))[0]
    return None if isinstance(opened, Erased) else opened


def _digits(text: str) -> str:
    card_no = text.replace(" ", "").replace("-", "")
    if not CARD_NO.fullmatch(card_no):
        raise Problem(422, "card-number-malformed", "A card number has 12 to 19 digits.", "card_no")
    return card_no


ROUTES: list[ControllerRouterHandler] = [
    propose_account,
    confirm_account,
    decline_account,
    record_call,
    list_proposed,
    list_calls,
]
