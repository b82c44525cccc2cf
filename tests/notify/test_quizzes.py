"""Who won in a quiz is told once, whatever else the draw says."""

from __future__ import annotations

from contracts.health_checkup.quizzes import QuizDrawn
from tests.notify.house import House


def drawn(house: House, *people: str) -> QuizDrawn:
    return QuizDrawn(
        quiz_id=f"quiz-{house.claim}",
        seed="01" * 32,
        winners=("aa", "bb", "cc"),
        drawn_on="2022-03-01",
        by="drawer",
        person_ids=people,
    )


async def test_each_member_who_won_is_told_once(house: House) -> None:
    await house.register()
    event = drawn(house, house.member, house.heir, house.member)
    for _ in range(2):
        await house.world.feed("health_checkup", event, event.quiz_id)
    queued = await house.queued()
    assert sorted(one.recipient_id for one in queued) == sorted([house.member, house.heir])
    assert {(one.template_code, len(one.variables)) for one in queued} == {("quiz-won", 0)}


async def test_of_a_draw_that_names_nobody_nobody_is_told(house: House) -> None:
    before = len(await house.world.events())
    event = drawn(house)
    await house.world.feed("health_checkup", event, event.quiz_id)
    assert len(await house.world.events()) == before
