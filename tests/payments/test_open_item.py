"""An open item is raised once, ends by itself only when all agrees, and moves money when two people agree."""

from __future__ import annotations

import pytest

from chassis.testing import Spec
from contracts.payments.bank import OpenItemRaised
from payments.domain.open_item import (
    OPEN_ITEM,
    ConfirmResolution,
    DeclineResolution,
    MatchItem,
    PairItem,
    ProposeResolution,
    RaiseItem,
)
from payments.domain.reconciliation import MISSING_HERE, Finding

item = Spec(OPEN_ITEM)
FOUND = Finding(MISSING_HERE, "2022-06-01", "fee", "charged", 3, "", -7, 0, "", "")
(RAISED,) = OPEN_ITEM.decide(RaiseItem(FOUND), OPEN_ITEM.initial)
PROPOSE = ProposeResolution("booked", "a fee", "one", "P", "pool")
(PROPOSED,) = OPEN_ITEM.decide(PROPOSE, OPEN_ITEM.evolve(OPEN_ITEM.initial, RAISED))


def test_a_disagreement_is_raised_once() -> None:
    assert isinstance(RAISED, OpenItemRaised)
    assert RAISED.difference_fen == -7
    item.given(RAISED).when(RaiseItem(FOUND)).then_nothing()


def test_a_resolution_needs_a_reason_a_purse_and_fits_the_finding() -> None:
    item.given(RAISED).when(ProposeResolution("booked", "", "one", "P", "pool")).then_rejected("reason-missing")
    item.given(RAISED).when(ProposeResolution("booked", "a fee", "one")).then_rejected("plan-missing")
    item.given(RAISED).when(ProposeResolution("paid", "a fee", "one", "P", "pool")).then_rejected("resolution-unfit")
    item.given(RAISED, PROPOSED).when(PROPOSE).then_nothing()


def test_a_second_person_agrees_or_does_not() -> None:
    item.given(RAISED).when(ConfirmResolution("two")).then_rejected("nothing-proposed")
    item.given(RAISED, PROPOSED).when(ConfirmResolution("one")).then_rejected("same-person")
    item.given(RAISED).when(DeclineResolution("why", "two")).then_nothing()


def test_items_are_paired_when_they_cancel_out() -> None:
    item.given(RAISED).when(PairItem("other", 6, "theirs", "one")).then_rejected("items-do-not-cancel")
    item.given(RAISED, PROPOSED).when(PairItem("other", 7, "theirs", "one")).then_rejected("resolution-pending")


@pytest.mark.parametrize("command", [MatchItem(), PairItem("o", 7, "r", "one"), PROPOSE, ConfirmResolution("two")])
def test_nothing_happens_to_an_item_that_is_not_there(command: MatchItem) -> None:
    item.when(command).then_rejected("open-item-unknown")
