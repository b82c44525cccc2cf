"""Printed stickers or leaflets on their way down the hierarchy; each level counts what it gets (domain 8.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chassis.decider import Decider, Rejected
from contracts.claims.outreach import OutreachPrinted, OutreachReceived, OutreachSent
from contracts.organization import PROVINCE_CODE

SHIPMENTS_MAX = 5_000
"""Of one batch; every one is folded by every decision."""

# State


@dataclass(frozen=True)
class Unprinted:
    """No such batch."""


@dataclass(frozen=True)
class Printed:
    """What each level holds, and every shipment with its receipt, if there is one."""

    printed: OutreachPrinted
    held: Mapping[str, int]
    sent: Mapping[str, OutreachSent] = field(default_factory=dict)
    received: Mapping[str, OutreachReceived] = field(default_factory=dict)

    @property
    def on_the_way(self) -> int:
        """Copies sent that nobody has counted yet."""
        return sum(one.copies for shipment_id, one in self.sent.items() if shipment_id not in self.received)

    @property
    def missing(self) -> int:
        """Copies sent less copies counted; below zero when more came than were sent."""
        return sum(one.sent - one.copies for one in self.received.values())


Batch = Unprinted | Printed
BatchEvent = OutreachPrinted | OutreachSent | OutreachReceived


def evolve(batch: Batch, event: BatchEvent) -> Batch:
    """Fold one event."""
    match event, batch:
        case OutreachPrinted(), _:
            return Printed(event, {event.org_path: event.copies})
        case OutreachSent(), Printed(held=held, sent=sent):
            left = held.get(event.from_path, 0) - event.copies
            return replace(batch, held={**held, event.from_path: left}, sent={**sent, event.shipment_id: event})
        case OutreachReceived(), Printed(held=held, received=received):
            now = held.get(event.to_path, 0) + event.copies
            return replace(batch, held={**held, event.to_path: now}, received={**received, event.shipment_id: event})
        case _:
            raise ValueError(f"{type(event).__name__} after {type(batch).__name__}")


# Commands


@dataclass(frozen=True)
class PrintBatch:
    """Have copies printed."""

    printed: OutreachPrinted


@dataclass(frozen=True)
class SendCopies:
    """Send some of what a level holds to one right below it."""

    sent: OutreachSent


@dataclass(frozen=True)
class ReceiveCopies:
    """The level at `org_path` counted what came, on an ISO date."""

    shipment_id: str
    org_path: str
    copies: int
    today: str
    by: str


BatchCommand = PrintBatch | SendCopies | ReceiveCopies


def decide(command: BatchCommand, batch: Batch) -> list[BatchEvent]:
    """Events, [] when already so, or Rejected."""
    match command:
        case PrintBatch(printed):
            return _print(printed, batch)
        case SendCopies(sent):
            return _send(sent, _known(batch))
        case ReceiveCopies():
            return _receive(command, _known(batch))


def _known(batch: Batch) -> Printed:
    if isinstance(batch, Unprinted):
        raise Rejected("batch-unknown", "No such batch.")
    return batch


def _print(printed: OutreachPrinted, batch: Batch) -> list[BatchEvent]:
    match batch:
        case Unprinted():
            if printed.org_path != PROVINCE_CODE:
                raise Rejected("province-prints", "Copies are printed at the province.")
            return [printed]
        case Printed():
            if batch.printed == printed:
                return []
            raise Rejected("batch-exists", "Another batch has this id.")


def _send(sent: OutreachSent, batch: Printed) -> list[BatchEvent]:
    if sent.shipment_id in batch.sent:
        if batch.sent[sent.shipment_id] == sent:
            return []
        raise Rejected("shipment-exists", "Another shipment has this id.")
    if sent.to_path.rpartition(".")[0] != sent.from_path:
        raise Rejected("not-next-level", "Copies go to an organisation right below.", "to_org")
    if sent.copies > batch.held.get(sent.from_path, 0):
        raise Rejected("too-few-copies", "Not so many copies are held here.", "copies")
    if len(batch.sent) >= SHIPMENTS_MAX:
        raise Rejected("shipments-too-many", "The batch has as many shipments as a batch may have.")
    return [sent]


def _receive(command: ReceiveCopies, batch: Printed) -> list[BatchEvent]:
    sent = batch.sent.get(command.shipment_id)
    if sent is None or sent.to_path != command.org_path:
        raise Rejected("shipment-unknown", "No such shipment to this organisation.")
    known = batch.received.get(command.shipment_id)
    if known is not None:
        if known.copies == command.copies:
            return []
        raise Rejected("shipment-received", "The shipment was counted otherwise.", "copies")
    received = OutreachReceived(
        batch_id=sent.batch_id,
        shipment_id=sent.shipment_id,
        to_path=sent.to_path,
        copies=command.copies,
        sent=sent.copies,
        received_on=command.today,
        by=command.by,
    )
    return [received]


OUTREACH_BATCH: Decider[BatchCommand, Batch, BatchEvent] = Decider("outreach_batch", Unprinted(), evolve, decide)
