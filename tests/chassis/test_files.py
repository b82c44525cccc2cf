"""Files kept sealed: whole, in order, for their subject only; tables whose charset shows far below the header."""

from __future__ import annotations

import hashlib
import io
from collections.abc import AsyncIterator, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from chassis.clock import new_id
from chassis.files import DiskStore, Extent, Kept, ObjectAbsent, Unreadable, Vault, open_table, text_of
from chassis.files.vault import PART_BYTES
from chassis.keyring import Erased, Keyring, Tampered
from chassis.keyring.suites import NONCE_BYTES, TAG_BYTES
from tests.chassis.keyring_world import World, world

__all__ = ["world"]

LATER = date(2022, 6, 1)
EXTENT = Extent(26, 1_000, 10_000_000)
SEALED_PART = NONCE_BYTES + PART_BYTES + TAG_BYTES


@pytest.fixture
async def keyring(world: World) -> AsyncIterator[Keyring]:
    made = await world.connect("claims")
    yield made
    await made.close()


async def kept(keyring: Keyring, folder: Path, content: bytes, key: str = "papers/one") -> tuple[Vault, Path, str]:
    subject = new_id()
    vault = Vault(DiskStore(folder), keyring)
    told = await vault.keep(key, io.BytesIO(content), subject=subject, category="health", expires_on=LATER)
    assert told.size == len(content)
    return vault, folder / f"{key}.sealed", subject


@pytest.mark.parametrize("size", [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 7])
async def test_a_file_comes_back_as_it_was_and_lies_sealed(keyring: Keyring, tmp_path: Path, size: int) -> None:
    content = (b"canary-of-a-paper " * (size // 18 + 1))[:size]
    vault, path, subject = await kept(keyring, tmp_path, content)
    assert await vault.take("papers/one", subject=subject) == content
    assert b"canary" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0


async def test_a_part_that_is_missing_moved_or_changed_is_tampered(keyring: Keyring, tmp_path: Path) -> None:
    vault, path, subject = await kept(keyring, tmp_path, b"x" * (3 * PART_BYTES))
    whole = path.read_bytes()
    start = whole.index(b"\n") + 1
    parts = [whole[at : at + SEALED_PART] for at in range(start, len(whole), SEALED_PART)]
    assert len(parts) == 3
    broken = [
        parts[:2],
        parts[1:],
        [],
        [parts[1], parts[0], parts[2]],
        [parts[0], parts[2]],
        [*parts, parts[2]],
        [parts[0], parts[1], parts[2][:-1] + bytes([parts[2][-1] ^ 1])],
    ]
    for found in broken:
        path.write_bytes(whole[:start] + b"".join(found))
        with pytest.raises(Tampered):
            await vault.take("papers/one", subject=subject)
    path.write_bytes(whole)
    assert len(await vault.take("papers/one", subject=subject)) == 3 * PART_BYTES


async def test_another_subject_or_a_destroyed_key_opens_nothing(keyring: Keyring, tmp_path: Path) -> None:
    vault, _, subject = await kept(keyring, tmp_path, b"a paper")
    with pytest.raises(Tampered):
        await vault.take("papers/one", subject=new_id())
    await keyring.destroy(subject, ["health"])
    with pytest.raises(Erased):
        await vault.take("papers/one", subject=subject)


async def test_what_is_discarded_or_was_never_kept_is_absent(keyring: Keyring, tmp_path: Path) -> None:
    vault, path, subject = await kept(keyring, tmp_path, b"a paper")
    assert await vault.holds("papers/one")
    await vault.discard("papers/one")
    await vault.discard("papers/one")
    assert not path.exists()
    assert not await vault.holds("papers/one")
    with pytest.raises(ObjectAbsent):
        await vault.open("papers/one", subject=subject)
    with pytest.raises(ValueError, match="joined by slashes"):
        await vault.open("../keys/kek", subject=subject)


async def test_a_file_whose_time_is_over_is_destroyed_and_no_other(keyring: Keyring, tmp_path: Path) -> None:
    vault, path, subject = await kept(keyring, tmp_path, b"a paper")
    _, other, _ = await kept(keyring, tmp_path, b"a roster", "rosters/one")
    assert await vault.discard_expired("papers", LATER) == 0
    assert await vault.take("papers/one", subject=subject) == b"a paper"
    assert await vault.discard_expired("papers", LATER + timedelta(days=1)) == 1
    assert (path.exists(), other.exists()) == (False, True)
    assert await vault.discard_expired("nothing", LATER) == 0


async def test_a_file_kept_by_its_digest_is_named_so_and_twice_is_two(keyring: Keyring, tmp_path: Path) -> None:
    vault, subject = Vault(DiskStore(tmp_path), keyring), new_id()
    whole = b"a paper" * (PART_BYTES // 5)

    async def keep() -> Kept:
        return await vault.keep_by_digest("papers", whole, subject=subject, category="health", expires_on=LATER)

    one, two = await keep(), await keep()
    assert one.sha256 != two.sha256
    assert one.size == len(whole)
    for kept_one in (one, two):
        path = tmp_path / "papers" / f"{kept_one.sha256}.sealed"
        _, _, parts = path.read_bytes().partition(b"\n")
        assert hashlib.sha256(parts).hexdigest() == kept_one.sha256
        assert whole[:100] not in parts
        assert await vault.take(f"papers/{kept_one.sha256}", subject=subject) == whole


def test_objects_are_listed_in_order_and_in_parts(tmp_path: Path) -> None:
    store = DiskStore(tmp_path)
    for key in ("papers/b", "papers/a/2", "papers/a/1", "rosters/c"):
        store.put_object(key, [b"x"])
    assert store.list_objects("papers", "", 2) == ["papers/a/1", "papers/a/2"]
    assert store.list_objects("papers", "papers/a/2", 2) == ["papers/b"]


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"first"
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        DiskStore(tmp_path).put_object("papers/one", broken())
    assert [*tmp_path.rglob("*")] == [tmp_path / "papers"]


@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
def test_a_charset_is_found_behind_a_header_that_does_not_tell_it(charset: str) -> None:
    lines = ["setl_id,psn_name", *(f"{n},a" for n in range(200_000)), "last,张三"]
    content = "\n".join(lines).encode(charset)
    table = open_table(lambda: io.BytesIO(content), first_column="setl_id", extent=EXTENT)
    assert table.format == charset
    assert [*table.lines()][-1] == ("last", "张三")


def test_what_is_neither_charset_is_refused() -> None:
    with pytest.raises(Unreadable) as caught:
        open_table(lambda: io.BytesIO(b"setl_id\n\xff\xff"), first_column="setl_id", extent=EXTENT)
    assert caught.value.code == "charset-unknown"


def test_an_exact_column_shows_that_digits_were_lost() -> None:
    assert text_of(6.2072519900101e17, exact=True) == "6.20725E+17"
    assert (text_of(3.0, exact=False), text_of(3.5, exact=False), text_of("a", exact=True)) == ("3", "3.5", "a")
