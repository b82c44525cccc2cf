"""Changes of members over HTTP: the cover follows, history stays answerable, the index finds what holds now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contracts.enrolment.people import CoverageMoved, IdentityNumberCorrected
from contracts.enrolment.v1 import CoverageGranted
from enrolment.intake import index
from tests.enrolment.conftest import World, asks
from tests.enrolment.material import worker
from tests.enrolment.registry import PROVINCE, Registry, ask, at
from tests.enrolment.test_import import csv_of

SHANDAN, MINLE = "620725", "620722"
MOVE = {
    "occupation": "快递员", "organization": MINLE, "division_code": MINLE, "employer": "某快递",
    "effective_on": "2022-05-20", "source": "CITY",
}  # fmt: skip
TOLD = {"effective_on": "2022-05-20", "source": "COUNTY"}


@pytest.fixture
async def registry(world: World) -> Registry:
    return Registry(await world.start())


async def test_a_cover_follows_the_person_and_so_does_who_sees_them(registry: Registry) -> None:
    (person_id,) = await registry.cover(worker(1))
    at(registry.running, "2022-06-01")
    answer = await registry.post(f"/members/{person_id}/employment", MOVE, "city_clerk", "620700")
    assert answer == {"person_id": person_id, "changed": True}
    (moved,) = await registry.events(CoverageMoved)
    assert (moved.org_path, moved.left_org_path, moved.effective_on) == (
        f"620000.620700.{MINLE}",
        f"620000.620700.{SHANDAN}",
        "2022-05-20",
    )
    for org, status in [(MINLE, 200), (SHANDAN, 404), ("620700", 200)]:
        shown = await ask(registry.running, "GET", f"/members/{person_id}", asks("county_clerk", org))
        assert shown.status_code == status
    again = await registry.post(f"/members/{person_id}/employment", MOVE, "city_clerk", "620700")
    assert again["changed"] is False
    assert len(await registry.events(CoverageMoved)) == 1


async def test_nobody_moves_a_member_to_where_they_see_nobody(registry: Registry) -> None:
    (person_id,) = await registry.cover(worker(1))
    at(registry.running, "2022-06-01")
    refused = await ask(
        registry.running, "POST", f"/members/{person_id}/employment", asks("county_clerk", SHANDAN), MOVE
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "organization-outside")


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("employment", {**MOVE, "occupation": "宇航员"}, (422, "occupation-unknown", "occupation")),
        ("employment", {**MOVE, "division_code": "620171"}, (422, "division-unknown", "division_code")),
        ("employment", {**MOVE, "effective_on": "2022-02-30"}, (422, "date-invalid", "effective_on")),
        ("employment", {**MOVE, "effective_on": "2022-06-02"}, (409, "change-in-future", "effective_on")),
        ("contact", {**TOLD, "mobile": "12345"}, (422, "mobile-wrong", "mobile")),
        ("name", {**TOLD, "name": "X"}, (422, "name-wrong", "name")),
        ("id-number", {**TOLD, "id_no": "6.2E+17"}, (422, "id-number-wrong", "id_no")),
        ("death/withdrawal", {"reason": "number 620000"}, (400, "request-invalid", "reason")),
    ],
)
async def test_what_is_wrong_with_a_change_is_said_by_field(
    registry: Registry, path: str, body: Any, expected: tuple[int, str, str]
) -> None:
    (person_id,) = await registry.cover(worker(1))
    at(registry.running, "2022-06-01")
    head = await registry.running.context.log.head()
    answer = await ask(registry.running, "POST", f"/members/{person_id}/{path}", asks("office_head"), body)
    told = answer.json()
    assert (answer.status_code, told["code"], told.get("field", "")) == expected
    assert await registry.running.context.log.head() == head


async def test_a_changed_mobile_is_found_and_the_old_one_is_not(registry: Registry) -> None:
    first, second = worker(1), worker(2, name="李四")
    ids = await registry.cover(first, second)
    at(registry.running, "2022-06-01")
    assert await registry.search(mobile=first.mobile) == [ids[0]]
    await registry.post(
        f"/members/{ids[0]}/contact", {**TOLD, "mobile": f"+86 {second.mobile}"}, "member", MINLE, ids[0]
    )
    assert await registry.search(mobile=first.mobile) == []
    assert await registry.search(mobile=second.mobile) == sorted(ids)
    again = await registry.post(f"/members/{ids[0]}/contact", {**TOLD, "mobile": second.mobile})
    assert again["changed"] is False


async def test_a_corrected_name_is_found_shown_and_exported(registry: Registry) -> None:
    (person_id,) = await registry.cover(worker(1))
    at(registry.running, "2022-06-01")
    await registry.post(f"/members/{person_id}/name", {**TOLD, "name": "王 五六"}, "county_clerk", SHANDAN)
    assert await registry.search(name="张三") == []
    assert await registry.search(name="王五六") == [person_id]
    shown = await ask(registry.running, "GET", f"/members/{person_id}", asks("office_head"))
    assert shown.json()["name"] == "王**"
    own = await ask(registry.running, "GET", f"/members/{person_id}/export", asks("member", sub=person_id))
    assert (own.json()["identity"]["name"], own.json()["contact"]["name"]) == ("王五六", "王五六")
    assert own.json()["contact"]["mobile"] == worker(1).mobile


async def test_a_corrected_number_leads_to_the_person_and_the_wrong_one_to_nobody(registry: Registry) -> None:
    wrong, right = worker(1), worker(2)
    (person_id,) = await registry.cover(wrong)
    at(registry.running, "2022-06-01")
    await registry.post(f"/members/{person_id}/id-number", {**TOLD, "id_no": right.id_no})
    (corrected,) = await registry.events(IdentityNumberCorrected)
    assert corrected.person_id == person_id
    assert await registry.find(right) == person_id
    await registry.search(name="张三")  # takes the correction into the index
    old = await ask(registry.running, "POST", "/members/lookup", asks("office_head"), {"id_no": wrong.id_no})
    assert (old.status_code, old.json()["code"]) == (404, "member-unknown")


async def number_is_known(registry: Registry, id_no: str) -> bool:
    answer = await ask(registry.running, "POST", "/members/lookup", asks("office_head"), {"id_no": id_no})
    return answer.status_code == 200


async def test_the_wrong_number_leads_to_nobody_though_the_person_was_restricted_at_once(registry: Registry) -> None:
    (person_id,) = await registry.cover(worker(1))
    at(registry.running, "2022-06-01")
    await registry.post(f"/members/{person_id}/id-number", {**TOLD, "id_no": worker(2).id_no})
    await registry.post(f"/members/{person_id}/restriction", {}, "member", sub=person_id)
    await registry.work()
    await index.reach(registry.running.context, await registry.running.context.log.head())
    assert not await number_is_known(registry, worker(1).id_no)
    assert await number_is_known(registry, worker(2).id_no)


async def test_the_index_frees_a_wrong_number_when_the_process_ended_before_it_could(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    (person_id,) = await registry.cover(worker(1))
    at(registry.running, "2022-06-01")

    async def ended(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(index, "free_number", ended)
        path, body = f"/members/{person_id}/id-number", {**TOLD, "id_no": worker(2).id_no}
        assert (await ask(registry.running, "POST", path, asks("office_head"), body)).status_code == 503
    assert await number_is_known(registry, worker(1).id_no)
    await registry.running.settled()
    await index.reach(registry.running.context, await registry.running.context.log.head())
    assert not await number_is_known(registry, worker(1).id_no)
    assert await number_is_known(registry, worker(2).id_no)


async def test_a_row_that_comes_after_its_number_was_corrected_away_is_somebody_new(registry: Registry) -> None:
    wrong, right = worker(1), worker(2)
    (person_id,) = await registry.cover(wrong)
    at(registry.running, "2022-06-01")
    await registry.post(f"/members/{person_id}/id-number", {**TOLD, "id_no": right.id_no})
    await registry.search(name="张三")
    (other,) = await registry.cover(replace(wrong, name="李四"))
    assert other != person_id
    assert len(await registry.events(CoverageGranted)) == 2


async def test_another_persons_number_is_refused(registry: Registry) -> None:
    ids = await registry.cover(worker(1), worker(2, name="李四"))
    at(registry.running, "2022-06-01")
    path, body = f"/members/{ids[0]}/id-number", {**TOLD, "id_no": worker(2).id_no}
    answer = await ask(registry.running, "POST", path, asks("office_head"), body)
    assert (answer.status_code, answer.json()["code"]) == (409, "number-of-another")


async def test_a_death_freezes_the_members_login_until_it_is_withdrawn(registry: Registry) -> None:
    """Invariant 12.17."""
    (person_id,) = await registry.cover(worker(1))
    at(registry.running, "2022-06-01")
    own = asks("member", sub=person_id)
    await registry.post(f"/members/{person_id}/death", {"died_on": "2022-05-20"})
    for method, path, body in [
        ("GET", f"/members/{person_id}", None),
        ("GET", f"/members/{person_id}/export", None),
        ("POST", f"/members/{person_id}/contact", {**TOLD, "mobile": "13900000000"}),
    ]:
        answer = await ask(registry.running, method, path, own, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "login-frozen")
    shown = await ask(registry.running, "GET", f"/members/{person_id}", asks("office_head"))
    assert (shown.json()["died_on"], shown.json()["covers"][0]["status"]) == ("2022-05-20", "TERMINATED")
    await registry.post(f"/members/{person_id}/death/withdrawal", {"reason": "OTHER_PERSON"}, "city_clerk", "620700")
    assert (await ask(registry.running, "GET", f"/members/{person_id}", own)).status_code == 200


async def test_a_second_cover_of_one_plan_is_refused_whatever_has_changed_since(registry: Registry) -> None:
    """Invariant 12.1: another name, another county and another mobile make no second person."""
    person = worker(1)
    (person_id,) = await registry.cover(person)
    at(registry.running, "2022-06-01")
    await registry.post(f"/members/{person_id}/employment", MOVE, "city_clerk", "620700")
    await registry.post(f"/members/{person_id}/name", {**TOLD, "name": "王五"})
    sent = await registry.running.send(csv_of(replace(person, division_code=MINLE)), PROVINCE)
    view = await registry.running.imported(sent.json()["batch_id"])
    assert view["errors"] == {"E_DUP_ACTIVE": 1, "E_NAME_CONFLICT": 1}
