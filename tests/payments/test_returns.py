"""After a return: two people for another account, a cooling period, reminders, and a call by the office."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chassis.sweep import Sweeps
from chassis.testing import Spec
from contracts.envelope import Event, changed
from contracts.payments.bank import ReturnQueried
from contracts.payments.owing import (
    AccountDeclined,
    AccountMismatched,
    AccountProposed,
    OfficeCallMade,
    OfficeCallRequested,
    PayeeReminded,
)
from contracts.payments.v1 import AccountCorrected, PayoutUnknown
from payments.domain.payout import PAYOUT, BatchPayout
from payments.domain.payout_commands import (
    ConfirmAccount,
    DeclineAccount,
    ProposeAccount,
    RecordCall,
    RecordQuery,
    RemindPayee,
    RequestCall,
)
from payments.settings import Settings
from payments.workers.reminding import sweeps

from .house import COUNTY, GOOD_CARD, WRONG_NAME_CARD, House
from .synthetic import AMOUNT_FEN, PLAN, batched, requested, returned, sealed, settled

payout = Spec(PAYOUT)
ID = "line-1-payee-1"
BACK = (requested(), batched(), returned())
PROPOSE = ProposeAccount(sealed("b"), "5678", "clerk-1")
PROPOSED = AccountProposed(payout_id=ID, account=sealed("b"), account_tail="5678", by="clerk-1")
FROM = "2022-06-02T01:00:00.000000Z"
TODAY = "2022-06-01"
CONFIRM = ConfirmAccount("clerk-2", matches=True, usable_from=FROM, today=TODAY, tries_max=2)
WRONG = replace(CONFIRM, matches=False)
MISMATCHED = AccountMismatched(payout_id=ID, on=TODAY, by="clerk-2")
CORRECTED = AccountCorrected(
    payout_id=ID, account=sealed("b"), account_tail="5678", proposed_by="clerk-1", by="clerk-2", usable_from=FROM
)
REMINDED = PayeeReminded(
    payout_id=ID, claim_id="claim-1", claim_no="2022-0001", person_id="person-1", payee_id="payee-1",
    amount_fen=AMOUNT_FEN, attempt=1, reason="NAME_MISMATCH", day=3,
)  # fmt: skip
CALL = OfficeCallRequested(
    payout_id=ID, claim_id="claim-1", claim_no="2022-0001", person_id="person-1", payee_id="payee-1",
    attempt=1, reason="NAME_MISMATCH",
)  # fmt: skip


def test_another_account_is_proposed_and_a_repeat_by_the_same_person_is_quiet() -> None:
    payout.given(*BACK).when(PROPOSE).then(PROPOSED)
    again = ProposeAccount(sealed("c"), "5678", "clerk-1", same=True)
    payout.given(*BACK, PROPOSED).when(again).then_nothing()
    payout.given(*BACK, PROPOSED, CORRECTED).when(again).then_nothing()


@pytest.mark.parametrize(
    ("history", "code"),
    [
        ((), "payout-unknown"),
        ((requested(),), "payout-not-returned"),
        ((requested(), batched()), "payout-in-batch"),
        ((requested(), batched(), PayoutUnknown(payout_id=ID, attempt=1)), "payout-in-batch"),
        ((requested(), batched(), settled()), "payout-settled"),
    ],
)
def test_no_account_is_named_before_a_return(history: tuple[Event, ...], code: str) -> None:
    payout.given(*history).when(PROPOSE).then_rejected(code)  # type: ignore[arg-type]


def test_a_second_person_confirms_an_account_once() -> None:
    payout.given(*BACK, PROPOSED).when(CONFIRM).then(CORRECTED)
    payout.given(*BACK, PROPOSED, CORRECTED).when(CONFIRM).then_nothing()


@pytest.mark.parametrize("by", ["clerk-1", "payee-1", "person-1"])
def test_neither_who_named_the_account_nor_who_is_paid_to_it_confirms_or_declines_it(by: str) -> None:
    alone = replace(CONFIRM, by=by)
    payout.given(*BACK, PROPOSED).when(alone).then_rejected("same-person")
    payout.given(*BACK, PROPOSED).when(DeclineAccount(by, "NOT_OWN")).then_rejected("same-person")


def test_a_number_that_differs_is_recorded_and_an_account_that_nobody_named_is_not_confirmed() -> None:
    payout.given(*BACK, PROPOSED).when(WRONG).then(MISMATCHED)
    payout.given(*BACK).when(CONFIRM).then_rejected("no-account-proposed")


def test_after_so_many_wrong_numbers_no_number_is_heard_until_the_next_day() -> None:
    once, twice = payout.given(*BACK, PROPOSED, MISMATCHED), payout.given(*BACK, PROPOSED, MISMATCHED, MISMATCHED)
    once.when(CONFIRM).then(CORRECTED)
    once.given(CORRECTED).when(CONFIRM).then_nothing()
    twice.when(WRONG).then_rejected("account-tries-exhausted")
    twice.when(CONFIRM).then_rejected("account-tries-exhausted")
    # Neither another second person nor the same account named once more begins afresh.
    twice.given(PROPOSED).when(replace(CONFIRM, by="clerk-3")).then_rejected("account-tries-exhausted")
    twice.when(replace(CONFIRM, today="2022-06-02")).then(CORRECTED)


def test_a_declined_account_waits_for_another_and_declining_again_is_quiet() -> None:
    declined = AccountDeclined(payout_id=ID, reason="NOT_OWN", by="clerk-2")
    command = DeclineAccount("clerk-2", "NOT_OWN")
    payout.given(*BACK, PROPOSED).when(command).then(declined)
    payout.given(*BACK, PROPOSED, declined).when(command).then_nothing()
    payout.given(*BACK, PROPOSED, declined).when(CONFIRM).then_rejected("no-account-proposed")
    payout.given(*BACK, PROPOSED, declined).when(PROPOSE).then(PROPOSED)
    payout.given(*BACK, PROPOSED).when(DeclineAccount("clerk-2", "MOOD")).then_rejected("reason-unknown")


def test_an_account_that_is_not_confirmed_or_still_cooling_is_not_paid_to() -> None:
    at = "2022-06-02T00:59:59.000000Z"
    system = changed(returned(), reason="BANK_SYSTEM")
    payout.given(requested(), batched(), system, PROPOSED).when(BatchPayout("b-2", FROM)).then_rejected(
        "account-not-confirmed"
    )
    payout.given(*BACK, PROPOSED, CORRECTED).when(BatchPayout("b-2", at)).then_rejected("account-cooling")
    payout.given(*BACK, PROPOSED, CORRECTED).when(BatchPayout("b-2", FROM)).then(batched(2, "b-2"))


def test_what_the_banks_own_failure_sent_back_is_tried_again_on_a_later_day() -> None:
    back = (requested(), batched(), changed(returned(), reason="BANK_SYSTEM", returned_on="2022-06-02"))
    payout.given(*back).when(BatchPayout("b-2", FROM, "2022-06-02")).then_rejected("retry-next-day")
    payout.given(*back).when(BatchPayout("b-2", FROM, "2022-06-03")).then_rejected("query-first")
    queried = ReturnQueried(payout_id=ID, attempt=1, queried_on="2022-06-03")
    payout.given(*back, queried).when(BatchPayout("b-2", FROM, "2022-06-03")).then(batched(2, "b-2"))


def test_the_bank_is_asked_about_its_own_failure_on_a_later_day_and_once() -> None:
    back = (requested(), batched(), changed(returned(), reason="BANK_SYSTEM", returned_on="2022-06-02"))
    queried = ReturnQueried(payout_id=ID, attempt=1, queried_on="2022-06-03")
    payout.given(*back).when(RecordQuery(1, "2022-06-03")).then(queried)
    payout.given(*back, queried).when(RecordQuery(1, "2022-06-04")).then_nothing()
    payout.given(*back).when(RecordQuery(1, "2022-06-02")).then_nothing()
    payout.given(*back).when(RecordQuery(2, "2022-06-03")).then_nothing()
    payout.given(*BACK).when(RecordQuery(1, "2022-06-03")).then_nothing()
    payout.when(RecordQuery(1, "2022-06-03")).then_rejected("payout-unknown")


def test_a_payee_is_reminded_once_of_each_day_and_not_when_an_account_was_named() -> None:
    payout.given(*BACK).when(RemindPayee(1, 3)).then(REMINDED)
    payout.given(*BACK, REMINDED).when(RemindPayee(1, 3)).then_nothing()
    payout.given(*BACK, REMINDED).when(RemindPayee(1, 10)).then(changed(REMINDED, day=10))
    payout.given(*BACK).when(RemindPayee(2, 3)).then_nothing()
    payout.given(*BACK, PROPOSED).when(RemindPayee(1, 3)).then_nothing()
    payout.when(RemindPayee(1, 3)).then_rejected("payout-unknown")


def test_the_office_is_asked_to_phone_once_after_so_many_failures() -> None:
    payout.given(*BACK).when(RequestCall(1)).then(CALL)
    payout.given(*BACK).when(RequestCall(2)).then_nothing()
    payout.given(*BACK, CALL).when(RequestCall(1)).then_nothing()


def test_a_call_that_reached_the_payee_ends_the_task() -> None:
    missed = OfficeCallMade(payout_id=ID, outcome="NOT_REACHED", called_on="2022-06-01", by="o")
    reached = changed(missed, outcome="REACHED")
    payout.given(*BACK, CALL).when(RecordCall("o", "NOT_REACHED", "2022-06-01")).then(missed)
    payout.given(*BACK, CALL, missed).when(RecordCall("o", "NOT_REACHED", "2022-06-01")).then_nothing()
    payout.given(*BACK, CALL, missed).when(RecordCall("o", "REACHED", "2022-06-01")).then(reached)
    payout.given(*BACK, CALL, reached).when(RecordCall("o", "REACHED", "2022-06-01")).then_nothing()
    payout.given(*BACK, CALL, reached).when(RecordCall("o", "REACHED", "2022-06-09")).then_rejected("no-call-due")
    payout.given(*BACK).when(RecordCall("o", "REACHED", "2022-06-01")).then_rejected("no-call-due")
    payout.given(*BACK, CALL).when(RecordCall("o", "MAYBE", "2022-06-01")).then_rejected("outcome-unknown")


async def swept(house: House, name: str) -> int:
    """One turn of a sweep over what can be read; how many deadlines were decided."""
    await house.settled_reads()
    sweep = next(one for one in sweeps(Settings()) if one.name == name)
    return await Sweeps([sweep], house.context.executor, house.clock).once(sweep)


async def test_what_came_back_is_reminded_of_on_its_days_each_once(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, WRONG_NAME_CARD)
    await house.send(await house.sign_all())
    told = []
    for _ in range(35):
        before = await house.context.log.head()
        for _ in range(2):
            await house.context.log.pool.execute("delete from sweep_lease")
            await swept(house, "payee-reminders")
        told.append(await house.context.log.head() - before)
        house.clock.advance(timedelta(days=1))
    assert [day for day, events in enumerate(told) if events] == [3, 10, 30]
    assert set(told) == {0, 1}
    assert (await house.get(f"/payouts/{payout_id}"))["payout"]["reminded_day"] == 30


async def test_after_three_failed_attempts_the_office_phones(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, WRONG_NAME_CARD)
    for attempt in range(3):
        await house.send(await house.sign_all())
        await swept(house, "office-calls")
        assert len((await house.get("/calls", role="office_head"))["items"]) == (attempt == 2)
        if attempt < 2:
            await house.correct(payout_id, f"62284800000{attempt}990001", "clerk", role="county_clerk", org_path=COUNTY)
    path = f"/payouts/{payout_id}/call"
    assert (await house.post(path, {"outcome": "REACHED"}, "f", role="finance")).status_code == 403
    reached = await house.post(path, {"outcome": "REACHED"}, "o", role="office_reviewer")
    assert reached.json() == {"payout_id": payout_id, "outcome": "REACHED"}
    assert (await house.get("/calls", role="office_head"))["items"] == []


async def test_an_account_waits_for_its_second_person_and_then_cools(house: House) -> None:
    await house.donate(1_000_000)
    (payout_id,) = await house.approve(50_000, WRONG_NAME_CARD)
    await house.send(await house.sign_all())
    clerk = {"role": "county_clerk", "org_path": COUNTY}
    path = f"/payouts/{payout_id}/account"
    await house.post(path, {"account_name": "name", "card_no": GOOD_CARD}, "clerk", **clerk)
    listed = await house.get("/accounts/proposed", **clerk)
    assert [(one["payout_id"], one["proposed_tail"], one["proposed_by"]) for one in listed["items"]] == [
        (payout_id, GOOD_CARD[-4:], "clerk")
    ]
    body = {"plan_code": PLAN, "payout_ids": [payout_id]}
    assert (await house.post("/batches", body, "maker")).json()["code"] == "account-not-corrected"
    again = {"card_no": GOOD_CARD}
    for sub, who, code in (
        ("clerk", clerk, "same-person"),
        ("f", {"role": "finance"}, "role-not-allowed"),
        ("m", {"role": "member", "org_path": COUNTY}, "role-not-allowed"),
        ("c", {"role": "county_clerk", "org_path": "620000.620600.620602"}, "payout-unknown"),
    ):
        assert (await house.post(f"{path}/confirm", again, sub, **who)).json()["code"] == code
    wrong = {"card_no": WRONG_NAME_CARD}
    for _ in range(house.context.settings.account_tries_max):
        other = await house.post(f"{path}/confirm", wrong, "second", **clerk)
        assert (other.status_code, other.json()["code"]) == (409, "account-differs")
        assert other.headers["content-type"].startswith("application/problem+json")
    locked = await house.post(f"{path}/confirm", again, "third", **clerk)
    assert (locked.status_code, locked.json()["code"]) == (409, "account-tries-exhausted")
    house.clock.advance(timedelta(days=1))
    assert (await house.post(f"{path}/confirm", again, "second", **clerk)).status_code == 200
    assert (await house.post("/batches", body, "maker")).json()["code"] == "account-cooling"
    await house.settled_reads()
    assert (await house.post("/batches", {"plan_code": PLAN}, "maker")).json()["code"] == "batch-empty"
    house.clock.advance(timedelta(hours=house.context.settings.account_cooling_h))
    assert (await house.post("/batches", {"plan_code": PLAN}, "second")).json()["code"] == "approver-cannot-pay"
    assert (await house.post("/batches", {"plan_code": PLAN}, "maker")).status_code == 201
