"""Something that does not agree with the bank: raised once, closed by an exact match or by people (security 4.3)."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.decider import Decider, Rejected
from contracts.payments.bank import OpenItemClosed, OpenItemRaised, ResolutionDeclined, ResolutionProposed
from payments.domain import ledger
from payments.domain.reconciliation import (
    CONTRADICTED,
    MISSING_AT_BANK,
    MISSING_HERE,
    UNANSWERED,
    Finding,
)
from payments.domain.reconciliation import PAID as PAYMENT

MATCHED, SUPERSEDED, PAIRED = "matched", "superseded", "paired"
BOOKED, PAID, NOT_PAID = "booked", "paid", "not_paid"
"""The last three move money, or let it be sent again: one proposes, another agrees."""


@dataclass(frozen=True)
class Absent:
    """Everything agrees."""


@dataclass(frozen=True)
class Open:
    """Nobody has explained it."""

    raised: OpenItemRaised


@dataclass(frozen=True)
class Proposed:
    """One person has said how it ends; a second has to agree."""

    raised: OpenItemRaised
    proposed: ResolutionProposed


@dataclass(frozen=True)
class Closed:
    """It has an end."""

    raised: OpenItemRaised
    closed: OpenItemClosed


OpenItem = Absent | Open | Proposed | Closed
OpenItemEvent = OpenItemRaised | ResolutionProposed | ResolutionDeclined | OpenItemClosed


def evolve(item: OpenItem, event: OpenItemEvent) -> OpenItem:
    """The item after an event."""
    match event, item:
        case OpenItemRaised(), _:
            return Open(event)
        case ResolutionProposed(), Open(raised):
            return Proposed(raised, event)
        case ResolutionDeclined(), Proposed(raised):
            return Open(raised)
        case OpenItemClosed(), Open(raised) | Proposed(raised):
            return Closed(raised, event)
        case _:
            raise ValueError("An open item is raised, perhaps proposed, and closed.")


@dataclass(frozen=True)
class RaiseItem:
    """The reconciler found this."""

    found: Finding


@dataclass(frozen=True)
class MatchItem:
    """The reconciler finds it no longer: an exact match came (`agreed`), or another item says it better."""

    agreed: bool = True


@dataclass(frozen=True)
class PairItem:
    """It and another cancel out, as a wrong entry and the bank's correction of it do; `other_fen` is the other's."""

    other_id: str
    other_fen: int
    reason: str
    by: str


@dataclass(frozen=True)
class ProposeResolution:
    """The first person: how it ends, why, and on which paper of the bank; whose cash, where the item does not say."""

    resolution: str
    reason: str
    by: str
    plan_code: str = ""
    fund: str = ""
    bank_reference: str = ""


@dataclass(frozen=True)
class ConfirmResolution:
    """The second person agrees."""

    by: str


@dataclass(frozen=True)
class DeclineResolution:
    """The second person does not agree."""

    reason: str
    by: str


OpenItemCommand = RaiseItem | MatchItem | PairItem | ProposeResolution | ConfirmResolution | DeclineResolution


def decide(command: OpenItemCommand, item: OpenItem) -> list[OpenItemEvent]:
    """Nothing closes by itself but an exact match; money moves when two people agree."""
    if isinstance(command, RaiseItem):
        return [_raised(command.found)] if isinstance(item, Absent) else []
    if isinstance(item, Absent):
        raise Rejected("open-item-unknown", "No such open item.")
    match command:
        case MatchItem():
            return [] if isinstance(item, Closed) else [_vanished(command, item.raised)]
        case PairItem():
            return _pair(command, item)
        case ProposeResolution():
            return _propose(command, item)
        case ConfirmResolution():
            return _confirm(command, item)
        case DeclineResolution():
            return _decline(command, item)


def _raised(found: Finding) -> OpenItemRaised:
    return OpenItemRaised(
        item_id=found.item_id,
        finding=found.finding,
        day=found.day,
        end_to_end_id=found.key,
        kind=found.kind,
        entry_no=found.entry_no,
        transfer_id=found.transfer_id,
        bank_fen=found.bank_fen,
        ledger_fen=found.ledger_fen,
        difference_fen=found.difference_fen,
        plan_code=found.plan_code,
        fund=found.fund,
        payout_id=found.payout_id,
        attempt=found.attempt,
    )


def _vanished(command: MatchItem, raised: OpenItemRaised) -> OpenItemClosed:
    return _closed(raised, MATCHED if command.agreed else SUPERSEDED, "", "", "")


def _pair(command: PairItem, item: Open | Proposed | Closed) -> list[OpenItemEvent]:
    if not command.reason:
        raise Rejected("reason-missing", "An open item is closed with a reason.", "reason")
    match item:
        case Open(raised):
            if command.other_id == raised.item_id or raised.difference_fen + command.other_fen:
                raise Rejected("items-do-not-cancel", "Two items are closed together when they cancel out.", "with")
            if not raised.difference_fen:
                raise Rejected("nothing-to-pair", "What moved nowhere has no amount that another could cancel.")
            return [_closed(raised, PAIRED, command.reason, command.by, "", paired_with=command.other_id)]
        case Proposed():
            raise Rejected("resolution-pending", "A resolution of this item waits for a second person.")
        case Closed(closed=closed):
            if (closed.resolution, closed.paired_with) != (PAIRED, command.other_id):
                raise Rejected("open-item-closed", "The item has been closed.")
            return []


def _propose(command: ProposeResolution, item: Open | Proposed | Closed) -> list[OpenItemEvent]:
    match item:
        case Open(raised):
            return [_proposal(command, raised)]
        case Proposed(raised, proposed):
            if proposed != _proposal(command, raised):
                raise Rejected("resolution-pending", "A resolution of this item waits for a second person.")
            return []
        case Closed():
            raise Rejected("open-item-closed", "The item has been closed.")


def _proposal(command: ProposeResolution, raised: OpenItemRaised) -> ResolutionProposed:
    if not command.reason:
        raise Rejected("reason-missing", "An open item is closed with a reason.", "reason")
    if command.resolution not in _fitting(raised):
        sentence = "An order ends as paid or not_paid, as its item has it; everything else is booked or paired."
        raise Rejected("resolution-unfit", sentence, "resolution")
    if command.resolution in {PAID, NOT_PAID} and not command.bank_reference:
        raise Rejected("bank-reference-missing", "What became of an order is the bank's word, on paper.", "reference")
    plan_code, fund = raised.plan_code or command.plan_code, raised.fund or command.fund
    if not plan_code or fund not in ledger.FUNDS:
        raise Rejected("plan-missing", "Say whose cash it is: a plan, and pool or relief.", "plan_code")
    return ResolutionProposed(
        item_id=raised.item_id,
        resolution=command.resolution,
        reason=command.reason,
        plan_code=plan_code,
        fund=fund,
        bank_reference=command.bank_reference,
        by=command.by,
    )


def _fitting(raised: OpenItemRaised) -> frozenset[str]:
    """How an item may end: an order that only one side knows may also turn out as the bank has it."""
    if raised.finding in {UNANSWERED, CONTRADICTED}:
        return frozenset({PAID, NOT_PAID})
    if raised.payout_id and raised.kind == PAYMENT:
        if raised.finding == MISSING_HERE:
            return frozenset({BOOKED, PAID})
        if raised.finding == MISSING_AT_BANK:
            return frozenset({BOOKED, NOT_PAID})
    return frozenset({BOOKED})


def _confirm(command: ConfirmResolution, item: Open | Proposed | Closed) -> list[OpenItemEvent]:
    match item:
        case Open():
            raise Rejected("nothing-proposed", "A first person has to propose how the item ends.")
        case Proposed(raised, proposed):
            if command.by == proposed.by:
                raise Rejected("same-person", "A second person has to agree.")
            return [_agreed(raised, proposed, command.by)]
        case Closed(closed=closed):
            if closed.confirmed_by != command.by:
                raise Rejected("open-item-closed", "The item has been closed.")
            return []


def _decline(command: DeclineResolution, item: Open | Proposed | Closed) -> list[OpenItemEvent]:
    match item:
        case Open():
            return []
        case Proposed(raised):
            return [ResolutionDeclined(item_id=raised.item_id, reason=command.reason, by=command.by)]
        case Closed():
            raise Rejected("open-item-closed", "The item has been closed.")


def _agreed(raised: OpenItemRaised, proposed: ResolutionProposed, by: str) -> OpenItemClosed:
    """The ledger follows the statement where it was agreed so; what becomes of an order moves by its payout alone."""
    fund = ledger.FUNDS[proposed.fund]
    closed = _closed(raised, proposed.resolution, proposed.reason, proposed.by, by)
    transfers = (
        ledger.corrected(raised.item_id, proposed.plan_code, raised.difference_fen, fund)
        if proposed.resolution == BOOKED
        else ()
    )
    return OpenItemClosed(
        item_id=closed.item_id,
        resolution=closed.resolution,
        reason=closed.reason,
        by=closed.by,
        confirmed_by=by,
        difference_fen=closed.difference_fen,
        plan_code=proposed.plan_code,
        fund=proposed.fund,
        paired_with="",
        transfers=transfers,
    )


def _closed(
    raised: OpenItemRaised, resolution: str, reason: str, by: str, confirmed_by: str, *, paired_with: str = ""
) -> OpenItemClosed:
    return OpenItemClosed(
        item_id=raised.item_id,
        resolution=resolution,
        reason=reason,
        by=by,
        confirmed_by=confirmed_by,
        difference_fen=raised.difference_fen,
        plan_code=raised.plan_code,
        fund=raised.fund,
        paired_with=paired_with,
        transfers=(),
    )


OPEN_ITEM: Decider[OpenItemCommand, OpenItem, OpenItemEvent] = Decider("open_item", Absent(), evolve, decide)
