"""A donation is booked once, balanced; a statement is taken in without holes."""

from __future__ import annotations

from chassis.testing import Spec
from contracts.payments.v1 import DonationBooked, StatementImported
from payments.domain import ledger
from payments.domain.donation import DONATION, BookDonation
from payments.domain.statement import STATEMENT, ImportLines

from .synthetic import PLAN

donation = Spec(DONATION)
statement = Spec(STATEMENT)
BOOKED = DonationBooked(donation_id="d-1", plan_code=PLAN, amount_fen=12, transfers=ledger.donated("d-1", PLAN, 12))


def test_a_donation_enters_the_pool() -> None:
    donation.when(BookDonation("d-1", PLAN, 12)).then(BOOKED)


def test_a_donation_is_booked_once() -> None:
    donation.given(BOOKED).when(BookDonation("d-1", PLAN, 12)).then_nothing()


def test_the_same_donation_of_another_amount_is_refused() -> None:
    donation.given(BOOKED).when(BookDonation("d-1", PLAN, 13)).then_rejected("donation-differs")


def test_a_donation_of_nothing_is_refused() -> None:
    donation.when(BookDonation("d-1", PLAN, 0)).then_rejected("amount-not-positive")


def imported(first: int, last: int) -> StatementImported:
    return StatementImported(bank_account="main", first_line=first, last_line=last, unmatched=())


def test_a_statement_goes_on_where_it_stood() -> None:
    statement.when(ImportLines("main", 1, 3)).then(imported(1, 3))
    statement.given(imported(1, 3)).when(ImportLines("main", 4, 4)).then(imported(4, 4))


def test_lines_taken_in_before_are_quiet() -> None:
    statement.given(imported(1, 3)).when(ImportLines("main", 1, 3)).then_nothing()


def test_a_statement_with_a_hole_is_refused() -> None:
    statement.given(imported(1, 3)).when(ImportLines("main", 5, 6)).then_rejected("statement-hole")
