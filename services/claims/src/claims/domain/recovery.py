"""Money that was wrongly paid, asked back: received in parts, or written off (domain 4.4, 4.10, 6.5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from chassis.decider import Decider, Rejected
from contracts.claims.process import (
    RecoveryClosed,
    RecoveryOffset,
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
    towards: frozenset[str] = frozenset()
    """The corrected claims that a part of it has counted towards."""


@dataclass(frozen=True)
class Closed:
    """Over, with its outcome; `kept_fen` was written off and has not been offset."""

    opened: RecoveryOpened
    outcome: str
    receipts: frozenset[str]
    decided_by: tuple[str, ...]
    kept_fen: int = 0
    towards: frozenset[str] = frozenset()


Recovery = Unopened | Owed | Closed
RecoveryEvent = (
    RecoveryOpened
    | RecoveryReceived
    | RecoveryOffset
    | RecoveryWriteOffProposed
    | RecoveryWriteOffDeclined
    | RecoveryClosed
)


def kept_fen(recovery: Recovery, payee_ids: Iterable[str]) -> int:
    """What of the money asked back is still with these payees: owed or let go. Nothing where others were paid."""
    match recovery:
        case Unopened():
            return 0
        case Owed(opened=opened, left_fen=fen) | Closed(opened=opened, kept_fen=fen):
            paid = set(opened.payee_ids or (opened.person_id,))
            return fen if paid == set(payee_ids) else 0


def evolve(recovery: Recovery, event: RecoveryEvent) -> Recovery:
    """Fold one event; an event that does not fit the stage cannot have been recorded."""
    match event, recovery:
        case RecoveryOpened(), Unopened():
            return Owed(event, event.amount_fen)
        case RecoveryReceived(), Owed():
            receipts = recovery.receipts | {event.receipt_id}
            return replace(recovery, left_fen=event.left_fen, receipts=receipts)
        case RecoveryOffset(), Owed():
            return replace(recovery, left_fen=event.left_fen, towards=recovery.towards | {event.to_claim_id})
        case RecoveryOffset(), Closed():
            return replace(recovery, kept_fen=event.left_fen, towards=recovery.towards | {event.to_claim_id})
        case RecoveryWriteOffProposed(), Owed():
            return replace(recovery, proposed_by=event.by)
        case RecoveryWriteOffDeclined(), Owed():
            return replace(recovery, proposed_by="")
        case RecoveryClosed(), Owed(opened, _, receipts, towards=towards):
            return Closed(opened, event.outcome, receipts, event.decided_by, event.written_off_fen, towards)
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
class OffsetRecovery:
    """Count a part as paid towards the corrected claim; what is left up to `write_off_alone_max_fen` is let go."""

    to_claim_id: str
    amount_fen: int
    write_off_alone_max_fen: int


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


RecoveryCommand = OpenRecovery | RecordReceipt | OffsetRecovery | ProposeWriteOff | DecideWriteOff


def decide(command: RecoveryCommand, recovery: Recovery) -> list[RecoveryEvent]:
    """Events, [] when already so, or Rejected."""
    match command:
        case OpenRecovery():
            return _open(command, recovery)
        case RecordReceipt():
            return _receive(command, recovery)
        case OffsetRecovery():
            return _offset(command, recovery)
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
                fund=opened.fund,
            )
            return [received] if left_fen else [received, _closed(opened, RECOVERED, 0, (command.by,))]
        case Closed(receipts=receipts):
            if command.receipt_id in receipts:
                return []
            raise _over()
        case Unopened():
            raise _unknown()


def _offset(command: OffsetRecovery, recovery: Recovery) -> list[RecoveryEvent]:
    match recovery:
        case Owed(opened, left_fen) | Closed(opened, kept_fen=left_fen):
            if command.to_claim_id in recovery.towards:
                return []
            if not 0 < command.amount_fen <= left_fen:
                raise Rejected("offset-too-large", "No more is offset than the payees still have.", "amount_fen")
            left_fen -= command.amount_fen
            asked = isinstance(recovery, Owed) and left_fen > command.write_off_alone_max_fen
            offset = RecoveryOffset(
                recovery_id=opened.recovery_id,
                claim_id=opened.claim_id,
                claim_no=opened.claim_no,
                plan_code=opened.plan_code,
                to_claim_id=command.to_claim_id,
                amount_fen=command.amount_fen,
                left_fen=left_fen,
                payee_ids=opened.payee_ids or (opened.person_id,),
                due_on=opened.due_on,
                waived=not asked,
            )
            if asked or isinstance(recovery, Closed):
                return [offset]
            return [offset, _closed(opened, WRITTEN_OFF if left_fen else RECOVERED, left_fen, (opened.by,))]
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
        fund=opened.fund,
    )


def _unknown() -> Rejected:
    return Rejected("recovery-unknown", "Nothing is asked back of this claim.")


def _over() -> Rejected:
    return Rejected("recovery-closed", "The recovery is over.")


RECOVERY: Decider[RecoveryCommand, Recovery, RecoveryEvent] = Decider("recovery", Unopened(), evolve, decide)
