"""A flag on a claim: raised by a signal, cleared or confirmed by a person with a reason; it refuses nothing (4.10)."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.decider import Decider, Rejected
from contracts.claims.flags import ClaimFlagged, FlagCleared, FlagConfirmed
from contracts.envelope import Sealed

CARD_SHARED = "CARD_SHARED"
NAME_MISMATCH = "NAME_MISMATCH"
PAPER_REPEATED = "PAPER_REPEATED"
SETTLEMENT_REPEATED = "SETTLEMENT_REPEATED"
UNIT_ACCIDENTS = "UNIT_ACCIDENTS"
EARLY_CLAIM = "EARLY_CLAIM"
DEATH_BEFORE_COVER = "DEATH_BEFORE_COVER"
READING_EDITED = "READING_EDITED"
GUARDIAN_PAID = "GUARDIAN_PAID"
SIGNALS = (
    CARD_SHARED,
    NAME_MISMATCH,
    PAPER_REPEATED,
    SETTLEMENT_REPEATED,
    UNIT_ACCIDENTS,
    EARLY_CLAIM,
    DEATH_BEFORE_COVER,
    READING_EDITED,
    GUARDIAN_PAID,
)
CARD_SCOPE = "claim-card"
"""Reservations: (slot, card) to "<person> <claim>", as many slots as the plan lets people share a card, and one."""
RELATED_MAX = 20
"""Other claims named by one flag; more of them say nothing new."""

# State


@dataclass(frozen=True)
class Absent:
    """No such signal on this claim."""


@dataclass(frozen=True)
class Open:
    """Waits for a person."""

    flagged: ClaimFlagged


@dataclass(frozen=True)
class Cleared:
    """There is an innocent explanation."""

    flagged: ClaimFlagged


@dataclass(frozen=True)
class Confirmed:
    """The signal is right."""

    flagged: ClaimFlagged


Flag = Absent | Open | Cleared | Confirmed
FlagEvent = ClaimFlagged | FlagCleared | FlagConfirmed


def evolve(flag: Flag, event: FlagEvent) -> Flag:
    """Fold one event."""
    match event, flag:
        case ClaimFlagged(), _:
            return Open(event)
        case FlagCleared(), Open(flagged):
            return Cleared(flagged)
        case FlagConfirmed(), Open(flagged):
            return Confirmed(flagged)
        case _:
            raise ValueError(f"{type(event).__name__} after {type(flag).__name__}")


# Commands


@dataclass(frozen=True)
class RaiseFlag:
    """A signal was seen."""

    flagged: ClaimFlagged


@dataclass(frozen=True)
class ClearFlag:
    """Find it harmless."""

    note: Sealed | None
    by: str


@dataclass(frozen=True)
class ConfirmFlag:
    """Find it right."""

    note: Sealed | None
    by: str


FlagCommand = RaiseFlag | ClearFlag | ConfirmFlag


def flag_id_of(claim_id: str, signal: str) -> str:
    """One signal on one claim is one flag, for ever."""
    return f"{claim_id}-{signal}"


def flag_ids(claim_id: str) -> list[str]:
    """Every flag that a claim may have: with `is_barring`, what stands against paying it without a person."""
    return [flag_id_of(claim_id, signal) for signal in SIGNALS]


def is_barring(flag: Flag) -> bool:
    """Whether the flag stands against an automatic payment: it is open, or was found right."""
    return isinstance(flag, Open | Confirmed)


def decide(command: FlagCommand, flag: Flag) -> list[FlagEvent]:
    """Events, [] when already so, or Rejected."""
    match command:
        case RaiseFlag(flagged):
            return [flagged] if isinstance(flag, Absent) else []
        case ClearFlag():
            return _judge(command, flag)
        case ConfirmFlag():
            return _judge(command, flag)


def _judge(command: ClearFlag | ConfirmFlag, flag: Flag) -> list[FlagEvent]:
    clears = isinstance(command, ClearFlag)
    match flag:
        case Absent():
            raise Rejected("flag-unknown", "No such flag.")
        case Open(flagged):
            if command.note is None:
                raise Rejected("reason-missing", "Say why.", "reason")
            if command.by == flagged.filed_by:
                raise Rejected("filer-judges-flag", "Who filed the claim does not judge its flags.")
            answer = FlagCleared if clears else FlagConfirmed
            return [answer(flag_id=flagged.flag_id, note=command.note, by=command.by)]
        case Cleared() | Confirmed():
            if clears == isinstance(flag, Cleared):
                return []
            raise Rejected("flag-judged", "The flag has been judged otherwise.")


FLAG: Decider[FlagCommand, Flag, FlagEvent] = Decider("flag", Absent(), evolve, decide)
