"""Money that was wrongly paid, asked back: received in parts, or written off (domain 4.4, 4.10, 6.5)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chassis.decider import Decider, Rejected
from contracts.claims.process import (
    RecoveryClosed,
    RecoveryOpened,
    RecoveryReceived,
    RecoveryWriteOffDeclined,
    RecoveryWriteOffProposed,
)
from contracts.envelope import Sealed, changed

RECOVERED, WRITTEN_OFF = "RECOVERED", "WRITTEN_OFF"

# State


@dataclass(frozen=True)
class Unopened:
    """Nothing is asked back."""


@dataclass(frozen=True)
class Owed:
    """`left_fen` is still to come; `proposed_by` wants to ask no further, "" for nobody."""

    opened: RecoveryOpened
    left_fen: int
    receipts: frozenset[str] = frozenset()
    proposed_by: str = ""


@dataclass(frozen=True)
class Closed:
    """Over, with its outcome."""

    opened: RecoveryOpened
    outcome: str
    receipts: frozenset[str]
    decided_by: tuple[str, ...]


Recovery = Unopened | Owed | Closed
RecoveryEvent = RecoveryOpened | RecoveryReceived | RecoveryWriteOffProposed | RecoveryWriteOffDeclined | RecoveryClosed


def evolve(recovery: Recovery, event: RecoveryEvent) -> Recovery:
    """Fold one event; an event that does not fit the stage cannot have been recorded."""
    match event, recovery:
        case RecoveryOpened(), Unopened():
            return Owed(event, event.amount_fen)
        case RecoveryReceived(), Owed():
            receipts = recovery.receipts | {event.receipt_id}
            return replace(recovery, left_fen=event.left_fen, receipts=receipts)
        case RecoveryWriteOffProposed(), Owed():
            return replace(recovery, proposed_by=event.by)
        case RecoveryWriteOffDeclined(), Owed():
            return replace(recovery, proposed_by="")
        case RecoveryClosed(), Owed(opened, _, receipts):
            return Closed(opened, event.outcome, receipts, event.decided_by)
        case _:
            raise ValueError(f"{type(event).__name__} after {type(recovery).__name__}")


# Commands


@dataclass(frozen=True)
class OpenRecovery:
    """Ask money back of a claim that has paid `paid_fen`; a sum up to `write_off_alone_max_fen` is let go at once."""

    opened: RecoveryOpened
    paid_fen: int
    write_off_alone_max_fen: int


@dataclass(frozen=True)
class RecordReceipt:
    """A part has come in, known by the bank's receipt."""

    by: str
    receipt_id: str
    amount_fen: int


@dataclass(frozen=True)
class ProposeWriteOff:
    """Ask no further, if another person agrees."""

    by: str
    note: Sealed | None


@dataclass(frozen=True)
class DecideWriteOff:
    """Agree with the proposal, or decline it."""

    by: str
    agreed: bool


RecoveryCommand = OpenRecovery | RecordReceipt | ProposeWriteOff | DecideWriteOff


def decide(command: RecoveryCommand, recovery: Recovery) -> list[RecoveryEvent]:
    """Events, [] when already so, or Rejected."""
    match command:
        case OpenRecovery():
            return _open(command, recovery)
        case RecordReceipt():
            return _receive(command, recovery)
        case ProposeWriteOff():
            return _propose(command, recovery)
        case DecideWriteOff():
            return _decide_write_off(command, recovery)


def _open(command: OpenRecovery, recovery: Recovery) -> list[RecoveryEvent]:
    opened = command.opened
    match recovery:
        case Unopened():
            if not 0 < opened.amount_fen <= command.paid_fen:
                raise Rejected("recovery-too-large", "No more is asked back than was paid.", "amount_fen")
            if opened.amount_fen > command.write_off_alone_max_fen:
                return [opened]
            waived = changed(opened, waived=True)
            return [waived, _closed(waived, WRITTEN_OFF, opened.amount_fen, (opened.by,))]
        case Owed(first) | Closed(first):
            if (first.amount_fen, first.reason) == (opened.amount_fen, opened.reason):
                return []
            raise Rejected("recovery-open", "Money of this claim has been asked back already.")


def _receive(command: RecordReceipt, recovery: Recovery) -> list[RecoveryEvent]:
    match recovery:
        case Owed(opened, left_fen, receipts):
            if command.receipt_id in receipts:
                return []
            if command.by == opened.by:
                raise Rejected("same-person", "Who asks money back does not record its coming.")
            if not 0 < command.amount_fen <= left_fen:
                raise Rejected("receipt-too-large", "No more comes back than is owed.", "amount_fen")
            left_fen -= command.amount_fen
            received = RecoveryReceived(
                recovery_id=opened.recovery_id,
                claim_id=opened.claim_id,
                plan_code=opened.plan_code,
                receipt_id=command.receipt_id,
                amount_fen=command.amount_fen,
                left_fen=left_fen,
                by=command.by,
            )
            return [received] if left_fen else [received, _closed(opened, RECOVERED, 0, (command.by,))]
        case Closed(receipts=receipts):
            if command.receipt_id in receipts:
                return []
            raise _over()
        case Unopened():
            raise _unknown()


def _propose(command: ProposeWriteOff, recovery: Recovery) -> list[RecoveryEvent]:
    match recovery:
        case Owed(opened, _, _, proposed_by):
            if proposed_by == command.by:
                return []
            if proposed_by:
                raise Rejected("write-off-proposed", "A proposal waits for a second person.")
            if command.note is None:
                raise Rejected("reason-missing", "A write-off states its reason.", "reason")
            return [
                RecoveryWriteOffProposed(
                    recovery_id=opened.recovery_id, claim_id=opened.claim_id, note=command.note, by=command.by
                )
            ]
        case Closed():
            raise _over()
        case Unopened():
            raise _unknown()


def _decide_write_off(command: DecideWriteOff, recovery: Recovery) -> list[RecoveryEvent]:
    match recovery:
        case Owed(opened, left_fen, _, proposed_by):
            if not proposed_by:
                raise Rejected("write-off-not-proposed", "Nobody has proposed to ask no further.")
            if command.by == proposed_by:
                raise Rejected("same-person", "A write-off is agreed by a second person.")
            if not command.agreed:
                return [
                    RecoveryWriteOffDeclined(recovery_id=opened.recovery_id, claim_id=opened.claim_id, by=command.by)
                ]
            return [_closed(opened, WRITTEN_OFF, left_fen, (proposed_by, command.by))]
        case Closed(outcome=outcome, decided_by=decided_by):
            if command.agreed and outcome == WRITTEN_OFF and decided_by[-1] == command.by:
                return []
            raise _over()
        case Unopened():
            raise _unknown()


def _closed(opened: RecoveryOpened, outcome: str, written_off_fen: int, decided_by: tuple[str, ...]) -> RecoveryClosed:
    return RecoveryClosed(
        recovery_id=opened.recovery_id,
        claim_id=opened.claim_id,
        plan_code=opened.plan_code,
        outcome=outcome,
        written_off_fen=written_off_fen,
        decided_by=decided_by,
    )


def _unknown() -> Rejected:
    return Rejected("recovery-unknown", "Nothing is asked back of this claim.")


def _over() -> Rejected:
    return Rejected("recovery-closed", "The recovery is over.")


RECOVERY: Decider[RecoveryCommand, Recovery, RecoveryEvent] = Decider("recovery", Unopened(), evolve, decide)
