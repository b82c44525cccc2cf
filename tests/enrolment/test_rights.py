"""Consent, restriction and erasure as a journey: asked, checked against retention, carried out, and nothing left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from chassis.keyring import Erased
from contracts.claims.heirs import ClaimPhoned
from contracts.claims.process import (
    AdvanceGranted,
    ClaimClosedIncomplete,
    ClaimReopened,
    ClaimWithdrawn,
    ObjectionFiled,
    PayeesConfirmed,
)
from contracts.claims.v1 import Agent, ClaimRejected, Payee
from contracts.enrolment.people import ErasureBegun, PersonErased, ProcessingRestricted
from contracts.enrolment.v1 import PersonRegistered
from contracts.envelope import Event, changed
from contracts.person import Contact, Identity
from enrolment.domain import plan as plan_module
from enrolment.domain.person_stages import REGISTERED_IDENTITY as IDENTITY_FIELD
from enrolment.domain.plan import Plan, plans
from enrolment.main import SERVICE
from enrolment.workers import CATEGORIES
from huzhu.runner import roles
from tests.enrolment.conftest import World, asks
from tests.enrolment.material import worker
from tests.enrolment.registry import OPAQUE, Registry, ask, at, claim_of
from tests.journeys.hunt import Hunt
from tests.world import World as Fed

KEPT_UNTIL = "2026-01-01"
"""A year after the run-off of 730 days; retention ends with a month."""
CLAIM_KEPT_UNTIL = "2055-01-01"


@pytest.fixture
async def registry(world: World) -> Registry:
    return Registry(await world.start())


async def claims_say(registry: Registry, *events: object) -> None:
    """What claims published has been read."""
    context = registry.running.context
    fed = Fed(SERVICE, context, context.clock, None, None)  # type: ignore[arg-type]
    for event in events:
        await fed.feed("claims", event, "claim-c1")  # type: ignore[arg-type]


async def test_a_consent_is_given_shown_and_withdrawn(registry: Registry) -> None:
    (person_id,) = await registry.cover(worker(1))
    own, path = asks("member", sub=person_id), f"/members/{person_id}/consents/AUTO_PAY"
    given = await ask(registry.running, "PUT", path, own)
    assert given.json() == {"person_id": person_id, "purpose": "AUTO_PAY", "given": True}
    await registry.running.settled()
    shown = await ask(registry.running, "GET", f"/members/{person_id}/rights", own)
    assert shown.json()["consents"] == [{"purpose": "AUTO_PAY", "given_on": "2021-12-31", "withdrawn_on": None}]
    at(registry.running, "2022-06-01")
    assert (await ask(registry.running, "DELETE", path, own)).json()["given"] is False
    await registry.running.settled()
    shown = await ask(registry.running, "GET", f"/members/{person_id}/rights", own)
    assert shown.json()["consents"][0]["withdrawn_on"] == "2022-06-01"
    unknown = await ask(registry.running, "PUT", f"/members/{person_id}/consents/SALE", own)
    assert unknown.status_code == 400


async def test_restricted_data_are_kept_and_not_used_until_the_restriction_is_lifted(registry: Registry) -> None:
    person = worker(1)
    (person_id,) = await registry.cover(person)
    assert await registry.search(mobile=person.mobile) == [person_id]
    own = asks("member", sub=person_id)
    answer = await registry.post(f"/members/{person_id}/restriction", {}, "member", sub=person_id)
    assert (answer["standing"], answer["reason"]) == ("RESTRICTED", "ON_REQUEST")
    await registry.work()
    shown = (await ask(registry.running, "GET", f"/members/{person_id}", asks("office_head"))).json()
    assert (shown["restricted"], shown["name"], shown["mobile"], shown["birth_year"]) == (True, "", "", 0)
    assert (await ask(registry.running, "GET", f"/members/{person_id}/export", own)).status_code == 409
    assert await registry.search(mobile=person.mobile) == []
    lifted = await ask(registry.running, "DELETE", f"/members/{person_id}/restriction", own)
    assert lifted.json()["standing"] == "ACTIVE"
    await registry.work()
    shown = (await ask(registry.running, "GET", f"/members/{person_id}", asks("office_head"))).json()
    assert (shown["restricted"], shown["name"]) == (False, "张*")
    assert await registry.search(mobile=person.mobile) == [person_id]
    assert (await ask(registry.running, "GET", f"/members/{person_id}/export", own)).status_code == 200


async def test_an_erasure_waits_restricted_until_retention_ends_and_then_happens(registry: Registry) -> None:
    (person_id,) = await registry.cover(worker(1))
    at(registry.running, "2022-06-01")
    answer = await registry.post(f"/members/{person_id}/erasure", {}, "member", sub=person_id)
    expected = {"person_id": person_id, "standing": "RESTRICTED", "reason": "COVER_KEPT", "kept_until": KEPT_UNTIL}
    assert answer == expected
    await registry.post(f"/members/{person_id}/erasure", {}, "member", sub=person_id)
    assert len(await registry.events(ProcessingRestricted)) == 1
    await registry.work()
    at(registry.running, "2025-12-31")
    assert await registry.sweep() == 0
    at(registry.running, KEPT_UNTIL)
    assert await registry.sweep() == 1
    assert len(await registry.events(ErasureBegun)) == 1
    await registry.work()
    (erased,) = await registry.events(PersonErased)
    assert set(erased.categories) == set(CATEGORIES)
    shown = await ask(registry.running, "GET", f"/members/{person_id}/rights", asks("office_head"))
    assert shown.json()["standing"] == "ERASED"


async def test_whoever_was_paid_is_restricted_for_as_long_as_accounts_are_kept(registry: Registry) -> None:
    (person_id,) = await registry.cover(worker(1))
    await claims_say(registry, claim_of(person_id))
    at(registry.running, "2026-06-01")
    answer = await registry.post(f"/members/{person_id}/erasure", {})
    assert (answer["standing"], answer["reason"], answer["kept_until"]) == (
        "RESTRICTED",
        "CLAIM_KEPT",
        CLAIM_KEPT_UNTIL,
    )
    await registry.work()
    assert await registry.events(PersonErased) == []


async def test_a_claim_that_was_refused_keeps_nothing_longer(registry: Registry) -> None:
    (person_id,) = await registry.cover(worker(1))
    refused = ClaimRejected(
        claim_id="c1", claim_no="n", person_id=person_id, reason="RJ_WAITING", rule="r", explanation="", payees=()
    )
    await claims_say(registry, claim_of(person_id), refused)
    at(registry.running, KEPT_UNTIL)
    answer = await registry.post(f"/members/{person_id}/erasure", {})
    assert answer["standing"] == "ERASING"


NAMED = {"claim_id": "c1", "claim_no": "n"}
PHONED = ClaimPhoned(
    claim_id="c1",
    person_id="p",
    org_path="620000",
    informant_id="caller",
    informant=OPAQUE,
    relation="SPOUSE",
    cause="DEATH",
    needs=(),
    due_on="2022-04-01",
    by="h",
)
GONE = (
    lambda person_id: ClaimWithdrawn(**NAMED, person_id=person_id, by=person_id),
    lambda person_id: ClaimClosedIncomplete(
        **NAMED, person_id=person_id, payee_ids=(person_id,), closed_on="2022-04-01"
    ),
)


def advanced(person_id: str) -> AdvanceGranted:
    return AdvanceGranted(
        **NAMED,
        person_id=person_id,
        plan_code="GS-NEF-2022",
        plan_version=1,
        org_path="620000.620700.620725",
        line_id="c1.X",
        benefit_code="X",
        amount_fen=1,
        payees=(),
        granted_on="2022-03-02",
        reviewed_by=("head",),
    )


@pytest.mark.parametrize("gone", GONE)
async def test_a_claim_withdrawn_or_closed_for_missing_papers_keeps_nothing_longer(
    registry: Registry, gone: Callable[[str], Event]
) -> None:
    (person_id,) = await registry.cover(worker(1))
    await claims_say(registry, claim_of(person_id), gone(person_id))
    at(registry.running, KEPT_UNTIL)
    assert (await registry.post(f"/members/{person_id}/erasure", {}))["standing"] == "ERASING"


@pytest.mark.parametrize("how", ["reopened", "objected", "paid ahead"])
async def test_a_claim_that_goes_on_or_was_paid_in_part_is_kept(registry: Registry, how: str) -> None:
    (person_id,) = await registry.cover(worker(1))
    closed = GONE[1](person_id)
    rejected = ClaimRejected(**NAMED, person_id=person_id, reason="RJ_X", rule="r", explanation="", payees=())
    reopened = ClaimReopened(
        claim_id="c1", step="OFFICE_REVIEW", documents=(), by=person_id, due_on="2022-05-01", decide_until="2022-06-01"
    )
    objected = ObjectionFiled(
        **NAMED,
        person_id=person_id,
        payee_ids=(),
        level=1,
        note=None,
        filed_on="2022-04-02",
        due_on="2022-04-20",
        by="p",
    )
    histories = {
        "reopened": (closed, reopened),
        "objected": (rejected, objected),
        "paid ahead": (advanced(person_id), closed),
    }
    await claims_say(registry, claim_of(person_id), *histories[how])
    at(registry.running, KEPT_UNTIL)
    answer = await registry.post(f"/members/{person_id}/erasure", {})
    assert (answer["reason"], answer["kept_until"]) == ("CLAIM_KEPT", CLAIM_KEPT_UNTIL)


async def test_a_claim_that_came_while_an_erasure_waited_makes_it_wait_longer(registry: Registry) -> None:
    (person_id,) = await registry.cover(worker(1))
    at(registry.running, "2022-06-01")
    await registry.post(f"/members/{person_id}/erasure", {})
    await claims_say(registry, claim_of(person_id))
    at(registry.running, KEPT_UNTIL)
    assert await registry.sweep() == 1
    assert [one.until for one in await registry.events(ProcessingRestricted)] == [KEPT_UNTIL, CLAIM_KEPT_UNTIL]
    assert await registry.events(ErasureBegun) == []


async def test_how_long_data_are_kept_is_the_plans(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    (person_id,) = await registry.cover(worker(1))
    plan = plans()["GS-NEF-2022"]
    shorter = {plan.code: replace(plan, run_off_days=0, retention_years=0)}
    monkeypatch.setattr("enrolment.intake.leaving.plans", lambda: shorter)
    at(registry.running, "2023-02-01")
    assert (await registry.post(f"/members/{person_id}/erasure", {}))["standing"] == "ERASING"


@pytest.mark.parametrize(
    ("ends", "run_off", "years", "until"),
    [
        (date(2023, 1, 1), 0, 0, date(2023, 2, 1)),
        (date(2023, 1, 1), 730, 1, date(2026, 1, 1)),
        (date(2024, 2, 29), 0, 1, date(2025, 3, 1)),
        (date(2023, 12, 31), 0, 0, date(2024, 1, 1)),
    ],
)
def test_retention_ends_with_a_month(ends: date, run_off: int, years: int, until: date) -> None:
    plan: Plan = replace(
        plan_module.plans()["GS-NEF-2022"], period_end=ends, run_off_days=run_off, retention_years=years
    )
    assert plan.kept_until(claimed=False) == until


async def test_after_an_erasure_no_key_opens_and_no_index_leads_to_the_person(registry: Registry) -> None:
    person = worker(1)
    (person_id,) = await registry.cover(person)
    assert await registry.search(name=person.name) == [person_id]
    keyring = registry.running.context.keyring
    (registered,) = await registry.events(PersonRegistered)
    await keyring.open(registered.identity, Identity, subject=person_id, field=IDENTITY_FIELD)
    at(registry.running, KEPT_UNTIL)
    await registry.post(f"/members/{person_id}/erasure", {})
    await registry.work()
    await registry.work()
    assert len(await registry.events(PersonErased)) == 1
    with pytest.raises(Erased):
        await keyring.open(registered.identity, Identity, subject=person_id, field=IDENTITY_FIELD)
    pool = registry.running.context.log.pool
    assert await pool.fetchval("select count(*) from lookup where owner = $1", person_id) == 0
    assert await pool.fetchval("select count(*) from reservation where owner = $1", person_id) == 0
    await registry.search(name=person.name)
    assert await pool.fetchval("select count(*) from lookup where owner = $1", person_id) == 0
    answer = await ask(registry.running, "POST", "/members/lookup", asks("office_head"), {"id_no": person.id_no})
    assert (answer.status_code, answer.json()["code"]) == (404, "member-unknown")


def paid_to(payee_id: str, relation: str) -> Payee:
    return Payee(
        payee_id=payee_id,
        relation=relation,
        share_percent=50,
        account=OPAQUE,
        account_tail="1234",
        contact=None,
        name_matches=True,
    )


async def test_with_a_person_go_the_keys_of_heirs_agents_and_callers(registry: Registry) -> None:
    person_id, other_id = await registry.cover(worker(1), worker(2))
    agent = Agent(agent_id="agent", relation="SPOUSE", proof="PAPER", contact=OPAQUE, note=None)
    claims = (
        changed(claim_of(person_id), payees=(paid_to("heir", "CHILD"),), agent=agent),
        PayeesConfirmed(claim_id="c1", payees=(paid_to("late", "CHILD"),), next_step="X", by="p", due_on=""),
        PHONED,
        GONE[0](person_id),
        changed(claim_of(other_id, "c2"), payees=(paid_to("stranger", "CHILD"), paid_to(other_id, "SELF"))),
    )
    await claims_say(registry, *(changed(one, person_id=person_id) if one is PHONED else one for one in claims))
    keyring = registry.running.context.keyring
    sealed = {
        one: await keyring.seal(
            Contact(name="n", mobile=""), subject=one, category="contact", decision_id="d", field="f"
        )
        for one in ("heir", "agent", "late", "caller", "stranger")
    }
    at(registry.running, KEPT_UNTIL)
    await registry.post(f"/members/{person_id}/erasure", {})
    await registry.work()
    await registry.work()
    for one in ("heir", "agent", "late", "caller"):
        with pytest.raises(Erased):
            await keyring.open(sealed[one], Contact, subject=one, field="f")
    assert (await keyring.open(sealed["stranger"], Contact, subject="stranger", field="f")).name == "n"


async def test_an_erased_persons_number_may_be_registered_again_as_somebody_else(registry: Registry) -> None:
    person = worker(1)
    (person_id,) = await registry.cover(person)
    at(registry.running, KEPT_UNTIL)
    await registry.post(f"/members/{person_id}/erasure", {})
    await registry.work()
    (other,) = await registry.cover(worker(1, name="李四"))
    assert other != person_id


async def test_an_erasure_leaves_no_planted_value_in_any_table_or_file(world: World) -> None:
    """A search of every table and file for the person's values, before and after: never plain, then not even sealed."""
    registry = Registry(await world.start())
    person = worker(1, name="罕见姓名者")
    (person_id,) = await registry.cover(person)
    at(registry.running, "2022-06-01")
    changed = {"mobile": "13987654321", "effective_on": "2022-05-20", "source": "COUNTY"}
    await registry.post(f"/members/{person_id}/contact", changed)
    assert await registry.search(mobile="13987654321") == [person_id]
    at(registry.running, KEPT_UNTIL)
    await registry.post(f"/members/{person_id}/erasure", {})
    await registry.work()
    values = {"name": person.name, "number": person.id_no, "mobile": person.mobile, "new": "13987654321"}
    hunt = Hunt(values)
    pool = registry.running.context.log.pool
    tables = await pool.fetch(
        "select format('%I.%I', schemaname, tablename) as name from pg_tables"
        " where schemaname in ('public', 'projection')"
    )
    held: dict[str, set[str]] = {}
    for table in tables:
        rows = await pool.fetch(f"select t::text as row from {table['name']} t")
        if found := hunt.in_bytes([row["row"].encode() for row in rows]):
            held[table["name"]] = found
    assert held == {}
    assert _files(world.documents), "the roster's file is still there, and unreadable"
    assert hunt.in_bytes(_files(world.documents)) == set()
    (erased,) = await registry.events(PersonErased)
    assert erased.person_id == person_id
    (roster,) = (await ask(registry.running, "GET", "/rosters", asks("office_head"))).json()["rosters"]
    copy = await ask(registry.running, "GET", f"/rosters/{roster['batch_id']}/errors.xlsx", asks("office_head"))
    assert copy.status_code == 410


def _files(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


def test_enrolment_alone_destroys_and_it_may_destroy_every_category() -> None:
    grants = roles.table()[roles.KEYRING]["grants"]
    assert set(grants["keyring_enrolment"]["destroys"]) == set(CATEGORIES)
    assert {category for may in grants.values() for category in may["opens"]} == set(CATEGORIES)
    assert [name for name, may in grants.items() if may["destroys"]] == ["keyring_enrolment"]
