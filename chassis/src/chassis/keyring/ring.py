"""Personal data is sealed and opened here, under one data key for each person and category."""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec
import structlog

from chassis.keyring.cache import KeyCache
from chassis.keyring.errors import Erased, KeyMissing, NotEnsured, NotGranted, Pair, Restricted, Tampered
from chassis.keyring.store import KeyStore, Row
from chassis.keyring.suites import SUITES
from chassis.keyring.wrapping import KeyWrap, load_kek
from chassis.telemetry.metrics import PERSONAL_DATA_OPENED
from contracts.envelope import Sealed

KEY_BYTES = 32
DATA_KEY_VERSION = 1
INDEX_VERSION = 1
PAIRS_PER_CALL_MAX = 10_000
"""So many pairs go into one statement; more are sent in several."""
AUDITED = frozenset({"health", "bank"})
"""Every single opening of these categories leaves a line in the log."""

T = TypeVar("T", bound=msgspec.Struct)
Question = tuple[Sealed, type[T], str, str]
"""A sealed value, the shape behind it, whose it is, and the field it stands in."""

log = structlog.get_logger("chassis.keyring")


class Keyring:
    """One service's access to the data keys of its granted categories."""

    def __init__(self, store: KeyStore, wrap: KeyWrap, grants: frozenset[str], suite: str, cache: KeyCache) -> None:
        """Use `connect`."""
        self._store = store
        self._wrap = wrap
        self._grants = grants
        self._suite = suite
        self._cipher = SUITES[suite]
        self._cache = cache
        self._purposes: dict[str, bytes] = {}

    @staticmethod
    async def connect(
        url: str,
        kek_file: Path | str | None,
        *,
        grants: frozenset[str],
        suite: str = "A256GCM",
        purposes: Iterable[str] = (),
        cache: KeyCache | None = None,
    ) -> Keyring:
        """Connect as a service; HUZHU_KEK, if set, takes the place of the file.

        Raises NotGranted when the database does not grant what the service says it needs, and KekUnusable.
        """
        wrap = load_kek(Path(kek_file) if kek_file else None)
        store = await KeyStore.connect(url)
        try:
            keyring = Keyring(store, wrap, grants, suite, KeyCache() if cache is None else cache)
            await keyring._check_grants()
            for purpose in purposes:
                await keyring.ensure_purpose(purpose)
        except BaseException:
            await store.close()
            raise
        return keyring

    async def close(self) -> None:
        """Give the connections back."""
        await self._store.close()

    async def ensure(self, pairs: Iterable[Pair]) -> None:
        """Make the missing data keys of (person, category) pairs and commit them; after it `seal_now` works.

        At most as many pairs as the cache holds. Raises Erased naming the pairs that are no more (the others are
        made all the same), NotGranted, ValueError.
        """
        wanted = [
            pair for pair in dict.fromkeys(pairs) if self._cache.get(pair, life_min_s=self._cache.life_s / 2) is None
        ]
        if len(wanted) > self._cache.keys_max:
            raise ValueError(f"at most {self._cache.keys_max} keys can be ensured at once")
        self._demand({category for _, category in wanted})
        refused: list[Row] = []
        gone: list[Pair] = []
        for start in range(0, len(wanted), PAIRS_PER_CALL_MAX):
            part = wanted[start : start + PAIRS_PER_CALL_MAX]
            unusable = await self._make(part)
            refused += unusable
            gone += [part[row.place - 1] for row in unusable]
        if gone:
            raise _unusable(refused, gone)

    async def _make(self, pairs: list[Pair]) -> list[Row]:
        """Make keys in one statement and cache them; return the rows that may not be used."""
        asked_at = self._cache.now()
        noise = os.urandom(KEY_BYTES * len(pairs))
        keys = [noise[at : at + KEY_BYTES] for at in range(0, len(noise), KEY_BYTES)]
        wrapped = self._wrap.wrap(keys)
        subjects = [subject for subject, _ in pairs]
        categories = [category for _, category in pairs]
        others = await self._store.make(subjects, categories, self._wrap.version, wrapped)
        if not others:
            self._cache.put(pairs, keys, read_at=asked_at)
            return []
        usable = [(row.place - 1, row.kek_version, row.wrapped) for row in others if row.wrapped is not None]
        unwrapped = self._wrap.unwrap([(version, key) for _, version, key in usable])
        for (place, _, _), key in zip(usable, unwrapped, strict=True):
            keys[place] = key
        unusable = {row.place - 1: row for row in others if row.wrapped is None}
        kept = [place for place in range(len(pairs)) if place not in unusable]
        self._cache.put([pairs[place] for place in kept], [keys[place] for place in kept], read_at=asked_at)
        return list(unusable.values())

    async def seal(self, value: msgspec.Struct, *, subject: str, category: str, decision_id: str, field: str) -> Sealed:
        """Seal a value for one decision and field. Raises Erased, NotGranted."""
        await self.ensure([(subject, category)])
        return self.seal_now(value, subject=subject, category=category, decision_id=decision_id, field=field)

    def seal_now(self, value: msgspec.Struct, *, subject: str, category: str, decision_id: str, field: str) -> Sealed:
        """Seal after `ensure`, without waiting. Raises NotEnsured."""
        key = self._cache.get((subject, category))
        if key is None:
            raise NotEnsured("ensure the data key before sealing")
        associated = msgspec.json.encode((self._suite, subject, category, decision_id, field))
        sealed = self._cipher.encrypt(key, msgspec.json.encode(value), associated)
        return Sealed(
            suite=self._suite,
            s=subject,
            k=category,
            v=DATA_KEY_VERSION,
            e=decision_id,
            c=base64.b64encode(sealed).decode("ascii"),
        )

    async def open(self, sealed: Sealed, shape: type[T], *, subject: str, field: str) -> T:
        """Open one value. Raises Erased, NotGranted, Tampered, KeyMissing."""
        answer = (await self.open_many([(sealed, shape, subject, field)]))[0]
        if isinstance(answer, Erased):
            raise answer
        return answer

    async def open_many(self, questions: Sequence[Question[T]]) -> list[T | Erased]:
        """Open many values, asking for their keys at once; an erased one is answered by Erased in its place.

        Raises NotGranted, Tampered, KeyMissing for the whole call.
        """
        self._demand({sealed.k for sealed, _, _, _ in questions})
        keys = await self._keys(list(dict.fromkeys((sealed.s, sealed.k) for sealed, _, _, _ in questions)))
        answers: list[T | Erased] = []
        opened = Counter[str]()
        for sealed, shape, subject, field in questions:
            key = keys[sealed.s, sealed.k]
            if isinstance(key, Erased):
                answers.append(key)
                continue
            answers.append(_open(key, sealed, shape, subject, field))
            opened[sealed.k] += 1
            if sealed.k in AUDITED:
                log.info("personal-data-opened", category=sealed.k, subject=subject)
        for category, count in opened.items():
            PERSONAL_DATA_OPENED.labels(category).inc(count)
        return answers

    async def _keys(self, pairs: list[Pair]) -> dict[Pair, bytes | Erased]:
        found: dict[Pair, bytes | Erased] = {}
        wanted: list[Pair] = []
        for pair in pairs:
            cached = self._cache.get(pair)
            if cached is None:
                wanted.append(pair)
            else:
                found[pair] = cached
        for start in range(0, len(wanted), PAIRS_PER_CALL_MAX):
            found |= await self._read(wanted[start : start + PAIRS_PER_CALL_MAX])
        return found

    async def _read(self, pairs: list[Pair]) -> dict[Pair, bytes | Erased]:
        asked_at = self._cache.now()
        rows = await self._store.read([subject for subject, _ in pairs], [category for _, category in pairs])
        if len(rows) != len(pairs):
            raise KeyMissing(f"{len(pairs) - len(rows)} data keys are not in the keyring")
        usable = [(pairs[row.place - 1], row.kek_version, row.wrapped) for row in rows if row.wrapped is not None]
        keys = self._wrap.unwrap([(version, wrapped) for _, version, wrapped in usable])
        opened = [pair for pair, _, _ in usable]
        self._cache.put(opened, keys, read_at=asked_at)
        found: dict[Pair, bytes | Erased] = dict(zip(opened, keys, strict=True))
        for row in rows:
            if row.wrapped is None:
                pair = pairs[row.place - 1]
                found[pair] = _unusable([row], [pair])
        return found

    async def destroy(self, subject: str, categories: Iterable[str]) -> None:
        """Destroy a person's keys for good, those never made included; repeating it changes nothing.

        Other processes forget a cached key within KEY_LIFE_S. Raises NotGranted.
        """
        named = sorted(set(categories))
        await self._store.destroy(subject, named)
        for category in named:
            self._cache.forget((subject, category))

    async def restrict(self, subject: str, categories: Iterable[str]) -> None:
        """Keep a person's data and stop its use (within KEY_LIFE_S everywhere). Raises NotGranted."""
        named = sorted(set(categories))
        await self._store.restrict(subject, named, restricted=True)
        for category in named:
            self._cache.forget((subject, category))

    async def release(self, subject: str, categories: Iterable[str]) -> None:
        """Allow the use of restricted data again; erased data stays erased. Raises NotGranted."""
        await self._store.restrict(subject, sorted(set(categories)), restricted=False)

    async def ensure_purpose(self, purpose: str) -> None:
        """Load this service's index key of a purpose, making it the first time; after it `blind_index_now` works."""
        if purpose in self._purposes:
            return
        (wrapped,) = self._wrap.wrap([os.urandom(KEY_BYTES)])
        kept = await self._store.make_index_key(purpose, INDEX_VERSION, self._wrap.version, wrapped)
        (self._purposes[purpose],) = self._wrap.unwrap([kept])

    async def blind_index(self, purpose: str, normalised: str) -> bytes:
        """The 32-byte keyed index of a normalised value; for a mutable look-up table, never for an event."""
        await self.ensure_purpose(purpose)
        return self.blind_index_now(purpose, normalised)

    def blind_index_now(self, purpose: str, normalised: str) -> bytes:
        """The same without waiting. Raises NotEnsured before `ensure_purpose` (or `connect(purposes=…)`)."""
        key = self._purposes.get(purpose)
        if key is None:
            raise NotEnsured("ensure the purpose before indexing")
        return hmac.digest(key, f"{purpose}|v{INDEX_VERSION}|{normalised}".encode(), "sha256")

    async def _check_grants(self) -> None:
        if not self._grants <= await self._store.granted():
            raise NotGranted("the database grants less than this service declares")

    def _demand(self, categories: set[str]) -> None:
        if not categories <= self._grants:
            raise NotGranted(f"not granted to this service: {', '.join(sorted(categories - self._grants))}")


def _unusable(rows: Sequence[Row], pairs: Sequence[Pair]) -> Erased:
    return Restricted(pairs) if all(row.state == "restricted" for row in rows) else Erased(pairs)


def _open(key: bytes, sealed: Sealed, shape: type[T], subject: str, field: str) -> T:
    cipher = SUITES.get(sealed.suite)
    if cipher is None or sealed.s != subject or sealed.v != DATA_KEY_VERSION:
        raise Tampered("a sealed value is not this person's, or of an unknown suite or version")
    try:
        data = base64.b64decode(sealed.c, validate=True)
    except (binascii.Error, ValueError):
        raise Tampered("a sealed value is not base64") from None
    associated = msgspec.json.encode((sealed.suite, subject, sealed.k, sealed.e, field))
    return msgspec.json.decode(cipher.decrypt(key, data, associated), type=shape)
