"""An erased person's card and pictures are no longer known; another's stay."""

from __future__ import annotations

from claims.workers.forgetting import forget_erased
from contracts.enrolment.people import ErasureBegun
from tests.claims.house import House, filing, payee, small_picture
from tests.claims.relief_house import UNIT, asked_for, asking

COUNT = "select count(*) from reservation where scope = any($1)"
SCOPES = ["claim-card", "paper-image", "paper"]


async def test_the_indexes_of_an_erased_person_are_let_go(house: House) -> None:
    pool = house.world.context.log.pool
    people = [await house.cover(), await house.cover()]
    before = await pool.fetchval(COUNT, SCOPES)
    for place, person_id in enumerate(people):
        account = {"account_name": "甲乙", "card_no": f"62{place}{int(person_id.replace('-', ''), 16) % 10**13:013d}"}
        asked = filing(person_id, "OFFICE_COUNTER", payees=[{**payee(), "account": account}])
        await house.filed(asked, "counter", "office_reviewer")
        answer = await house.hand_in(small_picture(person_id), person_id=person_id)
        assert answer.status_code == 201, answer.text
    one_person = (await pool.fetchval(COUNT, SCOPES) - before) // 2
    assert one_person > 1
    await house.world.settled()
    await forget_erased(house.world.context)
    assert await pool.fetchval(COUNT, SCOPES) == before + 2 * one_person
    begun = ErasureBegun(person_id=people[0], begun_on="2022-06-30", by="u")
    await house.world.feed("enrolment", begun, f"person-{people[0]}")
    await house.world.settled()
    await forget_erased(house.world.context)
    await forget_erased(house.world.context)
    assert await pool.fetchval(COUNT, SCOPES) == before + one_person
    again = await house.hand_in(small_picture(people[1]), person_id=people[1])
    assert again.json()["repeated"] is True


async def test_a_child_stays_known_as_long_as_somebody_asked_for_it_who_is_not_erased(house: House) -> None:
    pool = house.world.context.log.pool
    mother, father = await house.cover(UNIT), await house.cover(UNIT)
    study = {"kind": "RELIEF_STUDY", "reason": "ADMISSION", "child_id_no": "62072520040101001X"}
    both = await asked_for(house, asking(mother, **study))
    await house.post(f"/relief/cases/{both}/withdraw", None, "filer", "unit_clerk", UNIT)
    await asked_for(house, asking(father, **study))
    for person_id, left in ((mother, 1), (father, 0)):
        begun = ErasureBegun(person_id=person_id, begun_on="2022-06-30", by="u")
        await house.world.feed("enrolment", begun, f"person-{person_id}")
        await house.world.settled()
        await forget_erased(house.world.context)
        assert await pool.fetchval(COUNT, ["relief-child"]) == left
