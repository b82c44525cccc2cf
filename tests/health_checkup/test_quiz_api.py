"""A quiz over HTTP: opened, entered, closed, drawn, and drawn again by anyone; and who may do what."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec

from chassis.clock import SHANGHAI, new_id
from contracts.health_checkup.quizzes import QuizClosed, QuizDrawn, QuizEntered, QuizOpened
from health_checkup.domain import draw
from health_checkup.domain.quiz_entry import QUIZ_ENTRY, EnterQuiz, entries_key
from tests.health_checkup.truck import CITY, Truck

STAFF = "county_clerk"
QUESTIONS = [
    {"text": "开车多久要停下休息?", "choices": ["四小时以内", "十小时"], "right": 0},
    {"text": "血压计要测几次?", "choices": ["一次", "两到三次", "不用"], "right": 1},
]
RIGHT, WRONG = {"answers": [0, 1]}, {"answers": [1, 1]}


def at(truck: Truck, local: str) -> None:
    truck.world.clock.set(datetime.fromisoformat(local).replace(tzinfo=SHANGHAI))


def asked(truck: Truck, **changes: Any) -> dict[str, Any]:
    body = {
        "title": "健康知识答题", "division_code": truck.county, "questions": QUESTIONS,
        "first_day": "2022-03-01", "last_day": "2022-03-02", "prizes": 2,
    }  # fmt: skip
    return {**body, **changes}


async def opened(truck: Truck, **changes: Any) -> str:
    answer = await truck.post("/quizzes", asked(truck, **changes), STAFF, sub="opener")
    assert answer.status_code == 201, answer.text
    return f"/quizzes/{answer.json()['quiz_id']}"


async def public(truck: Truck, path: str, **query: str) -> Any:
    async with truck.world.client("stranger") as client:
        del client.headers["Authorization"]
        answer = await client.get(f"/public{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_quiz_is_drawn_in_a_way_that_anyone_can_make_again(truck: Truck) -> None:
    quiz = await opened(truck, pass_mark=2)
    people = [await truck.cover() for _ in range(5)]
    for person in people[:4]:
        assert (await truck.post(f"{quiz}/entries", RIGHT, "member", sub=person)).status_code == 201
    assert (await truck.post(f"{quiz}/entries", WRONG, "member", sub=people[4])).status_code == 201
    assert (await truck.post(f"{quiz}/entries", WRONG, "member", sub=people[4])).status_code == 201
    again = await truck.post(f"{quiz}/entries", RIGHT, "member", sub=people[4])
    assert (again.status_code, again.json()["code"]) == (409, "already-entered")
    promised = (await public(truck, f"{quiz}/draw"))["seed_sha256"]
    assert (await public(truck, f"{quiz}/drawn-from"))["entries"] == []
    [before] = (await truck.get(f"{quiz}/entries", "member", sub=people[0])).json()["entries"]
    assert (before["right"], before["won"]) == (-1, False)

    assert (await truck.post(f"{quiz}/closure", None, STAFF, sub="closer")).json()["code"] == "quiz-open"
    at(truck, "2022-03-02T23:00")
    assert (await truck.post(f"{quiz}/entries", RIGHT, "member", sub=people[4])).status_code == 201
    at(truck, "2022-03-03T00:05")
    assert (await truck.post(f"{quiz}/entries", RIGHT, "member", sub=people[0])).json()["code"] == "quiz-not-open"
    early = await truck.post(f"{quiz}/closure", None, STAFF, sub="closer")
    assert early.json()["code"] == "quiz-open", "entries of before midnight may be on their way"
    at(truck, "2022-03-03T09:00")
    for _ in range(2):
        assert (await truck.post(f"{quiz}/closure", None, STAFF, sub="closer")).status_code == 200
    assert (await truck.post(f"{quiz}/draw", None, STAFF, sub="closer")).json()["code"] == "same-person"
    for _ in range(2):
        assert (await truck.post(f"{quiz}/draw", None, STAFF, sub="drawer")).status_code == 200

    told = await public(truck, f"{quiz}/draw")
    ids, after = [], ""
    while True:
        page = await public(truck, f"{quiz}/drawn-from", after=after, limit="2")
        ids += page["entries"]
        after = page["next_after"]
        if not after:
            break
    assert (told["entries"], told["drawn_from"], len(ids)) == (6, 5, 5)
    assert sha256(bytes.fromhex(told["seed"])).hexdigest() == promised == told["seed_sha256"]
    assert draw.entries_hash(ids) == told["entries_sha256"]
    assert told["winners"] == draw.winners(told["seed"], ids, told["prizes"])

    shown = (await truck.get(f"{quiz}/winners", STAFF)).json()["winners"]
    assert {one["entry_id"] for one in shown} == set(told["winners"])
    assert all(one["entry_id"] == draw.entry_id(quiz[9:], one["person_id"], one["day"]) for one in shown)
    mine = (await truck.get(f"{quiz}/entries", "member", sub=people[4])).json()["entries"]
    assert [one["right"] for one in mine] == [1, 2]
    view = (await truck.get(quiz, "member", sub=people[0])).json()
    assert view["answers"] == [0, 1]
    hashes = [draw.answer_hash(view["salt"], number, choice) for number, choice in enumerate(view["answers"])]
    assert hashes == [one["answer_sha256"] for one in view["questions"]]
    figures = (await truck.get(f"{quiz}/figures", STAFF)).json()
    assert (figures["entries"], figures["people"]) == (6, 5)


async def test_everyone_takes_part_without_a_pass_mark_and_wins_one_prize_in_a_way_that_anyone_can_check(
    truck: Truck,
) -> None:
    quiz = await opened(truck, prizes=3)
    people = [await truck.cover() for _ in range(3)]
    for day in ("2022-03-01T09:00", "2022-03-02T09:00"):
        at(truck, day)
        for person, answers in zip(people, (RIGHT, WRONG, {"answers": [1, 0]}), strict=True):
            assert (await truck.post(f"{quiz}/entries", answers, "member", sub=person)).status_code == 201
    at(truck, "2022-03-03T09:00")
    await truck.post(f"{quiz}/closure", None, STAFF, sub="closer")
    assert (await public(truck, f"{quiz}/draw"))["heads"] == []
    await truck.post(f"{quiz}/draw", None, STAFF, sub="drawer")
    told, listed = await public(truck, f"{quiz}/draw"), (await public(truck, f"{quiz}/drawn-from"))["entries"]
    assert (told["pass_mark"], told["drawn_from"], len(listed), len(told["winners"])) == (0, 6, 6, 3)
    heads = draw.heads_by_entry(told["heads"], [told["first_day"], told["last_day"]])
    assert draw.winners(told["seed"], listed, told["prizes"], heads) == told["winners"]
    assert [heads[entry] for entry in told["winners"]] == told["heads"]
    shown = (await truck.get(f"{quiz}/winners", STAFF)).json()["winners"]
    assert {one["person_id"] for one in shown} == set(people)
    assert not any(person in str((told, listed)) for person in people)


async def test_entries_below_the_pass_mark_are_not_drawn_from(truck: Truck) -> None:
    quiz = await opened(truck, pass_mark=1, last_day="2022-03-01")
    ids = []
    for answers in ([0, 1], [1, 1], [0, 2], [1, 2]):
        answer = await truck.post(f"{quiz}/entries", {"answers": answers}, "member", sub=await truck.cover())
        ids.append(answer.json()["entry_id"])
    at(truck, "2022-03-02T09:00")
    await truck.post(f"{quiz}/closure", None, STAFF, sub="closer")
    assert (await public(truck, f"{quiz}/drawn-from"))["entries"] == sorted(ids[:3])
    above = await truck.post("/quizzes", asked(truck, pass_mark=3), STAFF)
    assert above.json()["code"] == "pass-mark-invalid"
    assert (await truck.get(quiz, "member")).json()["pass_mark"] == 1


async def test_the_log_tells_neither_answers_nor_seed_before_their_time(truck: Truck) -> None:
    quiz = await opened(truck, last_day="2022-03-01")
    person = await truck.cover()
    await truck.post(f"{quiz}/entries", RIGHT, "member", sub=person)
    at(truck, "2022-03-02T09:00")
    await truck.post(f"{quiz}/closure", None, STAFF, sub="closer")
    await truck.post(f"{quiz}/draw", None, STAFF, sub="drawer")
    kinds = (QuizOpened, QuizEntered, QuizClosed, QuizDrawn)
    log = [e for e in await truck.world.events() if isinstance(e, kinds) and e.quiz_id == quiz[9:]]
    opening, entered, closed, drawn = log
    assert isinstance(closed, QuizClosed)
    assert isinstance(drawn, QuizDrawn)
    before = msgspec.json.encode([opening, entered])
    assert closed.salt.encode() not in before
    assert b"right" not in before
    assert drawn.seed.encode() not in msgspec.json.encode([opening, entered, closed])
    assert drawn.seed != closed.salt


async def test_an_entry_that_lands_after_the_closing_neither_counts_nor_stops_the_draw(truck: Truck) -> None:
    quiz = await opened(truck, last_day="2022-03-01")
    await truck.post(f"{quiz}/entries", RIGHT, "member", sub=await truck.cover())
    at(truck, "2022-03-02T09:00")
    await truck.post(f"{quiz}/closure", None, STAFF, sub="closer")
    late = EnterQuiz(
        quiz_id=quiz[9:], person_id=new_id(), day="2022-03-01", answers=(0, 1), choices=(2, 3), is_open=True,
        covered=True,
    )  # fmt: skip
    await truck.world.context.executor.execute(QUIZ_ENTRY, entries_key(late.quiz_id, late.person_id), late)
    await truck.world.settled()
    assert (await truck.post(f"{quiz}/draw", None, STAFF, sub="drawer")).status_code == 200
    told = await public(truck, f"{quiz}/draw")
    assert told["winners"] == (await public(truck, f"{quiz}/drawn-from"))["entries"]
    assert len(told["winners"]) == 1


async def test_who_may_and_who_may_not(truck: Truck) -> None:
    assert (await truck.post("/quizzes", asked(truck), "member")).status_code == 403
    assert (await truck.post("/quizzes", asked(truck, division_code="620702"), STAFF)).status_code == 403
    outside = [{**QUESTIONS[0], "right": 2}]
    assert (await truck.post("/quizzes", asked(truck, questions=outside), STAFF)).json()["code"] == "answer-invalid"
    quiz = await opened(truck, last_day="2022-03-01")
    assert (await truck.post(f"{quiz}/entries", RIGHT, STAFF)).status_code == 403
    assert (await truck.post(f"{quiz}/entries", RIGHT, "member", sub=new_id())).json()["code"] == "not-covered"
    elsewhere = await truck.cover(county="620702")
    assert (await truck.post(f"{quiz}/entries", RIGHT, "member", sub=elsewhere)).json()["code"] == "not-covered"
    for path in ("closure", "draw"):
        assert (await truck.post(f"{quiz}/{path}", None, "member")).status_code == 403
        assert (await truck.post(f"{quiz}/{path}", None, STAFF, "620702")).status_code == 404
    assert (await truck.get(f"{quiz}/winners", "member")).status_code == 403
    assert (await truck.get(f"{quiz}/winners", STAFF, "620702")).status_code == 404
    assert (await truck.get(f"{quiz}/figures", "city_clerk", "620700")).status_code == 404
    assert (await truck.get(f"{quiz}/figures", "city_clerk", CITY)).status_code == 200
    assert (await truck.get(f"{quiz}/entries", STAFF)).status_code == 403
    assert (await truck.get(quiz, STAFF, "620702")).status_code == 404
    assert (await truck.get(quiz, "stranger")).status_code == 403
    assert (await truck.post("/quizzes/nothing/entries", RIGHT, "member")).status_code == 404


async def listed(truck: Truck, role: str, org: str = "", sub: str = "") -> list[str]:
    """Every title of the list, a page of one after another."""
    titles, after = [], ""
    while True:
        page = (await truck.get("/quizzes", role, org, sub, after=after, limit="1")).json()
        titles += [one["title"] for one in page["quizzes"]]
        after = page["next_after"]
        if not after:
            return titles


async def test_members_see_the_open_quizzes_of_their_organizations_and_staff_all_of_theirs(truck: Truck) -> None:
    at(truck, "2022-03-01T09:00")
    county, other = truck.county, "620702"
    await opened(truck, title="本县", last_day="2022-03-01")
    await opened(truck, title="明天", first_day="2022-03-02", last_day="2022-03-03")
    for title, division in (("全市", CITY), ("全省", "620000"), ("别处", other)):
        body = asked(truck, title=title, division_code=division, last_day="2022-03-03")
        assert (await truck.post("/quizzes", body, "office_head", "620000")).status_code == 201
    person, elsewhere = await truck.cover(), await truck.cover(county=other)
    assert sorted(await listed(truck, "member", sub=person)) == sorted(["本县", "全市", "全省"])
    assert sorted(await listed(truck, "member", sub=elsewhere)) == sorted(["别处", "全省"])
    assert await listed(truck, "member", sub=new_id()) == []
    at(truck, "2022-03-02T09:00")
    assert sorted(await listed(truck, "member", sub=person)) == sorted(["明天", "全市", "全省"])
    assert sorted(await listed(truck, STAFF, county)) == sorted(["本县", "明天"])
    assert await listed(truck, STAFF, other) == ["别处"]
    assert (await truck.get("/quizzes", "stranger")).status_code == 403
