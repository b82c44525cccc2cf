"""Relief is told as what it is: asked for, granted, paid, refused; never a word on why."""

from __future__ import annotations

from typing import Any

from contracts.claims.relief import ReliefFiled, ReliefGranted, ReliefPapersAsked, ReliefRefused
from contracts.payments.v1 import PayoutReturned, PayoutSettled
from notify.domain.template import TEMPLATES, is_sendable
from tests.notify.house import CLAIMANT_FIELD, OPAQUE, House


def granted(house: House, *shares: int) -> ReliefGranted:
    people = (house.member, house.heir)
    payees = [house.payee(one, share) for one, share in zip(people, shares or (100,), strict=False)]
    return ReliefGranted(
        relief_id=house.claim,
        relief_no="RL22-1",
        person_id=house.member,
        plan_code="p",
        plan_version=1,
        org_path="620000",
        kind="RELIEF_CONDOLENCE",
        payees=tuple(payees),
        amount_fen=100_000,
        exceptional=False,
        note=None,
        granted_on="2022-03-01",
        meeting_id="m",
        decided_by=("a", "b"),
        reviewed_by=("a", "b"),
    )


def filed(house: House, **changes: Any) -> ReliefFiled:
    fields: dict[str, Any] = {
        "relief_id": house.claim,
        "relief_no": "RL22-1",
        "person_id": house.member,
        "plan_code": "p",
        "plan_version": 1,
        "kind": "RELIEF_CARE",
        "reason": "BEREAVEMENT",
        "happened_on": "2022-02-01",
        "matter": "m",
        "child_id": "",
        "channel": "UNIT",
        "org_path": "620000",
        "facts": OPAQUE,
        "contact": OPAQUE,
        "documents": (),
        "payees": (house.payee(),),
        "filed_on": "2022-03-01",
        "by": "clerk",
    }
    return ReliefFiled(**{**fields, **changes})


def payout(house: House, **changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "payout_id": house.payout,
        "claim_id": house.claim,
        "claim_no": "RL22-1",
        "person_id": house.member,
        "payee_id": house.member,
        "plan_code": "p",
        "amount_fen": 100_000,
        "attempt": 1,
        "bank_reference": "b",
        "transfers": (),
        "fund": "relief",
    }
    return {**fields, **changes}


async def test_each_step_of_relief_is_told_in_its_own_words(house: House) -> None:
    stream = f"relief-{house.claim}"
    asked = ReliefPapersAsked(
        relief_id=house.claim,
        relief_no="RL22-1",
        person_id=house.member,
        needs=("NEED_KINSHIP",),
        due_on="2022-03-31",
        by="county",
    )
    refused = ReliefRefused(
        relief_id=house.claim,
        relief_no="RL22-1",
        person_id=house.member,
        kind="RELIEF_CARE",
        payees=(house.payee(),),
        reason="RR_FUND",
        rule="r",
        explanation="e",
        meeting_id="m",
        decided_by=("a", "b"),
    )
    settled = PayoutSettled(**payout(house), benefit_code="RELIEF_CARE", account_tail="1234", settled_on="2022-03-01")
    returned = PayoutReturned(**payout(house), reason="NAME_MISMATCH", after_booking=False)
    await house.register()
    for event in (filed(house), asked, granted(house), refused):
        await house.world.feed("claims", event, stream)
    for back in (settled, returned):
        await house.world.feed("payments", back, f"payout-{house.payout}")
    assert await house.world.parked() == []
    told = [event.template_code for event in await house.queued()]
    assert told == [
        "relief-received",
        "relief-papers",
        "relief-approved",
        "relief-refused",
        "relief-paid",
        "relief-returned",
    ]


async def test_a_share_of_relief_is_told_as_a_share_and_an_heir_is_reached(house: House) -> None:
    contact = await house.seal(house.heir, "某某", house.heirs_mobile, CLAIMANT_FIELD)
    await house.register()
    payees = (house.payee(house.heir, contact=contact),)
    await house.world.feed("claims", filed(house, payees=payees), f"relief-{house.claim}")
    await house.work(f"received-{house.claim}-{house.heir}")
    [message] = await house.arrived()
    assert message["mobile"] == house.heirs_mobile
    await house.world.feed("claims", granted(house, 50, 50), f"relief-{house.claim}")
    codes = {event.recipient_id: event.template_code for event in await house.queued()}
    assert codes == {house.heir: "relief-approved-share", house.member: "relief-approved-share"}


def test_no_text_of_relief_names_a_reason() -> None:
    told = {code: one.text for (code, _), one in TEMPLATES.items() if code.startswith("relief-")}
    kinds = ("received", "papers", "papers-reminder", "closed-incomplete", "approved", "approved-share", "refused")
    assert set(told) == {f"relief-{kind}" for kind in (*kinds, "paid", "returned")}
    assert all(is_sendable(text) and "救助" not in text and "慰问" not in text for text in told.values())
