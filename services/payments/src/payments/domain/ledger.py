"""The double-entry book of pool and relief fund (domain 7.2): their charts of accounts, and what each moment moves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.payments.v1 import Transfer


@dataclass(frozen=True)
class Fund:
    """A purse of a plan with accounts of its own: what the one owes, the other never pays (domain 4.5).

    `expense` has a sub-account for each kind: `expense:claims:<benefit>`, `expense:relief:<kind>`.
    """

    name: str
    cash: str
    contribution: str
    expense: str
    payable: str
    clearing: str
    suspense: str
    unexplained: str
    recoveries: str


POOL = Fund(
    name="pool",
    cash="pool:cash",
    contribution="contribution",
    expense="expense:claims",
    payable="payable:claims",
    clearing="clearing:bank",
    suspense="suspense:returned",
    unexplained="suspense:bank",
    recoveries="recoveries",
)
RELIEF = Fund(
    name="relief",
    cash="relief:cash",
    contribution="relief:contribution",
    expense="expense:relief",
    payable="relief:payable",
    clearing="relief:clearing",
    suspense="relief:suspense",
    unexplained="relief:suspense:bank",
    recoveries="relief:recoveries",
)
RISK_RESERVE, ACTIVITY_COST, ACTIVITY_PAYABLE = "reserve:risk", "expense:activity", "payable:activity"
OUTSTANDING_RESERVE, IBNR_RESERVE, PROVISION = "reserve:outstanding", "reserve:ibnr", "expense:reserves"
"""The pool's reserves and what they are set against; the two claims reserves have a sub-account a kind of incident."""
FUNDS = {fund.name: fund for fund in (POOL, RELIEF)}
RELIEF_CODE = "6101"
CODES = {
    "cash": "1001",
    "clearing": "1002",
    "contribution": "2101",
    "payable": "2201",
    "suspense": "2202",
    "unexplained": "2203",
    "expense": "5101",
    "recoveries": "5102",
}
"""Account codes of domain 7.2 by what an account is to its fund; those of the relief fund stand under RELIEF_CODE."""
POOL_CODES = {
    OUTSTANDING_RESERVE: "2301",
    IBNR_RESERVE: "2302",
    RISK_RESERVE: "2401",
    ACTIVITY_COST: "5201",
    ACTIVITY_PAYABLE: "2204",
    PROVISION: "5103",
}
"""Codes of what only the pool has; 1002, 2203, 2204 and 5103 are ours, beside those of domain 7.2."""

SINGLE, PENDING, POST, VOID = "single", "pending", "post", "void"


class BrokenTransfer(ValueError):
    """A transfer that no book can carry: same account twice, no amount, or a pending resolved a second time."""


@dataclass(frozen=True)
class Movement:
    """What one transfer does to one account, in fen; a pending amount is reserved, not moved."""

    account: str
    debit_fen: int = 0
    credit_fen: int = 0
    pending_debit_fen: int = 0
    pending_credit_fen: int = 0


def account(plan_code: str, name: str) -> str:
    """The full name of a plan's account: `<plan>:<name>`."""
    return f"{plan_code}:{name}"


def shares_of(amount_fen: int, percents: tuple[int, ...]) -> tuple[int, ...]:
    """A line's amount split by shares in percent, rounded down to the fen; the last gets the rest (domain 4.6)."""
    firsts = tuple(amount_fen * percent // 100 for percent in percents[:-1])
    return (*firsts, amount_fen - sum(firsts))


def plan_and_name(full_name: str) -> tuple[str, str]:
    """The plan and the name within its chart."""
    plan_code, _, name = full_name.partition(":")
    return plan_code, name


def chart_place(name: str) -> tuple[str, str]:
    """The fund an account of the chart belongs to, and its code (domain 7.2).

    Raises BrokenTransfer for a name that no chart has.
    """
    for own, code in POOL_CODES.items():
        if name == own or name.startswith(f"{own}:"):
            return POOL.name, code
    for fund in (POOL, RELIEF):
        for role, code in CODES.items():
            own = getattr(fund, role)
            if name == own or (role == "expense" and name.startswith(f"{own}:")):
                return fund.name, code if fund is POOL else f"{RELIEF_CODE}.{code}"
    raise BrokenTransfer(f"{name} is no account of the chart.")


def balance_fen(accounts: dict[str, Movement], name: str) -> int:
    """Debits less credits of an account; 0 of one that nothing was booked on."""
    held = accounts.get(name, Movement(name))
    return held.debit_fen - held.credit_fen


def used_and_available(accounts: dict[str, Movement], fund: Fund) -> tuple[int, int]:
    """What of a fund is used, paid and payable, and what there is for it, in fen.

    There is what was given, less what the plan sets aside of it for risk and activity; claims reserves count in
    neither.
    """
    used = sum(balance_fen(accounts, name) for name in accounts if name.startswith(f"{fund.expense}:"))
    given = -balance_fen(accounts, fund.contribution)
    aside = balance_fen(accounts, ACTIVITY_COST) - balance_fen(accounts, RISK_RESERVE) if fund is POOL else 0
    return used, given - aside


def single(transfer_id: str, plan_code: str, debit: str, credit: str, amount_fen: int) -> Transfer:
    """An entry that moves money at once, from and to accounts by their names in the chart. Raises BrokenTransfer."""
    return _checked(transfer_id, SINGLE, plan_code, debit, credit, amount_fen, "")


def donated(donation_id: str, plan_code: str, amount_fen: int, fund: Fund = POOL) -> tuple[Transfer, ...]:
    """The donor's money arrives: Dr cash / Cr contribution."""
    prefix = "" if fund is POOL else f"{fund.name}-"
    transfer_id = f"{prefix}donation-{donation_id}:received"
    return (single(transfer_id, plan_code, fund.cash, fund.contribution, amount_fen),)


def recovered(
    recovery_id: str, receipt_id: str, plan_code: str, amount_fen: int, fund: Fund = POOL
) -> tuple[Transfer, ...]:
    """Wrongly paid money comes back to the fund that paid it: Dr cash / Cr recoveries."""
    transfer_id = f"recovery-{recovery_id}-{receipt_id}:received"
    return (single(transfer_id, plan_code, fund.cash, fund.recoveries, amount_fen),)


def approved(
    payout_id: str, plan_code: str, benefit_code: str, amount_fen: int, fund: Fund = POOL
) -> tuple[Transfer, ...]:
    """A line is owed: Dr expense of its benefit / Cr payable."""
    expense = f"{fund.expense}:{benefit_code}"
    return (single(f"{payout_id}:approved", plan_code, expense, fund.payable, amount_fen),)


def reserved(payout_id: str, attempt: int, plan_code: str, amount_fen: int, fund: Fund = POOL) -> tuple[Transfer, ...]:
    """An attempt is in a batch: pending Dr payable / Cr clearing."""
    return (
        _checked(_reservation(payout_id, attempt), PENDING, plan_code, fund.payable, fund.clearing, amount_fen, ""),
    )


def settled(payout_id: str, attempt: int, plan_code: str, amount_fen: int, fund: Fund = POOL) -> tuple[Transfer, ...]:
    """The bank booked the attempt: post the pending, then Dr clearing / Cr cash."""
    return (
        _resolution(POST, payout_id, attempt, plan_code, amount_fen, fund),
        single(f"{payout_id}:{attempt}:paid", plan_code, fund.clearing, fund.cash, amount_fen),
    )


def settled_after_all(
    payout_id: str, attempt: int, plan_code: str, amount_fen: int, fund: Fund = POOL
) -> tuple[Transfer, ...]:
    """The bank had booked an attempt that was taken for refused, so its pending is void: payable, then cash."""
    return (
        single(f"{payout_id}:{attempt}:owed-no-more", plan_code, fund.payable, fund.clearing, amount_fen),
        single(f"{payout_id}:{attempt}:paid", plan_code, fund.clearing, fund.cash, amount_fen),
    )


def refused(payout_id: str, attempt: int, plan_code: str, amount_fen: int, fund: Fund = POOL) -> tuple[Transfer, ...]:
    """The bank refused the attempt before booking it: void the pending; the amount stays payable."""
    return (_resolution(VOID, payout_id, attempt, plan_code, amount_fen, fund),)


def returned(payout_id: str, attempt: int, plan_code: str, amount_fen: int, fund: Fund = POOL) -> tuple[Transfer, ...]:
    """Booked money came back (退票): Dr cash / Cr suspense, then suspense into payable again."""
    return (
        single(f"{payout_id}:{attempt}:returned", plan_code, fund.cash, fund.suspense, amount_fen),
        single(f"{payout_id}:{attempt}:owed-again", plan_code, fund.suspense, fund.payable, amount_fen),
    )


def reversed_by_bank(
    payout_id: str, attempt: int, plan_code: str, amount_fen: int, fund: Fund = POOL
) -> tuple[Transfer, ...]:
    """The bank took its booking back (冲账): the payment is undone and owed again, nothing was ever in suspense."""
    return (
        single(f"{payout_id}:{attempt}:reversed", plan_code, fund.cash, fund.clearing, amount_fen),
        single(f"{payout_id}:{attempt}:owed-again", plan_code, fund.clearing, fund.payable, amount_fen),
    )


def corrected(item_id: str, plan_code: str, difference_fen: int, fund: Fund = POOL) -> tuple[Transfer, ...]:
    """The cash follows the bank's statement by so much, above or below zero, until its reason is known (2203)."""
    debit, credit = (fund.cash, fund.unexplained) if difference_fen > 0 else (fund.unexplained, fund.cash)
    return (single(f"open_item-{item_id}:booked", plan_code, debit, credit, abs(difference_fen)),)


def movements(transfer: Transfer) -> tuple[Movement, Movement]:
    """What a transfer does to the debited and to the credited account."""
    amount = transfer.amount_fen
    match transfer.kind:
        case "pending":
            return (
                Movement(transfer.debit, pending_debit_fen=amount),
                Movement(transfer.credit, pending_credit_fen=amount),
            )
        case "void":
            return (
                Movement(transfer.debit, pending_debit_fen=-amount),
                Movement(transfer.credit, pending_credit_fen=-amount),
            )
        case "post":
            return (
                Movement(transfer.debit, debit_fen=amount, pending_debit_fen=-amount),
                Movement(transfer.credit, credit_fen=amount, pending_credit_fen=-amount),
            )
        case "single":
            return Movement(transfer.debit, debit_fen=amount), Movement(transfer.credit, credit_fen=amount)
        case _:
            raise BrokenTransfer(f"{transfer.transfer_id} is of unknown kind {transfer.kind}.")


def verify(transfers: Iterable[Transfer]) -> dict[str, Transfer]:
    """Read a whole book in order; the pendings still open, by id.

    Raises BrokenTransfer: an id used twice, a resolution without its pending, of another amount or a second one.
    """
    seen: set[str] = set()
    open_pendings: dict[str, Transfer] = {}
    for transfer in transfers:
        if transfer.transfer_id in seen:
            raise BrokenTransfer(f"{transfer.transfer_id} is in the book twice.")
        seen.add(transfer.transfer_id)
        _sound(transfer)
        if transfer.kind == PENDING:
            open_pendings[transfer.transfer_id] = transfer
        elif transfer.kind in {POST, VOID}:
            pending = open_pendings.pop(transfer.pending_id, None)
            if pending is None or pending.amount_fen != transfer.amount_fen:
                raise BrokenTransfer(f"{transfer.transfer_id} resolves no open pending of its amount.")
    return open_pendings


def _reservation(payout_id: str, attempt: int) -> str:
    return f"{payout_id}:{attempt}:reserved"


def _resolution(kind: str, payout_id: str, attempt: int, plan_code: str, amount_fen: int, fund: Fund) -> Transfer:
    pending_id = _reservation(payout_id, attempt)
    transfer_id = f"{payout_id}:{attempt}:{kind}"
    return _checked(transfer_id, kind, plan_code, fund.payable, fund.clearing, amount_fen, pending_id)


def _checked(
    transfer_id: str, kind: str, plan_code: str, debit: str, credit: str, amount_fen: int, pending_id: str
) -> Transfer:
    transfer = Transfer(
        transfer_id=transfer_id,
        kind=kind,
        debit=account(plan_code, debit),
        credit=account(plan_code, credit),
        amount_fen=amount_fen,
        pending_id=pending_id,
    )
    _sound(transfer)
    return transfer


def _sound(transfer: Transfer) -> None:
    if transfer.debit == transfer.credit:
        raise BrokenTransfer(f"{transfer.transfer_id} debits and credits the same account.")
    if transfer.amount_fen <= 0:
        raise BrokenTransfer(f"{transfer.transfer_id} moves no money.")
