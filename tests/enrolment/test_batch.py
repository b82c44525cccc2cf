"""A batch on its way to cover: every command in every stage (domain 5.1)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chassis.testing import Spec
from contracts.enrolment.batches import (
    BatchActivated,
    BatchCancelled,
    BatchConfirmedByCity,
    BatchConfirmedByOffice,
    BatchErrorsSettled,
    BatchExpired,
    BatchFunded,
    BatchOpened,
    BatchRowsActivated,
    BatchRowsCancelled,
    HeldRow,
    RowReplaced,
    RowsHeld,
    RowWithdrawn,
)
from enrolment.domain.batch import BATCH, ROW_CHANGES_MAX
from enrolment.domain.batch_stages import (
    ActivateRows,
    BatchCommand,
    BatchEvent,
    CancelBatch,
    CancelRows,
    ConfirmByCity,
    ConfirmByOffice,
    ExpireBatch,
    FundBatch,
    OpenBatch,
    ReplaceRow,
    SettleErrors,
    WithdrawRow,
)
from enrolment.domain.held_rows import HELD_ROWS, ROWS_PER_EVENT_MAX, HoldRows

FACTS = {
    "batch_id": "b", "plan_code": "P", "organization": "620725", "org_path": "620000.620700.620725", "valid": 3,
    "chunks": (1, 3), "starts_on": "2022-01-01", "ends_on": "2023-01-01", "sent_by": "county",
}  # fmt: skip
BEFORE, AFTER, OVER = "2021-12-31", "2022-01-01", "2023-01-01"
row = HeldRow(row_no=2, person_id="q", occupation="COURIER", org_path="o", division_code="620725")

dirty = BatchOpened(**FACTS, faulty=1)
clean = BatchOpened(**FACTS, faulty=0)
settled = BatchErrorsSettled(batch_id="b", by="county")
city = BatchConfirmedByCity(batch_id="b", by="city")
office = BatchConfirmedByOffice(batch_id="b", by="office")
paid = BatchFunded(batch_id="b", seats=3, amount_fen=36_000, chunks=(1, 3), starts_on="2022-01-01", by="finance")
first_covered = BatchRowsActivated(batch_id="b", first_row=1, people=2, terminated=0)
rest_covered = BatchRowsActivated(batch_id="b", first_row=3, people=1, terminated=0)
active = BatchActivated(batch_id="b", people=3, ends_on="2023-01-01")
expired = BatchExpired(batch_id="b")
cancelled = BatchCancelled(batch_id="b", chunks=(1, 3), reason="sent twice", by="head")
first_back = BatchRowsCancelled(batch_id="b", first_row=1, rows=2)
replaced = RowReplaced(batch_id="b", former_person_id="p", row=row, reason="left the trade", by="county")
withdrawn = RowWithdrawn(batch_id="b", row_no=2, person_id="p", reason="typed by mistake", by="county")

COMMANDS: dict[str, BatchCommand] = {
    "open": OpenBatch(**FACTS, faulty=0),
    "settle": SettleErrors(batch_id="b", by="county"),
    "city": ConfirmByCity(batch_id="b", by="city"),
    "office": ConfirmByOffice(batch_id="b", by="office"),
    "fund": FundBatch(batch_id="b", contribution_fen=12_000, by="finance"),
    "activate": ActivateRows(batch_id="b", first_row=1, people=2, terminated=0, today=AFTER),
    "expire": ExpireBatch(batch_id="b", today=OVER),
    "cancel": CancelBatch(batch_id="b", reason="sent twice", by="head", today=BEFORE),
    "give back": CancelRows(batch_id="b", first_row=1, rows=2),
    "replace": ReplaceRow(
        batch_id="b", former_person_id="p", row=row, reason="left the trade", by="county", by_head=False,
        claimed=False, today=BEFORE,
    ),
    "withdraw": WithdrawRow(
        batch_id="b", row_no=2, person_id="p", reason="typed by mistake", by="county", today=BEFORE
    ),
}  # fmt: skip
STAGES: dict[str, tuple[BatchEvent, ...]] = {
    "absent": (),
    "has errors": (dirty,),
    "ready": (dirty, settled),
    "city": (clean, city),
    "office": (clean, city, office),
    "funded": (clean, city, office, paid),
    "active": (clean, city, office, paid, first_covered, rest_covered, active),
    "expired": (clean, city, office, paid, first_covered, rest_covered, active, expired),
    "cancelled": (clean, cancelled),
}
UNKNOWN, CANCELLED = "batch-unknown", "batch-cancelled"
EXPECTED: dict[str, tuple[BatchEvent | str | None, ...]] = {
    # absent, has errors, ready, city, office, funded, active, expired, cancelled
    "open": (clean, None, None, None, None, None, None, None, None),
    "settle": (UNKNOWN, settled, None, None, None, None, None, None, CANCELLED),
    "city": (UNKNOWN, "batch-has-errors", city, None, None, None, None, None, CANCELLED),
    "office": (UNKNOWN, "batch-not-confirmed", "batch-not-confirmed", office, None, None, None, None, CANCELLED),
    "fund": (UNKNOWN, *["batch-not-confirmed"] * 3, paid, None, None, None, CANCELLED),
    "activate": (UNKNOWN, *["batch-not-funded"] * 4, first_covered, None, None, CANCELLED),
    "expire": (UNKNOWN, *["batch-not-active"] * 5, expired, None, CANCELLED),
    "cancel": (UNKNOWN, *[cancelled] * 5, "batch-started", "batch-started", None),
    "give back": (UNKNOWN, *["batch-not-cancelled"] * 7, first_back),
    "replace": (UNKNOWN, *[replaced] * 5, "replacement-needs-office-head", "batch-over", CANCELLED),
    "withdraw": (UNKNOWN, *[withdrawn] * 5, "batch-started", "batch-over", CANCELLED),
}
batch = Spec(BATCH)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_decided_in_every_stage(name: str, stage: str) -> None:
    answer = batch.given(*STAGES[stage]).when(COMMANDS[name])
    expected = EXPECTED[name][[*STAGES].index(stage)]
    if expected is None:
        answer.then_nothing()
    elif isinstance(expected, str):
        answer.then_rejected(expected)
    else:
        answer.then(expected)


def test_a_clean_list_is_ready_at_once() -> None:
    batch.given(clean).when(COMMANDS["city"]).then(city)


def test_sender_prefecture_and_office_are_three_people() -> None:
    ready = batch.given(clean)
    ready.when(ConfirmByCity(batch_id="b", by="county")).then_rejected("confirmed-by-sender")
    confirmed = ready.given(city)
    confirmed.when(ConfirmByOffice(batch_id="b", by="county")).then_rejected("confirmed-by-sender")
    confirmed.when(ConfirmByOffice(batch_id="b", by="city")).then_rejected("confirmed-by-same-person")


def test_a_list_without_a_seat_is_not_paid_for() -> None:
    nobody = BatchOpened(**{**FACTS, "valid": 0}, faulty=1)
    batch.given(nobody, settled, city, office).when(COMMANDS["fund"]).then_rejected("batch-empty")


def test_rows_given_back_are_not_paid_for() -> None:
    (event,) = batch.given(clean, withdrawn, city, office).when(COMMANDS["fund"]).events
    assert (event.seats, event.amount_fen) == (2, 24_000)


def test_people_are_covered_from_the_start_on_chunk_by_chunk_and_once() -> None:
    funded = batch.given(*STAGES["funded"])
    funded.when(replace(COMMANDS["activate"], today=BEFORE)).then_rejected("batch-not-started")
    funded.when(replace(COMMANDS["activate"], first_row=2)).then_rejected("batch-chunk-unknown")
    begun = funded.given(first_covered)
    begun.when(COMMANDS["activate"]).then_nothing()
    begun.when(replace(COMMANDS["activate"], first_row=3, people=1)).then(rest_covered, active)


def test_a_funded_batch_is_cancelled_before_its_start_alone() -> None:
    batch.given(*STAGES["funded"]).when(replace(COMMANDS["cancel"], today=AFTER)).then_rejected("batch-started")
    batch.given(*STAGES["office"]).when(replace(COMMANDS["cancel"], today=AFTER)).then(cancelled)


def test_a_cancelled_chunk_gives_its_seats_back_once() -> None:
    gone = batch.given(clean, cancelled)
    gone.given(first_back).when(COMMANDS["give back"]).then_nothing()
    gone.when(replace(COMMANDS["give back"], first_row=2)).then_rejected("batch-chunk-unknown")


def test_a_period_ends_on_its_last_day_and_not_before() -> None:
    batch.given(*STAGES["active"]).when(replace(COMMANDS["expire"], today=AFTER)).then_rejected("batch-not-over")


def test_while_its_people_are_being_covered_no_row_changes() -> None:
    for name in ("replace", "withdraw"):
        command = replace(COMMANDS[name], today=AFTER)
        batch.given(*STAGES["funded"]).when(command).then_rejected("batch-starting")


def test_after_the_start_the_office_head_replaces_who_has_not_claimed() -> None:
    late = replace(COMMANDS["replace"], today=AFTER, by_head=True)
    batch.given(*STAGES["active"]).when(late).then(replaced)
    batch.given(*STAGES["active"]).when(replace(late, claimed=True)).then_rejected("replacement-after-claim")


def test_the_same_change_of_a_row_again_changes_nothing() -> None:
    batch.given(clean, replaced).when(COMMANDS["replace"]).then_nothing()
    batch.given(clean, withdrawn).when(COMMANDS["withdraw"]).then_nothing()
    batch.given(clean, withdrawn).when(COMMANDS["replace"]).then_rejected("row-withdrawn")


def test_row_changes_are_bounded() -> None:
    state = BATCH.evolve(BATCH.initial, BatchOpened(**{**FACTS, "valid": 2 * ROW_CHANGES_MAX}, faulty=0))
    for row_no in range(ROW_CHANGES_MAX):
        gone = RowWithdrawn(batch_id="b", row_no=row_no + 10, person_id="p", reason="x", by="y")
        state = BATCH.evolve(state, gone)
    full = Spec(BATCH)
    full._state = state
    full.when(COMMANDS["replace"]).then_rejected("row-changes-exhausted")
    full.when(COMMANDS["withdraw"]).then_rejected("row-changes-exhausted")


def test_the_rows_of_a_chunk_are_held_once_in_events_none_too_long() -> None:
    import msgspec  # noqa: PLC0415

    path = "620000.620700.620725.6207251000001"
    rows = tuple(
        HeldRow(
            row_no=200_000 + n, person_id="p" * 36, occupation="SECURITY_GUARD", org_path=path,
            division_code="620725", quota=path,
        )
        for n in range(2 * ROWS_PER_EVENT_MAX + 1)
    )  # fmt: skip
    held = Spec(HELD_ROWS).when(HoldRows(batch_id="b" * 40, rows=rows)).events
    assert [one for event in held for one in event.rows] == list(rows)
    assert len(held) == 3
    assert all(len(msgspec.json.encode(event)) < 59_000 for event in held)
    Spec(HELD_ROWS).given(RowsHeld(batch_id="b", rows=rows[:1])).when(HoldRows(batch_id="b", rows=rows)).then_nothing()
