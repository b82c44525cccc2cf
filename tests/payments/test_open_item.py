"""An open item is raised once, ends by itself only when all agrees, and moves money when two people agree."""

from __future__ import annotations

import pytest

from chassis.testing import Spec
from contracts.envelope import changed
from contracts.payments.bank import OpenItemClosed, OpenItemRaised, ResolutionDeclined
from payments.domain import ledger
from payments.domain.open_item import (
    OPEN_ITEM,
    ConfirmResolution,
    DeclineResolution,
    MatchItem,
    PairItem,
    ProposeResolution,
    RaiseItem,
)
from payments.domain.reconciliation import CONTRADICTED, MISSING_AT_BANK, MISSING_HERE, PAID, UNANSWERED, Finding

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


BOOKED = OpenItemClosed(
    item_id=RAISED.item_id, resolution="booked", reason="a fee", by="one", confirmed_by="two", difference_fen=-7,
    plan_code="P", fund="pool", paired_with="", transfers=ledger.corrected(RAISED.item_id, "P", -7),
)  # fmt: skip


def test_a_second_person_agrees_and_the_cash_follows_once() -> None:
    item.given(RAISED, PROPOSED).when(ConfirmResolution("two")).then(BOOKED)
    item.given(RAISED, PROPOSED, BOOKED).when(ConfirmResolution("two")).then_nothing()


def test_nobody_agrees_to_nothing_to_the_own_words_or_to_what_another_has_ended() -> None:
    item.given(RAISED).when(ConfirmResolution("two")).then_rejected("nothing-proposed")
    item.given(RAISED, PROPOSED).when(ConfirmResolution("one")).then_rejected("same-person")
    item.given(RAISED, PROPOSED, BOOKED).when(ConfirmResolution("three")).then_rejected("open-item-closed")


def test_a_second_person_does_not_agree_and_the_item_is_open_again() -> None:
    declined = ResolutionDeclined(item_id=RAISED.item_id, reason="which fee?", by="two")
    decline = DeclineResolution("which fee?", "two")
    item.given(RAISED, PROPOSED).when(decline).then(declined)
    item.given(RAISED, PROPOSED, declined).when(decline).then_nothing()
    item.given(RAISED, PROPOSED, declined).when(PROPOSE).then(PROPOSED)
    item.given(RAISED).when(decline).then_nothing()
    item.given(RAISED, PROPOSED, BOOKED).when(decline).then_rejected("open-item-closed")


@pytest.mark.parametrize(
    ("finding", "kind", "fits"),
    [
        (UNANSWERED, PAID, {"paid", "not_paid"}),
        (CONTRADICTED, PAID, {"paid", "not_paid"}),
        (MISSING_HERE, PAID, {"paid", "booked"}),
        (MISSING_AT_BANK, PAID, {"not_paid", "booked"}),
        (MISSING_HERE, "returned", {"booked"}),
        (MISSING_HERE, "received", {"booked"}),
    ],
)
def test_an_order_of_ours_ends_only_as_its_item_has_it(finding: str, kind: str, fits: set[str]) -> None:
    raised = changed(RAISED, finding=finding, kind=kind, payout_id="p", attempt=1, plan_code="P", fund="pool")
    for resolution in ("paid", "not_paid", "booked"):
        propose = ProposeResolution(resolution, "letter", "one", bank_reference="L-1")
        if resolution in fits:
            assert item.given(raised).when(propose).events
        else:
            item.given(raised).when(propose).then_rejected("resolution-unfit")
    if fits & {"paid", "not_paid"}:
        word = min(fits & {"paid", "not_paid"})
        item.given(raised).when(ProposeResolution(word, "letter", "one")).then_rejected("bank-reference-missing")


def test_what_becomes_of_an_order_moves_no_money_in_the_item() -> None:
    raised = changed(RAISED, finding=UNANSWERED, kind=PAID, payout_id="p", attempt=1, plan_code="P", fund="pool")
    propose = ProposeResolution("not_paid", "letter", "one", bank_reference="L-1")
    (proposed,) = item.given(raised).when(propose).events
    (closed,) = item.given(raised, proposed).when(ConfirmResolution("two")).events
    assert (closed.resolution, closed.confirmed_by, closed.transfers) == ("not_paid", "two", ())


OTHER = changed(RAISED, item_id="other", difference_fen=7)


def pair(**told: object) -> PairItem:
    return PairItem(changed(OTHER, **told), "theirs", "one")


def test_items_are_paired_when_they_cancel_out() -> None:
    item.given(RAISED).when(pair(difference_fen=6)).then_rejected("items-do-not-cancel")
    item.given(RAISED, PROPOSED).when(pair()).then_rejected("resolution-pending")


def test_of_one_order_one_person_pairs_a_mistake_with_its_correction() -> None:
    (closed,) = item.given(RAISED).when(pair()).events
    assert (closed.resolution, closed.paired_with, closed.confirmed_by) == ("paired", "other", "")
    item.given(RAISED, closed).when(pair()).then_nothing()


@pytest.mark.parametrize("key", ["another", ""])
def test_of_two_orders_a_second_person_agrees_that_they_cancel_out(key: str) -> None:
    raised = changed(RAISED, end_to_end_id="" if not key else RAISED.end_to_end_id)
    pairing = pair(end_to_end_id=key)
    (proposed,) = item.given(raised).when(pairing).events
    assert (proposed.resolution, proposed.paired_with) == ("paired", "other")
    waits = item.given(raised, proposed)
    waits.when(pairing).then_nothing()
    waits.when(ConfirmResolution("one", "other")).then_rejected("same-person")
    waits.when(ConfirmResolution("two")).then_rejected("pair-broken")
    (closed,) = waits.when(ConfirmResolution("two", "other")).events
    assert (closed.resolution, closed.paired_with, closed.confirmed_by) == ("paired", "other", "two")
    assert closed.transfers == ()
    item.given(raised, proposed, closed).when(pairing).then_nothing()


@pytest.mark.parametrize("purse", [{"plan_code": "Q", "fund": "pool"}, {"plan_code": "P", "fund": "relief"}])
def test_items_of_two_purses_never_end_each_other(purse: dict[str, str]) -> None:
    ours = changed(RAISED, plan_code="P", fund="pool")
    item.given(ours).when(pair(**purse)).then_rejected("purses-differ")
    item.given(ours).when(pair(end_to_end_id="another", **purse)).then_rejected("purses-differ")


SILENT = Finding(UNANSWERED, "2022-06-01", "order", PAID, 0, "", 0, 0, "P", "pool", "p", 1)
(ASKED,) = OPEN_ITEM.decide(RaiseItem(SILENT), OPEN_ITEM.initial)
(REPLACED,) = OPEN_ITEM.decide(MatchItem(agreed=False), OPEN_ITEM.evolve(OPEN_ITEM.initial, ASKED))


def test_a_disagreement_that_comes_back_is_raised_again_and_once() -> None:
    again = changed(ASKED, round=2)
    item.given(ASKED, REPLACED).when(RaiseItem(SILENT, rounds=1)).then(again)
    item.given(ASKED, REPLACED, again).when(RaiseItem(SILENT, rounds=1)).then_nothing()
    item.given(ASKED, REPLACED, again).when(RaiseItem(SILENT, rounds=2)).then_nothing()
    item.given(ASKED, REPLACED, again, REPLACED).when(RaiseItem(SILENT, rounds=2)).then(changed(ASKED, round=3))


def test_who_looked_before_an_item_had_its_end_does_not_raise_it_again() -> None:
    item.given(ASKED, REPLACED).when(RaiseItem(SILENT)).then_nothing()
    item.given(ASKED, REPLACED, changed(ASKED, round=2), REPLACED).when(RaiseItem(SILENT, rounds=1)).then_nothing()


def test_an_entry_that_people_have_explained_is_never_asked_about_again() -> None:
    item.given(RAISED, PROPOSED, BOOKED).when(RaiseItem(FOUND, rounds=1)).then_nothing()


@pytest.mark.parametrize("command", [MatchItem(), PairItem(RAISED, "r", "one"), PROPOSE, ConfirmResolution("two")])
def test_nothing_happens_to_an_item_that_is_not_there(command: MatchItem) -> None:
    item.when(command).then_rejected("open-item-unknown")
