"""Members are found by what an officer knows of them, within the own subtree, masked; and by what holds now."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.enrolment.v1 import PersonRegistered
from enrolment.api import ROUTES
from enrolment.intake import index
from huzhu.synthetic import people as synthetic
from tests.enrolment.conftest import Running, World, asks
from tests.enrolment.material import worker
from tests.enrolment.registry import PROVINCE, Registry, ask, at

SHANDAN, GANZHOU, MINLE = "620725", "620702", "620722"
UNIT = f"{SHANDAN}1000001"
TOLD = {"effective_on": "2022-05-20", "source": "COUNTY"}
SHARED = "13812345678"


@pytest.fixture
async def registry(world: World) -> Registry:
    return Registry(await world.start())


async def test_a_county_clerk_does_not_see_another_countys_member_and_the_prefecture_sees_both(
    registry: Registry,
) -> None:
    """Invariant 12.15: 民乐 does not see a member of 甘州, 张掖 sees both."""
    there, here = worker(1, division_code=GANZHOU), worker(2, name="李四", division_code=MINLE)
    ids = await registry.cover(there, here)
    matrix = {
        ("county_clerk", MINLE): [False, True],
        ("county_clerk", GANZHOU): [True, False],
        ("city_clerk", "620700"): [True, True],
        ("office_head", PROVINCE): [True, True],
        ("city_clerk", "620600"): [False, False],
    }
    for (role, org), seen in matrix.items():
        who = asks(role, org)
        for person_id, person, visible in zip(ids, (there, here), seen, strict=True):
            await _seen(registry.running, who, person_id, person.id_no, person.mobile, visible)


async def _seen(running: Running, who: dict[str, str], person_id: str, id_no: str, mobile: str, seen: bool) -> None:
    direct = await ask(running, "GET", f"/members/{person_id}", who)
    by_number = await ask(running, "POST", "/members/lookup", who, {"id_no": id_no})
    by_mobile = await ask(running, "POST", "/members/search", who, {"mobile": mobile})
    assert [direct.status_code, by_number.status_code] == [200 if seen else 404] * 2
    assert [one["person_id"] for one in by_mobile.json()["members"]] == ([person_id] if seen else [])
    org = who["Authorization"].split()[2]
    listed = await ask(running, "GET", f"/members?organization={org}", who)
    assert (person_id in [one["person_id"] for one in listed.json()["members"]]) is seen
    change = {**TOLD, "effective_on": "2021-12-01", "mobile": mobile}
    changed = await ask(running, "POST", f"/members/{person_id}/contact", who, change)
    assert changed.status_code == (200 if seen else 404)


ALLOWED = {
    "GET /members/{id}": {"unit_clerk", "county_clerk", "office_head", "hotline_agent", "supervisor", "member"},
    "POST /members/{id}/death": {"county_clerk", "office_head"},
    "POST /members/{id}/death/withdrawal": {"office_head"},
    "POST /members/{id}/employment": {"unit_clerk", "county_clerk", "office_head"},
    "POST /members/{id}/contact": {"unit_clerk", "county_clerk", "office_head", "member"},
    "POST /members/{id}/name": {"county_clerk", "office_head"},
    "POST /members/{id}/id-number": {"county_clerk", "office_head"},
    "PUT /members/{id}/consents/AUTO_PAY": {"unit_clerk", "county_clerk", "office_head", "member"},
    "DELETE /members/{id}/consents/AUTO_PAY": {"unit_clerk", "county_clerk", "office_head", "member"},
    "GET /members/{id}/rights": {"office_head", "supervisor", "member"},
    "GET /members/{id}/export": {"member"},
    "POST /members/{id}/restriction": {"office_head", "member"},
    "DELETE /members/{id}/restriction": {"office_head", "member"},
    "POST /members/{id}/erasure": {"office_head", "member"},
}
ROLES = ("unit_clerk", "county_clerk", "office_head", "hotline_agent", "supervisor", "member", "finance", "sys_admin",
         "health_provider", "service", "agent")  # fmt: skip


def test_the_matrix_of_roles_names_every_path_of_a_member() -> None:
    paths = {
        f"{method} {path.replace('{person_id:str}', '{id}').replace('{purpose:str}', 'AUTO_PAY')}"
        for handler in ROUTES
        for path in handler.paths  # type: ignore[union-attr]
        for method in handler.http_methods  # type: ignore[union-attr]
        if "{person_id" in path and not path.startswith(("/covers/", "/holds/"))
    }
    assert set(ALLOWED) == paths


@pytest.mark.parametrize("operation", ALLOWED)
async def test_each_path_of_a_member_is_for_its_roles_alone(registry: Registry, operation: str) -> None:
    """Roles refused are told 403; a role that may is not, whatever is wrong with its empty request."""
    (person_id,) = await registry.cover(worker(1))
    method, path = operation.split(" ")
    body: Any = {} if method == "POST" else None
    body = BODIES.get(path.rpartition("}/")[2], body)
    head = await registry.running.context.log.head()
    for role in ROLES:
        if role in ALLOWED[operation]:
            continue
        who = asks(role, SHANDAN, person_id if role == "member" else "u1")
        answer = await ask(registry.running, method, path.replace("{id}", person_id), who, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "role-not-allowed"), role
    assert await registry.running.context.log.head() == head
    for role in ALLOWED[operation]:
        org = PROVINCE if role == "office_head" else SHANDAN
        who = asks(role, org, person_id if role == "member" else "u1")
        answer = await ask(registry.running, method, path.replace("{id}", person_id), who, body)
        assert answer.status_code not in (403, 404, 500), (role, answer.text)
        if role == "member":
            other = await ask(
                registry.running, method, path.replace("{id}", person_id), asks("member", org, "other"), body
            )
            assert other.status_code == 404, other.text


BODIES: dict[str, Any] = {
    "death": {"died_on": "2021-12-01"},
    "death/withdrawal": {"reason": "OTHER_PERSON"},
    "employment": {
        "occupation": "快递员", "organization": SHANDAN, "division_code": SHANDAN, "effective_on": "2021-12-01",
        "source": "COUNTY",
    },
    "contact": {"mobile": SHARED, "effective_on": "2021-12-01", "source": "COUNTY"},
    "name": {"name": "张四", "effective_on": "2021-12-01", "source": "COUNTY"},
    "id-number": {"id_no": worker(9).id_no, "effective_on": "2021-12-01", "source": "COUNTY"},
}  # fmt: skip


async def test_several_people_of_one_name_or_mobile_are_found_page_by_page(registry: Registry) -> None:
    seven = [worker(n, name="王小明", mobile=SHARED) for n in range(7)]
    ids = await registry.cover(*seven, worker(8))
    assert await registry.search(name="王小明") == sorted(ids[:7])
    assert await registry.search(mobile=SHARED) == sorted(ids[:7])
    assert await registry.search(name="王小") == []


async def test_a_unit_sees_its_own_list_masked_with_the_status_of_each_cover(registry: Registry) -> None:
    mine = [worker(n, name="王小明", union_code=UNIT) for n in range(5)]
    ids = await registry.cover(*mine, worker(8))
    who = asks("unit_clerk", UNIT)
    first = (await ask(registry.running, "GET", f"/members?organization={UNIT}&limit=3", who)).json()
    rest = (await ask(registry.running, "GET", f"/members?organization={UNIT}&after={first['next']}", who)).json()
    assert [one["person_id"] for one in first["members"] + rest["members"]] == sorted(ids[:5])
    assert rest["next"] is None
    assert {one["name"] for one in first["members"]} == {"王**"}
    for day, status in [("2021-12-31", "PENDING"), ("2022-06-01", "ACTIVE"), ("2023-01-01", "ENDED")]:
        at(registry.running, day)
        page = (await ask(registry.running, "GET", f"/members?organization={UNIT}", who)).json()
        assert {one["covers"][0]["status"] for one in page["members"]} == {status}
    outside = await ask(registry.running, "GET", f"/members?organization={SHANDAN}", who)
    assert outside.status_code == 404


@pytest.mark.parametrize("wanted", [{}, {"name": "王小明", "mobile": SHARED}])
async def test_a_search_names_one_thing(registry: Registry, wanted: dict[str, str]) -> None:
    answer = await ask(registry.running, "POST", "/members/search", asks("office_head"), wanted)
    assert (answer.status_code, answer.json()["code"]) == (422, "search-unclear")


async def test_nothing_searched_for_is_repeated_or_shown_in_plain(registry: Registry) -> None:
    person = worker(1)
    await registry.cover(person)
    found = await ask(registry.running, "POST", "/members/search", asks("office_head"), {"mobile": person.mobile})
    wrong = await ask(registry.running, "POST", "/members/search", asks("office_head"), {"name": "x" * 40})
    assert "x" * 40 not in wrong.text
    for secret in (person.mobile, person.id_no, person.name):
        assert secret not in found.text


async def test_the_index_is_filled_again_from_the_log(registry: Registry) -> None:
    ids = await registry.cover(worker(1), worker(2, name="李四"))
    assert await registry.search(name="李四") == [ids[1]]
    pool = registry.running.context.log.pool
    before = await pool.fetch("select scope, key, owner from lookup order by 1, 2, 3")
    await pool.execute("delete from lookup")
    await pool.execute("update checkpoint set position = 0 where tail = $1", index.CHECKPOINT)
    await index.reach(registry.running.context, await registry.running.context.log.head())
    assert await pool.fetch("select scope, key, owner from lookup order by 1, 2, 3") == before
    assert len(before) == 6


NAMES = ("张三", "李四", "王五六")
MOBILES = ("13800000001", "13800000002")
CHANGES = st.one_of(
    st.tuples(st.just("name"), st.sampled_from(NAMES)),
    st.tuples(st.just("contact"), st.sampled_from(MOBILES)),
    st.tuples(st.just("id-number"), st.integers(0, 3)),
    st.tuples(st.just("restriction"), st.booleans()),
    st.tuples(st.just("index"), st.just(0)),
)
HISTORIES = st.lists(st.tuples(st.integers(0, 1), CHANGES), min_size=2, max_size=8)


async def _apply(registry: Registry, person_id: str, kind: str, value: Any, numbers: list[str]) -> Any:
    """One change over HTTP; the answer."""
    if kind == "index":
        await index.reach(registry.running.context, await registry.running.context.log.head())
        return None
    if kind == "restriction":
        return await ask(
            registry.running, "POST" if value else "DELETE", f"/members/{person_id}/restriction", asks("office_head"),
            {} if value else None,
        )  # fmt: skip
    field = {"name": "name", "contact": "mobile", "id-number": "id_no"}[kind]
    body = {**TOLD, field: numbers[value] if kind == "id-number" else value}
    return await ask(registry.running, "POST", f"/members/{person_id}/{kind}", asks("office_head"), body)


async def test_after_any_changes_the_index_finds_exactly_the_current_values(registry: Registry) -> None:
    """Random histories of two people; whatever was refused changes nothing, whatever is restricted is not found."""
    draw = random.Random("index")
    histories: list[list[tuple[int, tuple[str, Any]]]] = []

    @settings(max_examples=16, database=None, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(HISTORIES)
    def collect(history: list[tuple[int, tuple[str, Any]]]) -> None:
        histories.append(history)

    collect()
    at(registry.running, "2022-06-01")
    for turn, history in enumerate(histories):
        numbers = [synthetic.id_number(draw, date(1980 + n, 5, 20), region="620725") for n in range(6)]
        pair = [worker(draw.randrange(10**9), name=NAMES[n], mobile=MOBILES[n], id_no=numbers[n + 4]) for n in (0, 1)]
        ids = await registry.cover(*pair)
        model = [{"name": one.name, "mobile": one.mobile, "id_no": one.id_no, "restricted": False} for one in pair]
        if turn % 2:
            await _apply(registry, ids[0], "index", 0, numbers)
        for who, (kind, value) in history:
            answer = await _apply(registry, ids[who], kind, value, numbers)
            if answer is not None and answer.status_code == 200:
                field = {"name": "name", "contact": "mobile", "id-number": "id_no", "restriction": "restricted"}[kind]
                model[who][field] = numbers[value] if kind == "id-number" else value
        await index.reach(registry.running.context, await registry.running.context.log.head())
        await registry.running.settled()
        await _agrees(registry, ids, model, numbers)


async def _agrees(registry: Registry, ids: list[str], model: list[dict[str, Any]], numbers: list[str]) -> None:
    for field, values in (("name", NAMES), ("mobile", MOBILES)):
        for value in values:
            found = set(await registry.search(**{field: value})) & set(ids)
            wanted = {
                one for one, held in zip(ids, model, strict=True) if held[field] == value and not held["restricted"]
            }
            assert found == wanted, (field, value)
    for number in numbers:
        answer = await ask(registry.running, "POST", "/members/lookup", asks("office_head"), {"id_no": number})
        holder = [one for one, held in zip(ids, model, strict=True) if held["id_no"] == number]
        assert answer.status_code == (200 if holder else 404)
        if holder:
            assert answer.json()["person_id"] == holder[0]


async def test_the_index_takes_nothing_from_an_import_while_it_is_under_way(registry: Registry) -> None:
    """The rows of new people come from the keeper alone: right after an import there are none."""
    ids = await registry.cover(worker(1))
    assert len(await registry.events(PersonRegistered)) == len(ids)
    assert await registry.running.context.log.pool.fetchval("select count(*) from lookup") == 0
