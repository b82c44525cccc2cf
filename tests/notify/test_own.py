"""A member's own messages, and WeChat bound by a code that stands nowhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from contracts.enrolment.people import ErasureBegun
from contracts.notify.reaching import WechatBound
from contracts.notify.v1 import MessageQueued
from notify.workers import forgetting
from tests.notify.house import House

ADDRESS = "o-an-account-{}"


def member(house: House) -> httpx.AsyncClient:
    return house.world.client("member", sub=house.member)


async def sent_code(house: House) -> tuple[str, str]:
    """Ask for a code, and read it on the phone."""
    async with member(house) as client:
        answer = await client.post("/bindings/codes")
    assert answer.status_code == 202, answer.text
    code_id = answer.json()["code_id"]
    await house.work(f"code-{code_id}-{house.member}")
    text = (await house.arrived())[-1]["text"]
    assert text.startswith("【甘肃互助保障】您的验证码为")
    return code_id, text.partition("验证码为")[2][:6]


async def bind(house: House, code_id: str, code: str, openid: str = "", **others: str) -> httpx.Response:
    async with member(house) as client:
        body = {"openid": openid or ADDRESS.format(house.mobile), "code_id": code_id, "code": code}
        answer = await client.post("/bindings", json={**body, **others})
    await house.world.settled()
    return answer


async def standing(house: House) -> dict[str, Any]:
    async with member(house) as client:
        return (await client.get("/bindings/mine")).json()


async def test_a_member_binds_the_account_by_the_code_and_lets_it_go(house: House) -> None:
    await house.register()
    answer = await bind(house, *await sent_code(house))
    assert (answer.status_code, answer.json()["bound"]) == (200, True)
    assert (await standing(house))["bound"]
    await house.work(await house.report())
    assert len(await house.notices(ADDRESS.format(house.mobile))) == 1
    async with member(house) as client:
        for _ in range(2):
            assert (await client.delete("/bindings/mine")).json()["bound"] is False
    await house.world.settled()
    assert not (await standing(house))["bound"]


async def test_a_binding_says_which_sticker_led_to_it(house: House) -> None:
    await house.register()
    refused = await bind(house, *await sent_code(house), scene_code="../7")
    assert refused.status_code == 400
    answer = await bind(house, *await sent_code(house), scene_code="7K3M9Q2XWD")
    assert answer.status_code == 200, answer.text
    (bound,) = await house.context.log.load(f"binding-{house.member}")
    assert isinstance(bound.event, WechatBound)
    assert bound.event.scene_code == "7K3M9Q2XWD"


async def test_the_code_stands_in_no_event_and_in_no_answer(house: House) -> None:
    await house.register()
    code_id, code = await sent_code(house)
    async with house.world.client("auditor") as client:
        await house.world.settled()
        proof = (await client.get("/proof", params={"person_id": house.member})).text
    async with member(house) as client:
        own = (await client.get("/mine")).json()
    assert own["messages"] == [], "A code is on the phone alone."
    history = await house.context.log.load(f"message-code-{code_id}-{house.member}")
    history += await house.context.log.load(f"code-{code_id}")
    assert len(history) >= 4
    for text in (proof, *(str(recorded.event) for recorded in history)):
        assert code not in text.replace(code_id, "")


async def test_a_code_goes_out_at_night(house: House) -> None:
    await house.register()
    house.world.clock.advance(timedelta(hours=12))
    await sent_code(house)


async def test_a_code_that_was_not_sent_in_its_minutes_is_not_sent(house: House) -> None:
    await house.register()
    async with member(house) as client:
        code_id = (await client.post("/bindings/codes")).json()["code_id"]
    house.world.clock.advance(timedelta(minutes=5))
    message_id = f"code-{code_id}-{house.member}"
    await house.work(message_id)
    assert (await house.history(message_id))[-1].code == "code-expired"
    assert await house.arrived() == []


async def test_a_code_that_a_number_may_not_have_today_fails_at_once(house: House) -> None:
    await house.register()
    await house.behave(limit_suffix=house.mobile[-8:])
    async with member(house) as client:
        code_id = (await client.post("/bindings/codes")).json()["code_id"]
    message_id = f"code-{code_id}-{house.member}"
    await house.work(message_id)
    assert (await house.history(message_id))[-1].code == "number-limit"


async def test_a_wrong_code_is_counted_and_the_right_one_is_then_not_taken(house: House) -> None:
    await house.register()
    code_id, code = await sent_code(house)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(house.context.settings.code_misses_max):
        answer = await bind(house, code_id, wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "code-wrong")
    assert (await bind(house, code_id, code)).json()["code"] == "code-locked"
    assert not (await standing(house))["bound"]


async def test_a_code_is_not_taken_late_twice_or_from_another(house: House) -> None:
    await house.register()
    code_id, code = await sent_code(house)
    stranger = house.for_new_people()
    assert (await bind(stranger, code_id, code)).json()["code"] == "code-unknown"
    house.world.clock.advance(timedelta(minutes=5))
    assert (await bind(house, code_id, code)).json()["code"] == "code-expired"
    house.world.clock.advance(timedelta(minutes=-5))
    assert (await bind(house, code_id, code)).status_code == 200
    assert (await bind(house, code_id, code)).json()["code"] == "code-used"


async def test_an_account_belongs_to_one_person_until_it_is_let_go(house: House) -> None:
    await house.register()
    other = house.for_new_people()
    await other.register()
    openid = ADDRESS.format(house.mobile)
    assert (await bind(house, *await sent_code(house), openid)).status_code == 200
    code_id, code = await sent_code(other)
    refused = await bind(other, code_id, code, openid)
    assert (refused.status_code, refused.json()["code"]) == (409, "openid-bound")
    begun = ErasureBegun(person_id=house.member, begun_on="2022-02-20", by="u")
    await house.world.feed("enrolment", begun, f"person-{house.member}")
    await house.world.settled()
    await forgetting.forget_unbound(house.context)
    assert (await bind(other, code_id, code, openid)).status_code == 200


async def test_an_unbinding_told_again_later_does_not_let_go_of_an_account_that_was_bound_again(house: House) -> None:
    await house.register()
    other = house.for_new_people()
    await other.register()
    openid = ADDRESS.format(house.mobile)
    again = {"Idempotency-Key": "unbind"}
    assert (await bind(house, *await sent_code(house), openid)).status_code == 200
    async with member(house) as client:
        assert (await client.delete("/bindings/mine", headers=again)).status_code == 200
        assert (await bind(house, *await sent_code(house), openid)).status_code == 200
        assert (await client.delete("/bindings/mine", headers=again)).status_code == 200
    refused = await bind(other, *await sent_code(other), openid)
    assert (refused.status_code, refused.json()["code"]) == (409, "openid-bound")


async def test_an_account_that_was_replaced_may_be_another_persons(house: House) -> None:
    await house.register()
    other = house.for_new_people()
    await other.register()
    openid = ADDRESS.format(house.mobile)
    assert (await bind(house, *await sent_code(house), openid)).status_code == 200
    assert (await bind(house, *await sent_code(house), f"{openid}-2")).status_code == 200
    assert (await bind(other, *await sent_code(other), openid)).status_code == 200
    refused = await bind(other, *await sent_code(other), f"{openid}-2")
    assert refused.json()["code"] == "openid-bound"


async def test_a_member_asks_for_few_codes_in_an_hour(house: House) -> None:
    async with member(house) as client:
        answers = [await client.post("/bindings/codes") for _ in range(house.context.settings.codes_per_hour + 1)]
    assert [answer.status_code for answer in answers[:-1]] == [202] * house.context.settings.codes_per_hour
    assert answers[-1].status_code == 429


@pytest.mark.parametrize("role", ["unit_clerk", "office_head", "auditor"])
async def test_only_a_member_binds_and_reads_own_messages(house: House, role: str) -> None:
    async with house.world.client(role) as client:
        assert (await client.post("/bindings/codes")).status_code == 403
        assert (await client.get("/bindings/mine")).status_code == 403
        assert (await client.delete("/bindings/mine")).status_code == 403
        assert (await client.get("/mine")).status_code == 403
        assert (await client.post("/mine/x/seen")).status_code == 403


async def test_a_member_reads_own_messages_newest_first_and_opens_them_once(house: House) -> None:
    await house.register()
    await house.settle()
    await house.file()
    await house.world.settled()
    async with member(house) as client:
        page = (await client.get("/mine")).json()
        assert [one["text"][:9] for one in page["messages"]] == ["某某某您好,您的互", "某某某您好,互助金"]
        assert page["unseen"] == 2
        first = (await client.get("/mine", params={"limit": 1})).json()
        rest = (await client.get("/mine", params={"limit": 1, "before": first["next_before"]})).json()
        assert [*first["messages"], *rest["messages"]] == page["messages"]
        for _ in range(2):
            assert (await client.post(f"/mine/{house.paid}/seen")).status_code == 200
        await house.world.settled()
        assert (await client.get("/mine")).json()["unseen"] == 1
    async with member(house.for_new_people()) as client:
        assert (await client.get("/mine")).json()["messages"] == []
        assert (await client.post(f"/mine/{house.paid}/seen")).status_code == 404
    events = [type(event).__name__ for event in await house.history(house.paid)]
    assert events.count("MessageSeen") == 1


async def test_an_erased_members_name_is_not_greeted(house: House) -> None:
    await house.register()
    await house.settle()
    await house.world.settled()
    await house.context.keyring.destroy(house.member, ["contact"])
    async with member(house) as client:
        [message] = (await client.get("/mine")).json()["messages"]
    assert message["text"].startswith("会员您好")
    [queued] = [event for event in await house.history(house.paid) if isinstance(event, MessageQueued)]
    assert "某某某" not in str(queued)
