"""Who asks, and what they may see: bearer tokens verified in every service, roles, and the organisation subtree."""

from __future__ import annotations

import asyncio
import base64
import re
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, NoReturn

import httpx
import msgspec
import sqlalchemy as sa
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from chassis.clock import real_now
from contracts.envelope import SYSTEM, Actor
from contracts.organization import PROVINCE_CODE

ALGORITHMS = ("ES256", "RS256")
TOKEN_TYPES = frozenset({"at+jwt", "application/at+jwt"})
TOKEN_CHARS_MAX = 8_192
SUB_CHARS_MAX = 255
"""OpenID Connect Core, 2."""
CLOCK_LEEWAY_S = 5
JWKS_REFRESH_INTERVAL_S = 10.0
"""An unknown key id asks the issuer again at most this often, whoever sends it."""
JWKS_AGE_MAX_S = 600.0
"""Keys are asked for again after this, so that a withdrawn one leaves."""
JWKS_STALE_MAX_S = 3_600.0
"""While the issuer does not answer, known keys serve this long."""
JWKS_TIMEOUT_S = 5.0
JWKS_BYTES_MAX = 65_536
JWKS_KEYS_MAX = 32
ORG_PATH = re.compile(r"[0-9A-Za-z]+(\.[0-9A-Za-z]+)*")

Key = ECKey | RSAKey
Fetch = Callable[[], Awaitable[bytes]]


class Unauthorized(Exception):
    """The caller is not known (401), as `token-missing`, `token-invalid`, `token-expired`, and the like."""

    def __init__(self, code: str) -> None:
        """The stable code; nothing of the token."""
        super().__init__(code)
        self.code = code


class Forbidden(Exception):
    """The caller is known and may not do this (403), as `role-not-allowed`."""

    def __init__(self, code: str) -> None:
        """The stable code."""
        super().__init__(code)
        self.code = code


class KeysUnavailable(Exception):
    """The issuer's keys cannot be had, so no token can be judged (503)."""

    code = "issuer-unavailable"


class Claims(msgspec.Struct, frozen=True):
    """What a token must say; all of it is required."""

    iss: str
    aud: str | list[str]
    exp: int | float
    iat: int | float
    nbf: int | float
    sub: str
    jti: str
    org: str
    org_path: str
    roles: list[str]


class KeySet(msgspec.Struct, frozen=True):
    """A JWKS document, its keys not yet understood."""

    keys: list[dict[str, Any]]


class Verifier:
    """Verifies bearer tokens of one issuer for one audience; keys come from the issuer's JWKS, cached."""

    def __init__(
        self,
        issuer: str,
        audience: str,
        fetch: Fetch,
        *,
        now: Callable[[], datetime] = real_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`fetch` returns the JWKS document. The real time counts, never the steered business time."""
        self._issuer = issuer
        self._audience = audience
        self._fetch = fetch
        self._now = now
        self._monotonic = monotonic
        self._keys: dict[str, Key] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._lock = asyncio.Lock()

    async def verify(self, header_value: str) -> Actor:
        """The actor an `Authorization` header names. Raises Unauthorized, KeysUnavailable."""
        token = _bearer(header_value)
        key = await self._key(_key_id(token))
        try:
            decoded = jwt.decode(token, key, algorithms=list(ALGORITHMS))
        except (JoseError, ValueError, TypeError, KeyError):
            _refuse("token-invalid")
        if decoded.header.get("typ") not in TOKEN_TYPES:
            _refuse("token-type")
        return self._actor(decoded.claims)

    def _actor(self, raw: dict[str, Any]) -> Actor:
        try:
            claims = msgspec.convert(raw, Claims)
        except msgspec.ValidationError:
            _refuse("token-invalid")
        now = self._now().timestamp()
        if claims.iss != self._issuer:
            _refuse("token-issuer")
        if self._audience not in ([claims.aud] if isinstance(claims.aud, str) else claims.aud):
            _refuse("token-audience")
        if claims.exp <= now - CLOCK_LEEWAY_S:
            _refuse("token-expired")
        if max(claims.nbf, claims.iat) > now + CLOCK_LEEWAY_S:
            _refuse("token-not-yet-valid")
        if not (claims.sub and claims.jti and claims.org and claims.roles and ORG_PATH.fullmatch(claims.org_path)):
            _refuse("token-invalid")
        if len(claims.sub) > SUB_CHARS_MAX or not claims.sub.isprintable():
            _refuse("token-invalid")  # it is written into every event
        if claims.sub == SYSTEM.sub or set(SYSTEM.roles) & set(claims.roles):
            _refuse("token-invalid")  # the system acts from within; no token speaks for it
        return Actor(sub=claims.sub, org=claims.org, org_path=claims.org_path, roles=tuple(claims.roles))

    async def _key(self, kid: str) -> Key:
        if kid not in self._keys or self._age() > JWKS_AGE_MAX_S:
            async with self._lock:
                if kid not in self._keys or self._age() > JWKS_AGE_MAX_S:
                    await self._refresh()
        if self._age() > JWKS_STALE_MAX_S:
            raise KeysUnavailable
        key = self._keys.get(kid)
        if key is None:
            _refuse("token-key-unknown")
        return key

    def _age(self) -> float:
        return float("inf") if self._fetched_at is None else self._monotonic() - self._fetched_at

    async def _refresh(self) -> None:
        now = self._monotonic()
        if self._tried_at is not None and now - self._tried_at < JWKS_REFRESH_INTERVAL_S:
            return
        self._tried_at = now
        try:
            self._keys = _import_keys(await self._fetch())
        except (httpx.HTTPError, OSError, msgspec.MsgspecError, JoseError, ValueError):
            return  # `_key` decides by the age of what is known
        self._fetched_at = now


def fetch_jwks(http: httpx.AsyncClient, url: str) -> Fetch:
    """How a service asks its issuer: bounded in time and size."""

    async def fetch() -> bytes:
        async with http.stream("GET", url, timeout=JWKS_TIMEOUT_S) as response:
            response.raise_for_status()
            body = b""
            async for part in response.aiter_bytes():
                body += part
                if len(body) > JWKS_BYTES_MAX:
                    raise ValueError("the JWKS is too large")
        return body

    return fetch


def allow(actor: Actor, *roles: str) -> None:
    """Go on if the actor has one of the roles. Raises Forbidden."""
    if not set(roles) & set(actor.roles):
        raise Forbidden("role-not-allowed")


def allow_province(actor: Actor, *roles: str) -> None:
    """Go on if the actor has one of the roles and sees the whole of the province. Raises Forbidden."""
    allow(actor, *roles)
    if actor.org_path != PROVINCE_CODE:
        raise Forbidden("organization-not-allowed")


def scope(actor: Actor) -> str:
    """The path of the subtree that the actor sees."""
    return actor.org_path


def in_subtree(column: sa.ColumnElement[str], actor: Actor) -> sa.ColumnElement[bool]:
    """The condition that a row's organisation path lies in the actor's subtree."""
    path = scope(actor)
    return sa.or_(column == path, column.startswith(path + ".", autoescape=True))


def _refuse(code: str) -> NoReturn:
    # `from None`: a library's message may quote the token
    raise Unauthorized(code) from None


def _bearer(header_value: str) -> str:
    scheme, _, token = header_value.strip().partition(" ")
    if not header_value.strip():
        _refuse("token-missing")
    if scheme.lower() != "bearer" or not token or len(token) > TOKEN_CHARS_MAX or not token.isascii():
        _refuse("token-invalid")
    return token.strip()


def _key_id(token: str) -> str:
    try:
        header = _header(token)
        kid, algorithm = header["kid"], header["alg"]
    except (JoseError, msgspec.MsgspecError, ValueError, KeyError, TypeError):
        _refuse("token-invalid")
    if not isinstance(kid, str) or algorithm not in ALGORITHMS:
        _refuse("token-invalid")
    return kid


def _header(token: str) -> dict[str, Any]:
    """The unverified header of a compact token: good for choosing a key and for nothing else."""
    part = token.split(".", 1)[0]
    return msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)), type=dict[str, Any])


def _import_keys(document: bytes) -> dict[str, Key]:
    """The signing keys of a JWKS by key id; kinds that are not used here are passed over."""
    kinds: dict[object, type[ECKey | RSAKey]] = {"EC": ECKey, "RSA": RSAKey}
    keys: dict[str, Key] = {}
    for entry in msgspec.json.decode(document, type=KeySet).keys[:JWKS_KEYS_MAX]:
        kind, kid = kinds.get(entry.get("kty")), entry.get("kid")
        if kind is None or not isinstance(kid, str) or entry.get("use", "sig") != "sig":
            continue
        try:
            keys[kid] = kind.import_key(entry)
        except (JoseError, ValueError, TypeError, KeyError):
            continue  # one key that is not understood does not take the others away (RFC 7517, 5)
    if not keys:
        raise ValueError("the JWKS has no usable key")
    return keys
