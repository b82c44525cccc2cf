"""The keyring seals for one person, category, decision and field, and what it destroys stays destroyed."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import msgspec
import pytest
import structlog

from chassis.keyring import (
    Erased,
    KekUnusable,
    KeyCache,
    KeyMissing,
    Keyring,
    NotEnsured,
    NotGranted,
    Restricted,
    Tampered,
    add_kek_version,
    grant,
    load_kek,
    retire_kek_versions,
    rewrap,
)
from chassis.telemetry.metrics import PERSONAL_DATA_OPENED
from contracts.person import Contact, Facts, Identity
from tests.chassis.keyring_world import FIELD, IDENTITY, World, world

__all__ = ["world"]


@pytest.fixture
async def keyring(world: World) -> AsyncIterator[Keyring]:
    made = await world.connect()
    yield made
    await made.close()


@pytest.fixture(autouse=True)
def _no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUZHU_KEK", raising=False)


@pytest.mark.parametrize("suite", ["A256GCM", "SM4-GCM"])
async def test_what_is_sealed_opens_for_the_same_person_and_field(world: World, suite: str) -> None:
    keyring = await world.connect(suite=suite)
    sealed = await keyring.seal(IDENTITY, subject="p-suite" + suite, category="identity", decision_id="d1", field=FIELD)
    assert sealed.suite == suite
    text = msgspec.json.encode(sealed).decode()
    assert "测试甲" not in text
    again = msgspec.json.decode(text, type=type(sealed))
    assert await keyring.open(again, Identity, subject="p-suite" + suite, field=FIELD) == IDENTITY
    await keyring.close()


async def test_sealing_twice_never_gives_the_same_ciphertext(keyring: Keyring) -> None:
    first, second = [
        await keyring.seal(IDENTITY, subject="p-twice", category="identity", decision_id="d1", field=FIELD)
        for _ in range(2)
    ]
    assert first.c != second.c


@pytest.mark.parametrize("suite", ["A256GCM", "SM4-GCM"])
async def test_a_value_moved_or_changed_anywhere_is_tampered(world: World, suite: str) -> None:
    keyring = await world.connect(suite=suite)
    await keyring.ensure([("p-a", "identity"), ("p-a", "contact"), ("p-b", "identity")])
    sealed = keyring.seal_now(IDENTITY, subject="p-a", category="identity", decision_id="d1", field=FIELD)
    data = bytearray(base64.b64decode(sealed.c))
    flipped = []
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1
        flipped.append(msgspec.structs.replace(sealed, c=base64.b64encode(changed).decode()))
    moved = [
        msgspec.structs.replace(sealed, s="p-b"),
        msgspec.structs.replace(sealed, k="contact"),
        msgspec.structs.replace(sealed, e="d2"),
        msgspec.structs.replace(sealed, v=2),
        msgspec.structs.replace(sealed, suite="none"),
        msgspec.structs.replace(sealed, suite="SM4-GCM" if suite == "A256GCM" else "A256GCM"),
        msgspec.structs.replace(sealed, c="%%"),
        msgspec.structs.replace(sealed, c=""),
    ]
    for forged in flipped + moved:
        with pytest.raises(Tampered):
            await keyring.open(forged, Identity, subject=forged.s, field=FIELD)
    with pytest.raises(Tampered):
        await keyring.open(sealed, Identity, subject="p-b", field=FIELD)
    with pytest.raises(Tampered):
        await keyring.open(sealed, Identity, subject="p-a", field="enrolment.person-registered.v1/contact")
    await keyring.close()


async def test_a_destroyed_key_reads_as_erased_and_is_never_made_again(world: World, keyring: Keyring) -> None:
    sealed = await keyring.seal(IDENTITY, subject="p-gone", category="identity", decision_id="d1", field=FIELD)
    kept = await keyring.seal(
        Contact(name="测试甲", mobile=""), subject="p-gone", category="contact", decision_id="d1", field=FIELD
    )
    await keyring.destroy("p-gone", ["identity"])
    await keyring.destroy("p-gone", ["identity"])
    fresh = await world.connect()
    for ring in (keyring, fresh):
        with pytest.raises(Erased) as erased:
            await ring.open(sealed, Identity, subject="p-gone", field=FIELD)
        assert not isinstance(erased.value, Restricted)
        with pytest.raises(Erased):
            await ring.seal(IDENTITY, subject="p-gone", category="identity", decision_id="d2", field=FIELD)
        with pytest.raises(NotEnsured):
            ring.seal_now(IDENTITY, subject="p-gone", category="identity", decision_id="d2", field=FIELD)
        assert await ring.open(kept, Contact, subject="p-gone", field=FIELD)
    await fresh.close()


async def test_erasing_before_the_first_key_leaves_a_tombstone(keyring: Keyring) -> None:
    await keyring.destroy("p-never", ["identity", "contact"])
    with pytest.raises(Erased):
        await keyring.ensure([("p-never", "contact")])


async def test_one_erased_person_does_not_hold_up_the_others_of_a_bulk_call(keyring: Keyring) -> None:
    await keyring.destroy("p-1", ["identity"])
    with pytest.raises(Erased) as erased:
        await keyring.ensure((f"p-{n}", "identity") for n in range(3))
    assert erased.value.pairs == (("p-1", "identity"),)
    for subject in ("p-0", "p-2"):
        assert keyring.seal_now(IDENTITY, subject=subject, category="identity", decision_id="d", field=FIELD)


async def test_even_the_owner_cannot_bring_an_erased_key_back(world: World, keyring: Keyring) -> None:
    await keyring.ensure([("p-owner", "identity")])
    owner = await asyncpg.connect(world.owner_url)
    before = await owner.fetchval("SELECT wrapped FROM keyring.data_key WHERE subject = 'p-owner'")
    await keyring.destroy("p-owner", ["identity"])
    row = await owner.fetchrow("SELECT * FROM keyring.data_key WHERE subject = 'p-owner'")
    assert (row["state"], row["wrapped"], row["erased_at"] is not None) == ("erased", None, True)
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute(
            "UPDATE keyring.data_key SET wrapped = $1, state = 'active', erased_at = NULL WHERE subject = 'p-owner'",
            before,
        )
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute("DELETE FROM keyring.data_key WHERE subject = 'p-owner'")
    await owner.close()


async def test_restricted_data_is_unreadable_until_it_is_released(world: World, keyring: Keyring) -> None:
    sealed = await keyring.seal(IDENTITY, subject="p-rest", category="identity", decision_id="d1", field=FIELD)
    await keyring.restrict("p-rest", ["identity"])
    with pytest.raises(Restricted):
        await keyring.open(sealed, Identity, subject="p-rest", field=FIELD)
    with pytest.raises(Restricted):
        await keyring.seal(IDENTITY, subject="p-rest", category="identity", decision_id="d2", field=FIELD)
    await keyring.release("p-rest", ["identity"])
    assert await keyring.open(sealed, Identity, subject="p-rest", field=FIELD) == IDENTITY
    await keyring.destroy("p-rest", ["identity"])
    await keyring.release("p-rest", ["identity"])
    with pytest.raises(Erased):
        await keyring.open(sealed, Identity, subject="p-rest", field=FIELD)


async def test_a_key_destroyed_elsewhere_is_used_no_longer_than_its_life_in_the_cache(world: World) -> None:
    now = [0.0]
    reader = await world.connect(cache=KeyCache(life_s=60.0, now=lambda: now[0]))
    other = await world.connect()
    sealed = await reader.seal(IDENTITY, subject="p-ttl", category="identity", decision_id="d1", field=FIELD)
    await other.destroy("p-ttl", ["identity"])
    now[0] = 59.0
    assert await reader.open(sealed, Identity, subject="p-ttl", field=FIELD) == IDENTITY
    now[0] = 60.0
    with pytest.raises(Erased):
        await reader.open(sealed, Identity, subject="p-ttl", field=FIELD)
    await reader.close()
    await other.close()


async def test_ensure_leaves_at_least_half_a_life_to_seal(world: World) -> None:
    now = [0.0]
    keyring = await world.connect(cache=KeyCache(life_s=60.0, now=lambda: now[0]))
    await keyring.ensure([("p-half", "identity")])
    now[0] = 31.0
    await keyring.ensure([("p-half", "identity")])
    now[0] = 89.0
    assert keyring.seal_now(IDENTITY, subject="p-half", category="identity", decision_id="d", field=FIELD)
    now[0] = 91.0
    with pytest.raises(NotEnsured):
        keyring.seal_now(IDENTITY, subject="p-half", category="identity", decision_id="d", field=FIELD)
    await keyring.close()


async def test_the_cache_is_bounded_and_drops_the_least_used(world: World) -> None:
    cache = KeyCache(keys_max=3)
    keyring = await world.connect(cache=cache)
    await keyring.ensure([("p-l1", "identity"), ("p-l2", "identity"), ("p-l3", "identity")])
    await keyring.ensure([("p-l1", "identity")])
    await keyring.ensure([("p-l4", "identity")])
    assert len(cache) == 3
    assert cache.get(("p-l1", "identity"))
    assert cache.get(("p-l2", "identity")) is None
    with pytest.raises(ValueError, match="at most 3"):
        await keyring.ensure((f"p-many{n}", "identity") for n in range(4))
    await keyring.close()


async def test_a_sealed_value_without_a_key_row_says_that_the_keyring_is_too_old(keyring: Keyring) -> None:
    sealed = await keyring.seal(IDENTITY, subject="p-x", category="identity", decision_id="d1", field=FIELD)
    with pytest.raises(KeyMissing):
        await keyring.open(msgspec.structs.replace(sealed, s="p-y"), Identity, subject="p-y", field=FIELD)


async def test_a_category_that_is_not_granted_is_refused_by_the_service_and_by_the_database(world: World) -> None:
    claims = await world.connect("claims")
    enrolment = await world.connect("enrolment")
    facts = Facts(narrative="-")
    sealed = await claims.seal(facts, subject="p-h", category="health", decision_id="d1", field="claims/facts")
    with pytest.raises(NotGranted):
        await enrolment.open(sealed, Facts, subject="p-h", field="claims/facts")
    with pytest.raises(NotGranted):
        await enrolment.ensure([("p-h", "health")])
    with pytest.raises(NotGranted):
        await enrolment.destroy("p-h", ["health"])
    with pytest.raises(NotGranted):
        await Keyring.connect(world.url("notify"), world.kek_file, grants=frozenset({"contact", "health"}))
    raw = await asyncpg.connect(world.url("enrolment"))
    for statement in (
        "SELECT * FROM keyring.data_key",
        "SELECT * FROM keyring.read_keys(ARRAY['p-h'], ARRAY['health'])",
        "SELECT * FROM keyring.make_keys(ARRAY['p-h'], ARRAY['health'], 1, ARRAY['\\x00'::bytea])",
        "SELECT keyring.destroy_keys('p-h', ARRAY['health'])",
        "SELECT keyring.demand(ARRAY['identity'], 'open')",
        "INSERT INTO keyring.category_grant VALUES ('keyring_enrolment', 'health', 'open')",
        "SELECT * FROM keyring.index_key",
        "UPDATE keyring.data_key SET state = 'active'",
        "SET ROLE keyring_owner",
        "SET SESSION AUTHORIZATION keyring_claims",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await raw.execute(statement)
    await raw.close()
    assert await claims.open(sealed, Facts, subject="p-h", field="claims/facts") == facts
    await claims.close()
    await enrolment.close()


async def test_who_may_destroy_need_not_be_able_to_open(world: World) -> None:
    claims = await world.connect("claims")
    await grant(world.owner_url, "keyring_notify", ["contact"], destroys=["health"])
    notify = await world.connect("notify")
    facts = Facts(narrative="-")
    sealed = await claims.seal(facts, subject="p-d", category="health", decision_id="d1", field="claims/facts")
    await notify.destroy("p-d", ["health"])
    with pytest.raises(NotGranted):
        await notify.destroy("p-d", ["contact"])
    assert await claims.open(sealed, Facts, subject="p-d", field="claims/facts"), "still in the cache of claims"
    fresh = await world.connect("claims")
    with pytest.raises(Erased):
        await fresh.open(sealed, Facts, subject="p-d", field="claims/facts")
    for ring in (claims, notify, fresh):
        await ring.close()


async def test_every_opening_of_health_and_bank_is_counted_and_logged_without_values(world: World) -> None:
    claims = await world.connect("claims")
    facts = Facts(narrative="canary-narrative")
    sealed = await claims.seal(facts, subject="p-log", category="health", decision_id="d1", field="claims/facts")
    counter = PERSONAL_DATA_OPENED.labels("health")
    before = counter._value.get()
    with structlog.testing.capture_logs() as lines:
        await claims.open(sealed, Facts, subject="p-log", field="claims/facts")
    assert counter._value.get() == before + 1
    assert lines == [{"event": "personal-data-opened", "category": "health", "subject": "p-log", "log_level": "info"}]
    await claims.close()


async def test_an_index_is_stable_for_one_service_and_purpose_and_foreign_to_others(world: World) -> None:
    first = await world.connect("enrolment")
    second = await world.connect("enrolment", purposes=["id-no"])
    foreign = await world.connect("claims")
    with pytest.raises(NotEnsured):
        first.blind_index_now("id-no", "T-1")
    index = await first.blind_index("id-no", "T-1")
    assert len(index) == 32
    assert second.blind_index_now("id-no", "T-1") == index
    assert await first.blind_index("id-no", "T-2") != index
    assert await first.blind_index("mobile", "T-1") != index
    assert await foreign.blind_index("id-no", "T-1") != index
    for ring in (first, second, foreign):
        await ring.close()


async def test_rewrapping_moves_every_key_and_changes_no_sealed_value(world: World, tmp_path: Path) -> None:
    kek_file = tmp_path / "kek.json"
    kek_file.write_text(world.kek_file.read_text())
    kek_file.chmod(0o600)
    keyring = await world.connect()
    sealed = await keyring.seal(IDENTITY, subject="p-kek", category="identity", decision_id="d1", field=FIELD)
    index = await keyring.blind_index("id-no", "T-9")
    version = add_kek_version(kek_file)
    assert version == 2
    assert await rewrap(world.owner_url, load_kek(kek_file), version) > 0
    assert await rewrap(world.owner_url, load_kek(kek_file), version) == 0
    retire_kek_versions(kek_file, version)
    moved = await Keyring.connect(world.url("enrolment"), kek_file, grants=frozenset({"identity"}))
    assert await moved.open(sealed, Identity, subject="p-kek", field=FIELD) == IDENTITY
    assert await moved.blind_index("id-no", "T-9") == index
    old = await world.connect()
    with pytest.raises(KekUnusable):
        await old.open(sealed, Identity, subject="p-kek", field=FIELD)
    # The other tests of this world go on under the first version.
    keys = json.loads(world.kek_file.read_text()) | json.loads(kek_file.read_text())
    world.kek_file.write_text(json.dumps(keys))
    for ring in (keyring, moved, old):
        await ring.close()
