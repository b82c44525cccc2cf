"""Seats, rosters, people and covers: what they do, refuse and stay quiet about."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from chassis.testing import Spec
from contracts.enrolment.v1 import (
    CoverageGranted,
    DeathRecorded,
    DonationReceived,
    PersonRegistered,
    RosterImported,
    RosterReceived,
    RosterRowsImported,
    RowProblem,
    SeatsReserved,
)
from contracts.envelope import Sealed
from enrolment.domain.coverage import COVERAGE, GrantCoverage
from enrolment.domain.person import PERSON, RecordDeath, RegisterPerson
from enrolment.domain.roster import PROBLEMS_PER_EVENT_MAX, ROSTER, ImportRows, ReceiveRoster, problems_found
from enrolment.domain.row import PROBLEMS
from enrolment.domain.seats import SEATS, ReceiveDonation, ReserveSeats

give = ReceiveDonation(
    donation_id="d1",
    plan_code="P",
    plan_version=1,
    donor="甘肃省总工会",
    seats=10,
    amount_fen=120_000,
    contribution_fen=12_000,
    received_on="2021-12-31",
    period_start="2022-01-01",
    period_end="2023-01-01",
)
given_seats = DonationReceived(
    donation_id="d1",
    plan_code="P",
    plan_version=1,
    donor="甘肃省总工会",
    seats=10,
    amount_fen=120_000,
    received_on="2021-12-31",
    period_start="2022-01-01",
    period_end="2023-01-01",
)
reserve = ReserveSeats(plan_code="P", batch_id="b", first_row=1, seats=10)
reserved = SeatsReserved(plan_code="P", batch_id="b", first_row=1, seats=10)
seats = Spec(SEATS)


def test_a_donation_opens_its_seats() -> None:
    seats.when(give).then(given_seats)


def test_a_donation_of_another_amount_than_its_seats_cost_is_refused() -> None:
    seats.when(replace(give, amount_fen=119_999)).then_rejected("donation-amount-wrong")
    seats.when(replace(give, seats=0, amount_fen=0)).then_rejected("seats-not-positive")


def test_the_same_donation_again_changes_nothing() -> None:
    seats.given(given_seats).when(give).then_nothing()


def test_rows_take_seats_down_to_the_last() -> None:
    seats.given(given_seats).when(reserve).then(reserved)


def test_more_rows_than_seats_are_refused() -> None:
    seats.given(given_seats, reserved).when(replace(reserve, first_row=11, seats=1)).then_rejected("seats-exhausted")
    seats.when(reserve).then_rejected("seats-exhausted")


def test_the_same_rows_take_their_seats_once() -> None:
    seats.given(given_seats, reserved).when(reserve).then_nothing()


receive = ReceiveRoster(
    batch_id="b", plan_code="P", organization="620000", org_path="620000", file_sha256="ab", format="utf-8", rows=5
)
received = RosterReceived(
    batch_id="b", plan_code="P", organization="620000", org_path="620000", file_sha256="ab", format="utf-8", rows=5
)
first_problems = (
    RowProblem(row_no=2, errors=("E_NAME",), warnings=("W_MOBILE_MISSING",)),
    RowProblem(row_no=3, warnings=("W_NAME_RARE",)),
)
first_part = ImportRows(batch_id="b", first_row=1, last_row=3, problems=first_problems)
first_rows = RosterRowsImported(
    batch_id="b",
    first_row=1,
    last_row=3,
    valid=2,
    errors={"E_NAME": 1},
    warnings={"W_MOBILE_MISSING": 1, "W_NAME_RARE": 1},
)
second_part = ImportRows(
    batch_id="b", first_row=4, last_row=5, problems=(RowProblem(row_no=5, errors=("E_NAME", "E_OCC")),)
)
roster = Spec(ROSTER)


def test_a_file_is_received_once() -> None:
    roster.when(receive).then(received)
    roster.given(received).when(receive).then_nothing()


def test_rows_are_imported_in_order() -> None:
    roster.given(received).when(first_part).then(first_rows)


def test_the_last_rows_finish_the_roster_and_the_counts_add_up() -> None:
    roster.given(received, first_rows).when(second_part).then(
        RosterRowsImported(
            batch_id="b", first_row=4, last_row=5, valid=1, errors={"E_NAME": 1, "E_OCC": 1}, warnings={}
        ),
        RosterImported(
            batch_id="b",
            rows=5,
            valid=3,
            errors={"E_NAME": 2, "E_OCC": 1},
            warnings={"W_MOBILE_MISSING": 1, "W_NAME_RARE": 1},
        ),
    )


def test_rows_out_of_order_or_of_no_roster_are_refused() -> None:
    roster.given(received).when(second_part).then_rejected("rows-out-of-order")
    roster.given(received, first_rows).when(replace(second_part, last_row=6)).then_rejected("rows-out-of-order")
    roster.when(first_part).then_rejected("roster-unknown")


def test_rows_imported_again_change_nothing() -> None:
    roster.given(received, first_rows).when(first_part).then_nothing()
    done = RosterImported(batch_id="b", rows=5, valid=3, errors={}, warnings={})
    roster.given(received, first_rows, done).when(second_part).then_nothing()
    roster.given(received, first_rows, done).when(receive).then_nothing()


def test_a_dirty_chunk_becomes_several_events_none_too_long() -> None:
    rows = 3 * PROBLEMS_PER_EVENT_MAX + 7
    every_error = tuple(code for code in PROBLEMS if code.startswith("E"))
    every_warning = tuple(code for code in PROBLEMS if code.startswith("W"))
    problems = tuple(
        RowProblem(row_no=n, errors=every_error, warnings=every_warning, holder="6" * 13) for n in range(1, rows + 1)
    )
    command = ImportRows(batch_id="b" * 40, first_row=1, last_row=rows, problems=problems)
    events = problems_found(command)
    assert all(len(msgspec.json.encode(event)) < 59_000 for event in events)
    assert [problem for event in events for problem in event.problems] == list(problems)
    (counted,) = roster.given(msgspec.structs.replace(received, rows=rows + 1)).when(command).events
    assert (counted.valid, counted.errors["E_NAME"], counted.warnings["W_NAME_RARE"]) == (0, rows, rows)


sealed = Sealed(suite="A256GCM", s="p", k="identity", v=1, e="d", c="")
register = RegisterPerson(person_id="p", identity=sealed, contact=None, sex="M", birth_year=1985)
registered = PersonRegistered(person_id="p", identity=sealed, contact=None, sex="M", birth_year=1985)
death = RecordDeath(person_id="p", died_on="2022-05-01", today="2022-05-02")
died = DeathRecorded(person_id="p", died_on="2022-05-01")
person = Spec(PERSON)


def test_a_person_is_registered_once() -> None:
    person.when(register).then(registered)
    person.given(registered).when(register).then_nothing()
    person.given(registered, died).when(register).then_nothing()


def test_a_death_is_recorded_once() -> None:
    person.given(registered).when(death).then(died)
    person.given(registered, died).when(death).then_nothing()


def test_a_death_of_nobody_in_the_future_or_of_another_day_is_refused() -> None:
    person.when(death).then_rejected("member-unknown")
    person.given(registered).when(replace(death, today="2022-04-30")).then_rejected("death-in-future")
    person.given(registered, died).when(replace(death, died_on="2022-05-02")).then_rejected("death-differs")


grant = GrantCoverage(
    plan_code="P",
    plan_version=1,
    person_id="p",
    batch_id="b",
    row_no=1,
    effective_on="2022-01-01",
    ends_on="2023-01-01",
    occupation="COURIER",
    org_path="620000.620700.620725",
    division_code="620725",
)
granted = CoverageGranted(
    plan_code="P",
    plan_version=1,
    person_id="p",
    batch_id="b",
    row_no=1,
    effective_on="2022-01-01",
    ends_on="2023-01-01",
    occupation="COURIER",
    org_path="620000.620700.620725",
    division_code="620725",
)
coverage = Spec(COVERAGE)


def test_a_cover_is_granted() -> None:
    coverage.when(grant).then(granted)


def test_a_second_cover_of_the_same_plan_is_refused() -> None:
    coverage.given(granted).when(replace(grant, row_no=2)).then_rejected("already-covered")


def test_the_same_row_grants_its_cover_once() -> None:
    coverage.given(granted).when(grant).then_nothing()
