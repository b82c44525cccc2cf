"""Tickets of the hotline: opened, assigned, answered, closed; the member sees the own ones (domain 10, service)."""

from __future__ import annotations

from typing import Any

import pytest

from chassis.testing import Spec
from claims.domain.ticket import TICKET, AnswerTicket, AssignTicket, CloseTicket, OpenTicket
from contracts.claims.tickets import TicketAnswered, TicketAssigned, TicketClosed, TicketOpened
from tests.claims.house import House
from tests.claims.material import sealed

UNIT = "6207251000001"
COUNTY_PATH = "620000.620700.620725"
KNOWN = frozenset({"CLAIM", "OTHER"})
WORDS = sealed("p1", "health")
spec = Spec(TICKET)


def opened(**others: Any) -> TicketOpened:
    told: dict[str, Any] = {
        "ticket_id": "t1",
        "category": "CLAIM",
        "person_id": "p1",
        "org_path": "620000",
        "text": WORDS,
        "opened_on": "2022-06-30",
        "due_on": "2022-07-07",
        "by": "hotline",
    }
    return TicketOpened(**{**told, **others})


OPENED = opened()
NAMELESS = opened(person_id="", text=None)
ASSIGNED = TicketAssigned(ticket_id="t1", org_path=COUNTY_PATH, by="hotline")
ANSWERED = TicketAnswered(ticket_id="t1", answer=WORDS, answered_on="2022-07-01", by="clerk", person_id="p1")
CLOSED = TicketClosed(ticket_id="t1", satisfaction=4, closed_on="2022-07-02", by="hotline")
ANSWER = AnswerTicket(WORDS, "2022-07-01", "clerk")
ASSIGN = AssignTicket(COUNTY_PATH, "hotline")
CLOSE = CloseTicket(4, "2022-07-02", "hotline")


def test_a_ticket_is_opened_once_in_a_known_category() -> None:
    spec.when(OpenTicket(OPENED, KNOWN)).then(OPENED)
    spec.given(OPENED).when(OpenTicket(OPENED, KNOWN)).then_nothing()
    spec.when(OpenTicket(opened(category="WEATHER"), KNOWN)).then_rejected("category-not-listed")


def test_words_are_kept_of_a_named_person_only() -> None:
    spec.when(OpenTicket(NAMELESS, KNOWN, unkept=True)).then_rejected("text-without-person")
    wordless = AnswerTicket(None, "2022-07-01", "clerk")
    spec.given(NAMELESS).when(AnswerTicket(None, "2022-07-01", "clerk", unkept=True)).then_rejected(
        "text-without-person"
    )
    spec.given(NAMELESS).when(wordless).then(
        TicketAnswered(ticket_id="t1", answer=None, answered_on="2022-07-01", by="clerk")
    )
    spec.given(OPENED).when(wordless).then_rejected("answer-missing")


def test_a_ticket_is_assigned_until_it_is_answered() -> None:
    spec.given(OPENED).when(ASSIGN).then(ASSIGNED)
    spec.given(OPENED, ASSIGNED).when(ASSIGN).then_nothing()
    spec.given(OPENED, ANSWERED).when(ASSIGN).then_rejected("ticket-answered")
    spec.when(ASSIGN).then_rejected("ticket-unknown")


def test_a_ticket_is_answered_once() -> None:
    spec.given(OPENED, ASSIGNED).when(ANSWER).then(ANSWERED)
    spec.given(OPENED, ANSWERED).when(ANSWER).then_nothing()
    other = AnswerTicket(WORDS, "2022-07-01", "other")
    spec.given(OPENED, ANSWERED).when(other).then_rejected("ticket-answered")
    spec.given(OPENED, ANSWERED, CLOSED).when(ANSWER).then_rejected("ticket-answered")
    spec.when(ANSWER).then_rejected("ticket-unknown")


def test_an_answered_ticket_is_closed_once_with_or_without_a_rating() -> None:
    spec.given(OPENED, ANSWERED).when(CLOSE).then(CLOSED)
    spec.given(OPENED, ANSWERED).when(CloseTicket(0, "2022-07-02", "hotline")).then(
        TicketClosed(ticket_id="t1", satisfaction=0, closed_on="2022-07-02", by="hotline")
    )
    spec.given(OPENED, ANSWERED, CLOSED).when(CLOSE).then_nothing()
    spec.given(OPENED, ANSWERED, CLOSED).when(CloseTicket(1, "", "hotline")).then_rejected("ticket-closed")
    spec.given(OPENED).when(CLOSE).then_rejected("ticket-unanswered")
    spec.given(OPENED, ANSWERED).when(CloseTicket(6, "", "hotline")).then_rejected("satisfaction-unclear")
    spec.when(CLOSE).then_rejected("ticket-unknown")


async def open_one(house: House, person_id: str, **others: Any) -> str:
    body = {"category": "CLAIM", "person_id": person_id, "text": "何时到账", **others}
    answer = await house.post("/tickets", body, "hotline", "hotline_agent")
    assert answer.status_code == 201, answer.text
    ticket_id: str = answer.json()["ticket_id"]
    return ticket_id


async def asked_and_answered(house: House) -> str:
    """A member's ticket, answered by the county and closed with a rating."""
    ticket_id = await open_one(house, await house.cover(UNIT))
    steps: list[tuple[str, dict[str, Any], str, str]] = [
        ("assign", {"org": "620725"}, "hotline_agent", "620000"),
        ("answer", {"text": "三日内"}, "county_clerk", "620725"),
        ("close", {"satisfaction": 5}, "hotline_agent", "620000"),
    ]
    for step, body, role, org in steps:
        told = await house.post(f"/tickets/{ticket_id}/{step}", body, f"{role}-1", role, org)
        assert told.status_code == 200, told.text
    return ticket_id


async def test_a_ticket_goes_from_the_call_to_the_answer_and_its_member_reads_it(house: House) -> None:
    ticket_id = await asked_and_answered(house)
    (row,) = (await house.get("/tickets?state=CLOSED")).json()["tickets"]
    assert (row["ticket_id"], row["org_path"], row["satisfaction"]) == (ticket_id, COUNTY_PATH, 5)
    own = (await house.get("/tickets/mine", "member", UNIT, row["person_id"])).json()["tickets"]
    assert [(one["text"], one["answer"]) for one in own] == [("何时到账", "三日内")]
    assert (await house.get("/tickets/mine", "member", UNIT, "another")).json()["tickets"] == []
    bodies = [one.body for one in await house.world.context.log.read(0, 1000)]
    assert not any("到账".encode() in body or "三日".encode() in body for body in bodies)


async def test_what_was_not_answered_in_its_working_days_is_listed(house: House) -> None:
    late = await open_one(house, await house.cover(UNIT))
    house.at("2022-07-07")
    assert (await house.get("/tickets?overdue=true")).json()["tickets"] == []
    await open_one(house, "", text="", category="ADVICE")
    house.at("2022-07-08")
    (row,) = (await house.get("/tickets?overdue=true")).json()["tickets"]
    assert (row["ticket_id"], row["due_on"]) == (late, "2022-07-07")
    counts = (await house.get("/tickets/figures")).json()["figures"]
    assert [(one["category"], one["opened"], one["answered"], one["overdue"]) for one in counts] == [
        ("ADVICE", 1, 0, 0),
        ("CLAIM", 1, 0, 1),
    ]


@pytest.mark.parametrize("role", ["member", "unit_clerk", "county_clerk", "office_head", "auditor", "finance"])
async def test_only_the_hotline_opens_and_closes(house: House, role: str) -> None:
    ticket_id = await open_one(house, await house.cover(UNIT))
    assert (await house.post("/tickets", {"category": "CLAIM"}, "x", role)).status_code == 403
    assert (await house.post(f"/tickets/{ticket_id}/close", {}, "x", role)).status_code == 403


async def test_who_is_not_concerned_sees_and_answers_nothing(house: House) -> None:
    person_id = await house.cover(UNIT)
    ticket_id = await open_one(house, person_id)
    path = f"/tickets/{ticket_id}"
    away = await house.post(f"{path}/answer", {"text": "是"}, "c", "county_clerk", "620602")
    assert (away.status_code, away.json()["code"]) == (404, "ticket-unknown")
    assert (await house.get(path, "county_clerk", "620602")).status_code == 404
    assert (await house.get("/tickets", "county_clerk", "620602")).json()["tickets"] == []
    for role in ("member", "auditor", "finance"):
        assert (await house.get(path, role)).status_code == 403
        assert (await house.post(f"{path}/answer", {"text": "是"}, "x", role)).status_code == 403
        assert (await house.post(f"{path}/assign", {"org": "620725"}, "x", role)).status_code == 403
    for role in ("member", "finance"):
        assert (await house.get("/tickets", role)).status_code == 403
        assert (await house.get("/tickets/figures", role)).status_code == 403
    assert (await house.get("/tickets/mine", "hotline_agent")).status_code == 403
    beyond = await house.post(f"{path}/assign", {"org": "620602"}, "c", "county_clerk", "620725")
    assert (beyond.status_code, beyond.json()["code"]) == (404, "org-unknown")
    assert (await house.get(path, "unit_clerk", UNIT)).json()["text"] == "何时到账"


async def test_a_person_who_is_not_covered_here_and_words_of_nobody_are_refused(house: House) -> None:
    asked = [
        ({"category": "CLAIM", "person_id": "nobody"}, 404, "person-unknown"),
        ({"category": "CLAIM", "text": "谁"}, 409, "text-without-person"),
        ({"category": "WEATHER"}, 409, "category-not-listed"),
    ]
    for body, status, code in asked:
        answer = await house.post("/tickets", body, "h", "hotline_agent")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
