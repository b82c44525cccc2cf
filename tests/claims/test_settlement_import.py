"""A file of the bureau: every command in every stage."""

from __future__ import annotations

from typing import Any

import pytest

from chassis.testing import Spec
from claims.domain.settlement_import import (
    SETTLEMENTS,
    ReceiveSettlements,
    RecordMatches,
    RefuseSettlements,
    StartMatching,
    TakeReversalsIn,
)
from contracts.claims.matching import (
    MatchingStarted,
    ReversalsTakenIn,
    SettlementRowsMatched,
    SettlementsMatched,
    SettlementsReceived,
    SettlementsRefused,
)

RECEIVED = SettlementsReceived(import_id="i", plan_code="GS", format="utf-8", size_bytes=9, by="anna")
REFUSED = SettlementsRefused(import_id="i", code="settlements-empty")


def started(run: int = 1) -> MatchingStarted:
    return MatchingStarted(import_id="i", run=run, rows=4, enrolment_position=7, reason="RECEIVED")


def start(run: int = 1) -> StartMatching:
    return StartMatching("i", run, 4, 7, "RECEIVED")


def record(first: int, last: int, run: int = 1, **counts: int) -> RecordMatches:
    return RecordMatches("i", run, first, last, counts or {"EXACT_NEW": last - first + 1}, 1, 100)


def part(first: int, last: int, run: int = 1) -> SettlementRowsMatched:
    return SettlementRowsMatched(
        import_id="i",
        run=run,
        first_row=first,
        last_row=last,
        counts={"EXACT_NEW": last - first + 1},
        opened=1,
        computed_fen=100,
    )


def ended(run: int = 1) -> SettlementsMatched:
    return SettlementsMatched(import_id="i", run=run, rows=4, counts={"EXACT_NEW": 4}, opened=2, computed_fen=200)


file = Spec(SETTLEMENTS)
MATCHED = (RECEIVED, started(), part(1, 2), part(3, 4), ended())


def test_a_file_is_received_once() -> None:
    file.given().when(ReceiveSettlements(RECEIVED)).then(RECEIVED)
    for before in ((RECEIVED,), (RECEIVED, started()), MATCHED, (RECEIVED, REFUSED)):
        file.given(*before).when(ReceiveSettlements(RECEIVED)).then_nothing()


def test_a_file_that_cannot_be_read_is_given_up_before_anything_of_it_is_decided() -> None:
    refuse = RefuseSettlements("i", "settlements-empty")
    file.given(RECEIVED).when(refuse).then(REFUSED)
    file.given(RECEIVED, REFUSED).when(refuse).then_nothing()
    file.given(RECEIVED, started()).when(refuse).then_rejected("matching-started")
    file.given(*MATCHED).when(refuse).then_rejected("matching-started")
    file.given().when(refuse).then_rejected("settlements-unknown")


def test_runs_follow_each_other() -> None:
    file.given(RECEIVED).when(start()).then(started())
    file.given(RECEIVED, started()).when(start()).then_nothing()
    file.given(RECEIVED, started()).when(start(2)).then_rejected("matching-unfinished")
    file.given(*MATCHED).when(start()).then_nothing()
    file.given(*MATCHED).when(start(2)).then(started(2))
    file.given(*MATCHED).when(start(3)).then_rejected("matching-unfinished")


def test_reversals_are_taken_in_before_the_rows() -> None:
    taken = ReversalsTakenIn(import_id="i", run=1, done=3, undone=1)
    file.given(RECEIVED, started()).when(TakeReversalsIn("i", 1, 3, 1)).then(taken)
    file.given(RECEIVED, started(), taken).when(TakeReversalsIn("i", 1, 3, 1)).then_nothing()
    file.given(RECEIVED).when(TakeReversalsIn("i", 1, 3, 1)).then_rejected("rows-out-of-order")
    file.given(*MATCHED).when(TakeReversalsIn("i", 1, 3, 1)).then_rejected("rows-out-of-order")


def test_rows_are_decided_in_order_once_and_the_last_ends_the_run() -> None:
    file.given(RECEIVED, started()).when(record(1, 2)).then(part(1, 2))
    file.given(RECEIVED, started(), part(1, 2)).when(record(1, 2)).then_nothing()
    file.given(RECEIVED, started(), part(1, 2)).when(record(3, 4)).then(part(3, 4), ended())
    file.given(RECEIVED, started()).when(record(3, 4)).then_rejected("rows-out-of-order")
    file.given(RECEIVED, started(), part(1, 2)).when(record(3, 5)).then_rejected("rows-out-of-order")
    file.given(*MATCHED).when(record(3, 4)).then_nothing()
    file.given(*MATCHED).when(record(5, 5)).then_rejected("rows-out-of-order")
    file.given(RECEIVED).when(record(1, 2)).then_rejected("rows-out-of-order")


def test_every_row_has_exactly_one_result() -> None:
    file.given(RECEIVED, started()).when(record(1, 2, EXACT_NEW=1)).then_rejected("counts-differ")
    file.given(RECEIVED, started()).when(record(1, 2, EXACT_NEW=1, WEAK=2)).then_rejected("counts-differ")


@pytest.mark.parametrize("command", [start(), TakeReversalsIn("i", 1, 1, 0), record(1, 2)])
def test_nothing_is_matched_of_a_file_that_is_unknown_or_unreadable(command: Any) -> None:
    file.given().when(command).then_rejected("settlements-unknown")
    file.given(RECEIVED, REFUSED).when(command).then_rejected("settlements-unusable")
