"""Something that does not agree with the bank: raised once, closed by an exact match or by people (security 4.3).

What has an end and is found again is raised again, as a next round of the same item.
"""

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
EXPLAINING = (BOOKED, PAIRED, NOT_PAID)
"""What an item's entry and transfer are explained by for ever, so that nothing is asked of them again."""


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
    """The reconciler found this, knowing of `rounds` that have been raised so far.

    Of a round that it does not know of it cannot say that it has come back since.
    """

    found: Finding
    rounds: int = 0


@dataclass(frozen=True)
class MatchItem:
    """The reconciler finds it no longer: an exact match came (`agreed`), or another item says it better."""

    agreed: bool = True


@dataclass(frozen=True)
class PairItem:
    """It and another cancel out, as a wrong entry and the bank's correction of it do.

    Of one order that is one person's to say, of two a second person has to agree.
    """

    other: OpenItemRaised
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
    """The second person agrees; `paired_with` is the item that ends in the same step, where two end together."""

    by: str
    paired_with: str = ""


@dataclass(frozen=True)
class DeclineResolution:
    """The second person does not agree."""

    reason: str
    by: str


OpenItemCommand = RaiseItem | MatchItem | PairItem | ProposeResolution | ConfirmResolution | DeclineResolution


def decide(command: OpenItemCommand, item: OpenItem) -> list[OpenItemEvent]:
    """Nothing closes by itself but an exact match; money moves when two people agree."""
    if isinstance(command, RaiseItem):
        return _raise(command, item)
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


def _raise(command: RaiseItem, item: OpenItem) -> list[OpenItemEvent]:
    match item:
        case Absent():
            return [_raised(command.found, 1)]
        case Closed(raised, closed):
            explained = closed.resolution in EXPLAINING and bool(raised.entry_no or raised.transfer_id)
            if command.rounds < raised.round or explained:
                return []
            return [_raised(command.found, raised.round + 1)]
        case Open() | Proposed():
            return []


def _raised(found: Finding, round_no: int) -> OpenItemRaised:
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
        round=round_no,
    )


def _vanished(command: MatchItem, raised: OpenItemRaised) -> OpenItemClosed:
    return _closed(raised, MATCHED if command.agreed else SUPERSEDED, "", "", "")


def _pair(command: PairItem, item: Open | Proposed | Closed) -> list[OpenItemEvent]:
    if not command.reason:
        raise Rejected("reason-missing", "An open item is closed with a reason.", "reason")
    match item:
        case Open(raised):
            other = command.other
            if other.item_id == raised.item_id or raised.difference_fen + other.difference_fen:
                raise Rejected("items-do-not-cancel", "Two items are closed together when they cancel out.", "with")
            if not raised.difference_fen:
                raise Rejected("nothing-to-pair", "What moved nowhere has no amount that another could cancel.")
            _same_purse(raised, other)
            if raised.end_to_end_id and other.end_to_end_id == raised.end_to_end_id:
                return [_closed(raised, PAIRED, command.reason, command.by, "", paired_with=other.item_id)]
            return [_pair_proposal(command, raised)]
        case Proposed(raised, proposed):
            if proposed != _pair_proposal(command, raised):
                raise Rejected("resolution-pending", "A resolution of this item waits for a second person.")
            return []
        case Closed(closed=closed):
            if (closed.resolution, closed.paired_with) != (PAIRED, command.other.item_id):
                raise Rejected("open-item-closed", "The item has been closed.")
            return []


def _same_purse(raised: OpenItemRaised, other: OpenItemRaised) -> None:
    """What is nobody's yet may be anybody's; what is known to be of two purses cancels out in neither."""
    for ours, theirs in ((raised.plan_code, other.plan_code), (raised.fund, other.fund)):
        if ours and theirs and ours != theirs:
            raise Rejected("purses-differ", "Items of two plans or funds do not end each other.", "paired_with")


def _pair_proposal(command: PairItem, raised: OpenItemRaised) -> ResolutionProposed:
    return ResolutionProposed(
        item_id=raised.item_id,
        resolution=PAIRED,
        reason=command.reason,
        plan_code=raised.plan_code,
        fund=raised.fund,
        bank_reference="",
        by=command.by,
        paired_with=command.other.item_id,
    )


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
            if proposed.paired_with != command.paired_with:
                raise Rejected("pair-broken", "The other item is not paired with this one any longer; decline it.")
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
    closed = _closed(raised, proposed.resolution, proposed.reason, proposed.by, by)
    transfers = (
        ledger.corrected(raised.item_id, proposed.plan_code, raised.difference_fen, ledger.FUNDS[proposed.fund])
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
        paired_with=proposed.paired_with,
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
