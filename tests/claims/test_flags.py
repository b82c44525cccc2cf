"""Signals of fraud raise flags and refuse nothing; a person clears or confirms each with a reason (domain 4.10)."""

from __future__ import annotations

from typing import Any

import pytest

from chassis.execute import Session
from chassis.testing import Spec
from claims.api.signals import flag
from claims.domain.flag import (
    FLAG,
    READING_EDITED,
    SIGNALS,
    ClearFlag,
    ConfirmFlag,
    RaiseFlag,
    flag_id_of,
    flag_ids,
    is_barring,
)
from claims.projections import flags
from contracts.claims.flags import ClaimFlagged, FlagCleared, FlagConfirmed
from contracts.claims.v1 import ClaimFiled
from tests.claims.house import House, filing, payee, small_picture
from tests.claims.material import sealed

UNIT = "6207251000001"
spec = Spec(FLAG)
WHY = sealed("p1", "health")
RAISED = ClaimFlagged(
    flag_id="c1-CARD_SHARED",
    claim_id="c1",
    signal="CARD_SHARED",
    person_id="p1",
    org_path="620000",
    filed_by="filer",
    related=("c0",),
    raised_on="2022-06-30",
)
CLEARED = FlagCleared(flag_id="c1-CARD_SHARED", note=WHY, by="head")
CONFIRMED = FlagConfirmed(flag_id="c1-CARD_SHARED", note=WHY, by="head")


def test_a_flag_is_raised_once_and_stays_as_it_was_judged() -> None:
    spec.when(RaiseFlag(RAISED)).then(RAISED)
    for history in ((RAISED,), (RAISED, CLEARED), (RAISED, CONFIRMED)):
        spec.given(*history).when(RaiseFlag(RAISED)).then_nothing()


def test_a_flag_is_cleared_or_confirmed_once_with_a_reason_by_other_hands() -> None:
    spec.given(RAISED).when(ClearFlag(WHY, "head")).then(CLEARED)
    spec.given(RAISED).when(ConfirmFlag(WHY, "head")).then(CONFIRMED)
    spec.given(RAISED, CLEARED).when(ClearFlag(WHY, "head")).then_nothing()
    spec.given(RAISED, CONFIRMED).when(ConfirmFlag(WHY, "head")).then_nothing()
    spec.given(RAISED, CLEARED).when(ConfirmFlag(WHY, "head")).then_rejected("flag-judged")
    spec.given(RAISED, CONFIRMED).when(ClearFlag(WHY, "head")).then_rejected("flag-judged")
    for command in (ClearFlag, ConfirmFlag):
        spec.when(command(WHY, "head")).then_rejected("flag-unknown")
        spec.given(RAISED).when(command(None, "head")).then_rejected("reason-missing")
        spec.given(RAISED).when(command(WHY, "filer")).then_rejected("filer-judges-flag")


def test_an_open_and_a_confirmed_flag_bar_an_automatic_payment() -> None:
    state = FLAG.initial
    assert not is_barring(state)
    state = FLAG.evolve(state, RAISED)
    assert is_barring(state)
    assert not is_barring(FLAG.evolve(state, CLEARED))
    assert is_barring(FLAG.evolve(state, CONFIRMED))


def account(card: str, name: str = "甲乙") -> dict[str, Any]:
    one = payee(name=name)
    one["account"]["card_no"] = card
    return one


def own(card: str, **others: Any) -> dict[str, Any]:
    """A filing whose papers nobody has seen before."""
    return {"payees": [account(card)], "documents": [], **others}


async def raised(house: House, claim_id: str) -> dict[str, list[str]]:
    listed = (await house.get(f"/flags?claim_id={claim_id}")).json()["flags"]
    return {one["signal"]: one["related"] for one in listed}


async def file(house: House, body: dict[str, Any], starts: str = "2022-01-01") -> str:
    person_id = await house.cover(UNIT, starts=starts)
    return await house.filed({**body, "person_id": person_id})


async def test_an_ordinary_claim_raises_nothing(house: House) -> None:
    claim_id = await file(house, filing(**own("1" * 16)))
    assert await raised(house, claim_id) == {}


async def test_one_card_in_two_peoples_claims_flags_both_and_refuses_neither(house: House) -> None:
    first = await file(house, filing(**own("1" * 16)))
    second = await file(house, filing(**own("1" * 16)))
    assert await raised(house, second) == {"CARD_SHARED": [first]}
    assert await raised(house, first) == {"CARD_SHARED": [second]}
    third = await file(house, filing(**own("1" * 16)))
    assert set((await raised(house, third))["CARD_SHARED"]) == {first, second}
    bodies = [one.body for one in await house.world.context.log.read(0, 1000)]
    assert not any(b"1" * 16 in body for body in bodies)


async def test_one_persons_card_in_two_claims_of_theirs_is_no_signal(house: House) -> None:
    person_id = await house.cover(UNIT)
    ids = []
    for admitted in ("2022-03-01", "2022-04-01"):
        incident = {"kind": "INPATIENT", "decisive_on": admitted, "discharged_on": admitted}
        ids.append(await house.filed(filing(person_id, **own("1" * 16, incident=incident))))
    assert [await raised(house, one) for one in ids] == [{}, {}]


async def test_a_paper_in_two_claims_is_a_signal(house: House) -> None:
    claims = []
    for card in ("1" * 16, "2" * 16):
        person_id = await house.cover(UNIT)
        handed = (await house.hand_in(small_picture("one stay"), "SETTLEMENT", person_id)).json()
        body = filing(person_id, **own(card) | {"documents": [{"kind": "SETTLEMENT", "sha256": handed["sha256"]}]})
        answer = await house.post("/claims", body, "filer", "unit_clerk", UNIT)
        claims.append(answer.json()["claim_id"])
    assert await raised(house, claims[0]) == {}
    assert await raised(house, claims[1]) == {"PAPER_REPEATED": [claims[0]]}


async def test_another_name_on_the_card_and_a_guardians_account_are_signals(house: House) -> None:
    other = payee(name="甲乙", account_name="丙丁")
    claim_id = await file(house, filing(payees=[other], documents=[]))
    assert set(await raised(house, claim_id)) == {"NAME_MISMATCH"}
    guardian = payee("GUARDIAN")
    guardian["account"]["card_no"] = "3" * 16
    kept = await file(house, filing(payees=[guardian], documents=[]))
    assert set(await raised(house, kept)) == {"GUARDIAN_PAID"}


async def test_the_first_claim_soon_after_activation_and_a_death_before_it_are_signals(house: House) -> None:
    body = filing(**own("1" * 16, incident={"kind": "ACCIDENT", "decisive_on": "2022-05-12"}))
    assert set(await raised(house, await file(house, body, starts="2022-05-01"))) == {"EARLY_CLAIM"}
    later = filing(**own("2" * 16, incident={"kind": "ACCIDENT", "decisive_on": "2022-05-16"}))
    assert await raised(house, await file(house, later, starts="2022-05-01")) == {}
    died = {"kind": "ACCIDENT", "decisive_on": "2022-05-12", "died_on": "2022-05-12"}
    heir = payee("SPOUSE")
    heir["account"]["card_no"] = "4" * 16
    dead = filing(payees=[heir], documents=[], incident=died)
    assert set(await raised(house, await file(house, dead, starts="2022-05-13"))) == {"DEATH_BEFORE_COVER"}


async def test_many_accidents_of_one_union_in_few_days_are_a_signal(house: House) -> None:
    ids = []
    for number in range(5):
        incident = {"kind": "ACCIDENT", "decisive_on": f"2022-05-1{number}"}
        ids.append(await file(house, filing(**own(f"{number}" * 16, incident=incident))))
    assert [set(await raised(house, one)) for one in ids[:4]] == [set()] * 4
    assert set((await raised(house, ids[4]))["UNIT_ACCIDENTS"]) == set(ids[:4])


async def test_the_office_and_the_auditor_see_the_list_and_others_judge(house: House) -> None:
    await file(house, filing(**own("1" * 16)))
    claim_id = await file(house, filing(**own("1" * 16)))
    flag_id = flag_id_of(claim_id, "CARD_SHARED")
    assert (await house.get("/flags", "county_clerk", "620725")).status_code == 403
    assert len((await house.get("/flags?state=OPEN", "office_reviewer")).json()["flags"]) == 2
    async with house.world.context.reads.connection() as c:
        assert claim_id in await flags.barred(c, [claim_id])
    path = f"/flags/{flag_id}"
    assert (await house.post(f"{path}/clear", {"reason": "同户"}, "r", "office_reviewer")).status_code == 403
    silent = await house.post(f"{path}/clear", {"reason": " "}, "h", "office_head")
    assert (silent.status_code, silent.json()["code"]) == (409, "reason-missing")
    unknown = await house.post("/flags/x-CARD_SHARED/clear", {"reason": "同户"}, "h", "office_head")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "flag-unknown")
    assert (await house.post(f"{path}/clear", {"reason": "同户"}, "h", "office_head")).json()["state"] == "CLEARED"
    other = await house.post(f"{path}/confirm", {"reason": "冒领"}, "s", "supervisor")
    assert (other.status_code, other.json()["code"]) == (409, "flag-judged")
    (judged,) = (await house.get("/flags?state=CLEARED")).json()["flags"]
    assert (judged["note"], judged["judged_by"]) == ("同户", "h")
    await house.world.settled()
    async with house.world.context.reads.connection() as c:
        assert await flags.barred(c, [claim_id]) == set()


async def test_a_reading_edited_by_hand_can_be_flagged_by_those_who_see_it(house: House) -> None:
    claim_id = await file(house, filing(**own("1" * 16)))
    filed = (await house.history(claim_id))[0]
    assert isinstance(filed, ClaimFiled)

    async def work(session: Session) -> bool:
        await flag(session, filed, READING_EDITED)
        states = await session.load_many(FLAG, flag_ids(claim_id))
        return any(is_barring(state) for state in states.values())

    assert (await house.world.context.executor.run(work)).value
    assert set(await raised(house, claim_id)) == {"READING_EDITED"}


@pytest.mark.parametrize("signal", SIGNALS)
def test_every_signal_has_a_flag_of_its_own(signal: str) -> None:
    assert flag_id_of("c1", signal) in flag_ids("c1")
