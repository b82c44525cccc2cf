"""Three-way reconciliation (security 4.3): ledger, batch and statement, order by order; only exact matches agree."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

MATCHED, RETURNED = "matched", "returned"
MISSING_AT_BANK, MISSING_HERE = "missing_at_bank", "missing_here"
AMOUNT_DIFFERS, DUPLICATE = "amount_differs", "duplicate"
UNANSWERED, CONTRADICTED = "unanswered", "contradicted"
AGREED = frozenset({MATCHED, RETURNED})
CLASSES = (MATCHED, RETURNED, MISSING_AT_BANK, MISSING_HERE, AMOUNT_DIFFERS, DUPLICATE, UNANSWERED, CONTRADICTED)

PAID, BACK, REVERSED, RECEIVED, CHARGED = "paid", "returned", "reversed", "received", "charged"
ITEM_ID_LENGTH = 32


@dataclass(frozen=True)
class Movement:
    """The ledger's leg: one transfer to or from cash, in fen as it changes the cash."""

    transfer_id: str
    key: str
    kind: str
    amount_fen: int
    plan_code: str
    fund: str


@dataclass(frozen=True)
class Entry:
    """The statement's leg: one entry, known by its day and number, in fen as it changes the balance."""

    entry_no: int
    day: str
    key: str
    kind: str
    amount_fen: int
    reference: str = ""


@dataclass(frozen=True)
class Attempt:
    """The batch's leg: an order that was sent. `open` while nobody has said what became of it.

    `contradicted`: it stands as refused, and the bank has said booked as well.
    """

    key: str
    payout_id: str
    attempt: int
    amount_fen: int
    plan_code: str
    fund: str
    open: bool
    contradicted: bool = False


@dataclass(frozen=True)
class Finding:
    """How one order, or what is no order of ours, stands. `difference_fen`: the statement's balance less the cash."""

    finding: str
    day: str
    key: str
    kind: str
    entry_no: int
    transfer_id: str
    bank_fen: int
    ledger_fen: int
    plan_code: str
    fund: str
    payout_id: str = ""
    attempt: int = 0

    @property
    def difference_fen(self) -> int:
        """What it makes the statement's balance differ from the ledger's cash."""
        return self.bank_fen - self.ledger_fen

    @property
    def item_id(self) -> str:
        """The same disagreement has the same id, whenever it is found."""
        place = f"{self.day}:{self.entry_no}" if self.entry_no else self.transfer_id or self.key
        return hashlib.sha256(f"{self.finding}:{place}".encode()).hexdigest()[:ITEM_ID_LENGTH]


def compare(
    movements: Iterable[Movement], entries: Iterable[Entry], attempts: Iterable[Attempt], day: str
) -> list[Finding]:
    """How every order stands, by its end-to-end id and what happened to it.

    `attempts` are the batches' orders behind the keys; those that are open or contradicted, and overdue, are for
    people, unless the statement has them. `day` dates what no entry dates. Nothing agrees but equal amounts under
    one key.
    """
    orders = {order.key: order for order in attempts}
    here: dict[tuple[str, str], list[Movement]] = defaultdict(list)
    there: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for movement in movements:
        here[movement.key, movement.kind].append(movement)
    for entry in entries:
        there[entry.key, entry.kind].append(entry)
    found: list[Finding] = []
    for both in sorted({*here, *there}):
        found += _paired(here[both], there[both], orders.get(both[0]), day)
    told = {key for key, _ in there} | {key for key, _ in here}
    for order in orders.values():
        if order.key not in told and (order.open or order.contradicted):
            found.append(_without_trace(UNANSWERED if order.open else CONTRADICTED, order, day))
    return found


def _paired(here: list[Movement], there: list[Entry], order: Attempt | None, day: str) -> list[Finding]:
    """Equal amounts first, each with one; then what is left on both sides differs; then what is left on one."""
    found = []
    movements, entries, agreed = list(here), list(there), False
    for movement in here:
        equal = next((entry for entry in entries if entry.amount_fen == movement.amount_fen), None)
        if equal is not None:
            agreed = True
            movements.remove(movement)
            entries.remove(equal)
            name = MATCHED if movement.amount_fen < 0 or movement.kind == RECEIVED else RETURNED
            found.append(_finding(name, movement, equal, order, day))
    while movements and entries:
        agreed = True
        found.append(_finding(AMOUNT_DIFFERS, movements.pop(0), entries.pop(0), order, day))
    found += [_finding(MISSING_AT_BANK, movement, None, order, day) for movement in movements]
    for entry in entries:
        found.append(_finding(DUPLICATE if agreed else MISSING_HERE, None, entry, order, day))
        agreed = True
    return found


def _finding(name: str, movement: Movement | None, entry: Entry | None, order: Attempt | None, day: str) -> Finding:
    leg = movement or entry
    assert leg is not None
    owner = movement or order
    return Finding(
        finding=name,
        day=entry.day if entry else day,
        key=leg.key,
        kind=leg.kind,
        entry_no=entry.entry_no if entry else 0,
        transfer_id=movement.transfer_id if movement else "",
        bank_fen=entry.amount_fen if entry else 0,
        ledger_fen=movement.amount_fen if movement else 0,
        plan_code=owner.plan_code if owner else "",
        fund=owner.fund if owner else "",
        payout_id=order.payout_id if order else "",
        attempt=order.attempt if order else 0,
    )


def _without_trace(name: str, order: Attempt, day: str) -> Finding:
    return Finding(
        finding=name,
        day=day,
        key=order.key,
        kind=PAID,
        entry_no=0,
        transfer_id="",
        bank_fen=0,
        ledger_fen=0,
        plan_code=order.plan_code,
        fund=order.fund,
        payout_id=order.payout_id,
        attempt=order.attempt,
    )
