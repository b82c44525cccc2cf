"""Enrolment over HTTP: who may do what, what is refused and how it is said, and nothing personal in any answer."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from contracts.enrolment.v1 import PersonRegistered
from tests.enrolment.conftest import Running, World, asks
from tests.enrolment.material import PLAN_CODE, worker
from tests.enrolment.test_import import csv_of, history, of_kind

GIFT = {"plan": PLAN_CODE, "donor": "甘肃省总工会", "seats": 5, "amount_fen": 60_000}


async def call(running: Running, method: str, path: str, who: dict[str, str], **more: Any) -> httpx.Response:
    async with running.client() as client:
        return await client.request(method, path, headers=who, **more)


def code_of(answer: httpx.Response) -> tuple[int, str, str]:
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    body = answer.json()
    return answer.status_code, body["code"], body.get("field", "")


@pytest.fixture
async def running(world: World) -> Running:
    return await world.start()


async def test_only_finance_and_the_office_head_book_donations(running: Running) -> None:
    refused = await call(running, "POST", "/donations", asks("county_clerk"), json=GIFT)
    taken = await call(running, "POST", "/donations", asks("office_head"), json=GIFT)
    assert code_of(refused)[:2] == (403, "role-not-allowed")
    assert taken.status_code == 201
    assert int(taken.headers["Log-Position"]) == 1


async def test_a_repeated_donation_with_its_key_is_booked_once(running: Running) -> None:
    who = {**asks("finance"), "Idempotency-Key": "gift-1"}
    answers = [await call(running, "POST", "/donations", who, json=GIFT) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert await running.context.log.head() == 1


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"plan": "NONE"}, (404, "plan-unknown", "plan")),
        ({"amount_fen": 59_999}, (409, "donation-amount-wrong", "amount_fen")),
        ({"seats": 0}, (400, "request-invalid", "seats")),
    ],
)
async def test_a_wrong_donation_is_refused_by_name(
    running: Running, change: dict[str, Any], problem: tuple[int, str, str]
) -> None:
    answer = await call(running, "POST", "/donations", asks("finance"), json=GIFT | change)
    assert code_of(answer) == problem
    assert await running.context.log.head() == 0


@pytest.mark.parametrize(
    ("form", "who", "problem"),
    [
        ({"plan": "NONE", "organization": "620725"}, asks("county_clerk", "620725"), (404, "plan-unknown", "plan")),
        (
            {"plan": PLAN_CODE, "organization": "620722"},
            asks("county_clerk", "620725"),
            (403, "organization-outside", "organization"),
        ),
        (
            {"plan": PLAN_CODE, "organization": "621300"},
            asks("office_head"),
            (422, "organization-unknown", "organization"),
        ),
        ({"plan": PLAN_CODE, "organization": "620000"}, asks("finance"), (403, "role-not-allowed", "")),
    ],
)
async def test_a_roster_of_no_plan_or_of_others_is_refused(
    running: Running, form: dict[str, str], who: dict[str, str], problem: tuple[int, str, str]
) -> None:
    files = {"file": ("r.csv", csv_of(worker(1)))}
    answer = await call(running, "POST", "/rosters", who, data=form, files=files)
    assert code_of(answer) == problem
    assert await running.context.log.head() == 0


async def test_a_broken_file_leaves_nothing_behind(world: World, running: Running) -> None:
    assert code_of(await running.send(b"PK\x03\x04 cut short")) == (422, "roster-file-unreadable", "file")
    assert code_of(await running.send("姓名,证件\nx".encode())) == (422, "roster-header-wrong", "证件类型")
    assert await running.context.log.head() == 0
    assert not list(world.documents.rglob("*"))


async def test_unknown_and_missing_fields_are_refused(running: Running) -> None:
    surplus = await call(running, "POST", "/donations", asks("finance"), json=GIFT | {"surplus": 1})
    form = {"files": {"file": ("r.csv", csv_of(worker(1)))}, "data": {"plan": PLAN_CODE}}
    missing = await call(running, "POST", "/rosters", asks("office_head"), **form)
    assert code_of(surplus)[:2] == code_of(missing)[:2] == (400, "request-invalid")
    assert await running.context.log.head() == 0


async def test_a_form_with_a_field_of_its_own_is_refused(running: Running) -> None:
    form = {"plan": PLAN_CODE, "organization": "620725", "surplus": "1"}
    files = {"file": ("r.csv", csv_of(worker(1)))}
    answer = await call(running, "POST", "/rosters", asks("county_clerk", "620725"), data=form, files=files)
    assert code_of(answer) == (400, "request-invalid", "surplus")
    assert await running.context.log.head() == 0


async def test_a_form_without_a_file_is_refused(running: Running) -> None:
    form = {"plan": PLAN_CODE, "organization": "620000", "file": "no file"}
    assert code_of(await call(running, "POST", "/rosters", asks("office_head"), data=form))[0] == 400


async def with_member(running: Running) -> str:
    await running.donate(10)
    await running.imported((await running.send(csv_of(worker(1)))).json()["batch_id"])
    (registered,) = of_kind(await history(running), PersonRegistered)
    person_id: str = registered.event.person_id
    return person_id


async def test_a_clerk_sees_members_of_the_own_subtree_alone(running: Running) -> None:
    person_id = await with_member(running)
    number = {"id_no": worker(1).id_no}
    for org, status in [("620725", 200), ("620700", 200), ("620722", 404), ("620600", 404)]:
        role = "city_clerk" if org.endswith("00") else "county_clerk"
        found = await call(running, "POST", "/members/lookup", asks(role, org), json=number)
        shown = await call(running, "GET", f"/members/{person_id}", asks(role, org))
        counted = await call(running, "GET", f"/covers/count?plan={PLAN_CODE}", asks(role, org))
        assert (found.status_code, shown.status_code) == (status, status)
        assert counted.json()["people"] == (1 if status == 200 else 0)


async def test_what_is_shown_is_masked(running: Running) -> None:
    await with_member(running)
    person = worker(1)
    answer = await call(running, "POST", "/members/lookup", asks("office_head"), json={"id_no": person.id_no})
    view = answer.json()
    assert view["name"] == "张*"
    assert view["covers"][0]["org_path"] == "620000.620700.620725"
    assert person.id_no not in answer.text
    assert person.mobile not in answer.text


async def test_members_see_themselves_and_nobody_else(running: Running) -> None:
    person_id = await with_member(running)
    own = await call(running, "GET", f"/members/{person_id}", asks("member", sub=person_id))
    other = await call(running, "GET", f"/members/{person_id}", asks("member", sub="someone"))
    assert (own.status_code, other.status_code) == (200, 404)


async def test_an_unknown_and_a_wrong_number_are_told_apart_without_repeating_them(running: Running) -> None:
    unknown = await call(running, "POST", "/members/lookup", asks("office_head"), json={"id_no": worker(9).id_no})
    wrong = await call(running, "POST", "/members/lookup", asks("office_head"), json={"id_no": "6.2E+17"})
    assert code_of(unknown)[:2] == (404, "member-unknown")
    assert code_of(wrong) == (422, "id-number-wrong", "id_no")
    assert worker(9).id_no not in unknown.text


@pytest.mark.parametrize("path", ["/members/x", "/members/%00", "/rosters/x", "/rosters/%00/errors.xlsx", "/plans/%00"])
async def test_strange_addresses_are_not_found(running: Running, path: str) -> None:
    assert (await call(running, "GET", path, asks("office_head"))).status_code == 404


async def test_rosters_are_paged_newest_first_within_the_subtree(running: Running) -> None:
    await running.donate(10)
    sent = [await running.send(csv_of(worker(n)), "620725") for n in range(3)]
    batches = [answer.json()["batch_id"] for answer in sent]
    for batch_id in batches:
        await running.imported(batch_id)
    who = asks("county_clerk", "620725")
    first = (await call(running, "GET", "/rosters?limit=2", who)).json()
    second = (await call(running, "GET", f"/rosters?limit=2&before={first['next']}", who)).json()
    others = (await call(running, "GET", "/rosters", asks("county_clerk", "620722"))).json()
    assert [one["batch_id"] for one in first["rosters"] + second["rosters"]] == batches[::-1]
    assert (second["next"], others) == (None, {"rosters": [], "next": None})
    assert first["rosters"][0]["received_at"].endswith("+08:00")
    assert (await call(running, "GET", "/rosters?limit=0", who)).status_code == 400


async def test_the_interface_describes_itself(running: Running) -> None:
    document = (await call(running, "GET", "/schema/openapi.json", asks("office_head"))).json()
    assert "202" in document["paths"]["/rosters"]["post"]["responses"]
    form = document["components"]["schemas"]["RosterUpload"]
    assert set(form["required"]) == {"file", "plan", "organization"}
