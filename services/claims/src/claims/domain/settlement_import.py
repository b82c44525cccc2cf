"""A file of the bureau: received, gone through row by row, once, and again when people were covered late."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chassis.decider import Decider, Rejected
from contracts.claims.matching import (
    MatchingStarted,
    ReversalsTakenIn,
    SettlementRowsMatched,
    SettlementsMatched,
    SettlementsReceived,
    SettlementsRefused,
)

# State: one class per stage


@dataclass(frozen=True)
class Absent:
    """No such file came."""


@dataclass(frozen=True)
class Received:
    """Its rows have not been counted yet."""

    received: SettlementsReceived


@dataclass(frozen=True)
class Matching:
    """Rows before `next_row` have their result in this run; the sums are of the run."""

    received: SettlementsReceived
    run: int
    rows: int
    reversals_done: int = 0
    next_row: int = 1
    counts: Mapping[str, int] = field(default_factory=dict)
    opened: int = 0
    computed_fen: int = 0


@dataclass(frozen=True)
class Matched:
    """Every row has its result."""

    received: SettlementsReceived
    run: int
    rows: int


@dataclass(frozen=True)
class Unusable:
    """It could not be read to its end."""

    received: SettlementsReceived
    code: str


SettlementImport = Absent | Received | Matching | Matched | Unusable
ImportEvent = (
    SettlementsReceived
    | SettlementsRefused
    | MatchingStarted
    | ReversalsTakenIn
    | SettlementRowsMatched
    | SettlementsMatched
)


def evolve(state: SettlementImport, event: ImportEvent) -> SettlementImport:
    """Fold one event."""
    match event, state:
        case SettlementsReceived(), _:
            return Received(event)
        case SettlementsRefused(code=code), Received(received):
            return Unusable(received, code)
        case MatchingStarted(run=run, rows=rows), Received(received) | Matched(received):
            return Matching(received, run, rows)
        case ReversalsTakenIn(done=done), Matching():
            return replace(state, reversals_done=done)
        case SettlementRowsMatched(), Matching():
            return replace(
                state,
                next_row=event.last_row + 1,
                counts=added(state.counts, event.counts),
                opened=state.opened + event.opened,
                computed_fen=state.computed_fen + event.computed_fen,
            )
        case SettlementsMatched(run=run, rows=rows), Matching(received):
            return Matched(received, run, rows)
        case _:
            raise ValueError(f"{type(event).__name__} after {type(state).__name__}")


def added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """Counts per code, summed."""
    return {code: one.get(code, 0) + other.get(code, 0) for code in sorted({*one, *other})}


# Commands


@dataclass(frozen=True)
class ReceiveSettlements:
    """Take a file."""

    received: SettlementsReceived


@dataclass(frozen=True)
class RefuseSettlements:
    """Give a file up that cannot be read."""

    import_id: str
    code: str


@dataclass(frozen=True)
class StartMatching:
    """Go through all rows, as run `run`; one that has been started is not started again."""

    import_id: str
    run: int
    rows: int
    enrolment_position: int
    reason: str


@dataclass(frozen=True)
class TakeReversalsIn:
    """The reversals up to `done` are remembered; `undone` of this part had been imported."""

    import_id: str
    run: int
    done: int
    undone: int


@dataclass(frozen=True)
class RecordMatches:
    """The results of the next rows, counted."""

    import_id: str
    run: int
    first_row: int
    last_row: int
    counts: dict[str, int]
    opened: int
    computed_fen: int


ImportCommand = ReceiveSettlements | RefuseSettlements | StartMatching | TakeReversalsIn | RecordMatches


def decide(command: ImportCommand, state: SettlementImport) -> list[ImportEvent]:
    """Events, [] when already so, or Rejected.

    Codes: settlements-unknown, settlements-unusable, matching-started, matching-unfinished, rows-out-of-order,
    counts-differ.
    """
    match command:
        case ReceiveSettlements():
            return [command.received] if isinstance(state, Absent) else []
        case RefuseSettlements():
            return _refuse(command, state)
        case StartMatching():
            return _start(command, state)
        case TakeReversalsIn():
            return _take_in(command, state)
        case RecordMatches():
            return _record(command, state)


def _refuse(command: RefuseSettlements, state: SettlementImport) -> list[ImportEvent]:
    match state:
        case Received():
            return [SettlementsRefused(import_id=command.import_id, code=command.code)]
        case Unusable():
            return []
        case Matching() | Matched():
            raise Rejected("matching-started", "The file has been read to its end before.")
        case Absent():
            raise _unknown()


def _start(command: StartMatching, state: SettlementImport) -> list[ImportEvent]:
    match state:
        case Received():
            run = 1
        case Matched():
            run = state.run + 1
        case Matching():
            if command.run <= state.run:
                return []
            raise Rejected("matching-unfinished", "The run before has not come to its end.")
        case Unusable():
            raise _unusable()
        case Absent():
            raise _unknown()
    if command.run < run:
        return []
    if command.run > run:
        raise Rejected("matching-unfinished", "The run before has not been started.")
    started = MatchingStarted(
        import_id=command.import_id,
        run=run,
        rows=command.rows,
        enrolment_position=command.enrolment_position,
        reason=command.reason,
    )
    return [started]


def _take_in(command: TakeReversalsIn, state: SettlementImport) -> list[ImportEvent]:
    match state:
        case Matching(run=run, reversals_done=done):
            if (command.run, command.done) <= (run, done):
                return []
            return [ReversalsTakenIn(import_id=command.import_id, run=run, done=command.done, undone=command.undone)]
        case Received() | Matched():
            raise _not_under_way()
        case Unusable():
            raise _unusable()
        case Absent():
            raise _unknown()


def _record(command: RecordMatches, state: SettlementImport) -> list[ImportEvent]:
    match state:
        case Matching():
            return _recorded(command, state)
        case Matched(run=run, rows=rows):
            if command.run <= run and command.last_row <= rows:
                return []
            raise _not_under_way()
        case Received():
            raise _not_under_way()
        case Unusable():
            raise _unusable()
        case Absent():
            raise _unknown()


def _recorded(command: RecordMatches, state: Matching) -> list[ImportEvent]:
    if command.run < state.run or (command.run == state.run and command.last_row < state.next_row):
        return []
    if (command.run, command.first_row) != (state.run, state.next_row) or command.last_row > state.rows:
        raise Rejected("rows-out-of-order", f"Row {state.next_row} of run {state.run} is next.")
    if sum(command.counts.values()) != command.last_row - command.first_row + 1:
        raise Rejected("counts-differ", "Every row has exactly one result.")
    part = SettlementRowsMatched(
        import_id=command.import_id,
        run=command.run,
        first_row=command.first_row,
        last_row=command.last_row,
        counts=command.counts,
        opened=command.opened,
        computed_fen=command.computed_fen,
    )
    if command.last_row < state.rows:
        return [part]
    ended = SettlementsMatched(
        import_id=command.import_id,
        run=command.run,
        rows=state.rows,
        counts=added(state.counts, command.counts),
        opened=state.opened + command.opened,
        computed_fen=state.computed_fen + command.computed_fen,
    )
    return [part, ended]


def _unknown() -> Rejected:
    return Rejected("settlements-unknown", "No such file was received.")


def _unusable() -> Rejected:
    return Rejected("settlements-unusable", "The file cannot be read.")


def _not_under_way() -> Rejected:
    return Rejected("rows-out-of-order", "The matching is not under way.")


SETTLEMENTS: Decider[ImportCommand, SettlementImport, ImportEvent] = Decider("settlements", Absent(), evolve, decide)
