"""A token that anyone but the issuer made, or made for another purpose or time, opens nothing."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from chassis.auth import (
    JWKS_AGE_MAX_S,
    JWKS_REFRESH_INTERVAL_S,
    JWKS_STALE_MAX_S,
    Forbidden,
    KeysUnavailable,
    Unauthorized,
    Verifier,
    allow,
    fetch_jwks,
    in_subtree,
    scope,
)
from contracts.envelope import Actor

ISSUER, AUDIENCE = "urn:test-issuer", "huzhu"
EC = ECKey.generate_key("P-256", {"kid": "ec-1", "use": "sig"}, private=True)
RSA = RSAKey.generate_key(2048, {"kid": "rsa-1"}, private=True)
STRANGER = ECKey.generate_key("P-256", {"kid": "ec-1"}, private=True)
JWKS = {"keys": [EC.as_dict(private=False), RSA.as_dict(private=False)]}


class Issuer:
    """Answers with its document, counts how often, and can be down."""

    def __init__(self, document: dict[str, Any] | None = None) -> None:
        self.document: Any = document or JWKS
        self.down = False
        self.calls = 0

    async def fetch(self) -> bytes:
        self.calls += 1
        if self.down:
            raise httpx.ConnectError("down")
        return json.dumps(self.document).encode()


def verifier(issuer: Issuer | None = None, monotonic: Callable[[], float] = time.monotonic) -> Verifier:
    return Verifier(ISSUER, AUDIENCE, (issuer or Issuer()).fetch, monotonic=monotonic)


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    made = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "clerk-1",
        "roles": ["unit_clerk"],
        "org": "620700",
        "org_path": "620000.620700",
        "iat": now,
        "nbf": now,
        "exp": now + 600,
        "jti": "j-1",
    } | changes
    return {name: value for name, value in made.items() if value is not None}


def token(key: Any = EC, alg: str = "ES256", kid: str | None = "ec-1", typ: str = "at+jwt", **changes: Any) -> str:
    header = {"alg": alg, "typ": typ} | ({} if kid is None else {"kid": kid})
    return jwt.encode(header, claims(**changes), key, algorithms=[alg])


def part(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(header: dict[str, Any], signature: Callable[[bytes], bytes]) -> str:
    text = f"{part(header)}.{part(claims())}"
    return f"{text}.{part(signature(text.encode()))}"


async def refused(header_value: str, by: Verifier | None = None) -> str:
    with pytest.raises(Unauthorized) as answer:
        await (by or verifier()).verify(header_value)
    assert answer.value.__cause__ is None
    return answer.value.code


@pytest.mark.parametrize(("key", "alg", "kid"), [(EC, "ES256", "ec-1"), (RSA, "RS256", "rsa-1")])
async def test_a_good_token_names_its_actor(key: Any, alg: str, kid: str) -> None:
    actor = await verifier().verify(f"Bearer {token(key, alg, kid)}")
    assert actor == Actor(sub="clerk-1", org="620700", org_path="620000.620700", roles=("unit_clerk",))


async def test_the_audience_may_be_one_of_several() -> None:
    assert await verifier().verify("bearer " + token(aud=["other", AUDIENCE]))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": "urn:another"}, "token-issuer"),
        ({"aud": "another"}, "token-audience"),
        ({"aud": ["another"]}, "token-audience"),
        ({"exp": int(time.time()) - 60}, "token-expired"),
        ({"nbf": int(time.time()) + 600}, "token-not-yet-valid"),
        ({"iat": int(time.time()) + 600}, "token-not-yet-valid"),
        *(
            ({name: None}, "token-invalid")
            for name in ("iss", "aud", "exp", "iat", "nbf", "sub", "jti", "org", "org_path", "roles")
        ),
        ({"exp": "9999999999"}, "token-invalid"),
        ({"roles": "unit_clerk"}, "token-invalid"),
        ({"roles": []}, "token-invalid"),
        ({"sub": ""}, "token-invalid"),
        ({"org_path": ""}, "token-invalid"),
        ({"org_path": "%"}, "token-invalid"),
        ({"org_path": "620000."}, "token-invalid"),
        ({"sub": "system"}, "token-invalid"),
        ({"roles": ["unit_clerk", "system"]}, "token-invalid"),
        ({"typ": "JWT"}, "token-type"),
        ({"kid": None}, "token-invalid"),
        ({"kid": "unknown"}, "token-key-unknown"),
        ({"key": STRANGER}, "token-invalid"),
    ],
)
async def test_a_token_with_a_wrong_part_is_refused(changes: dict[str, Any], code: str) -> None:
    assert await refused(f"Bearer {token(**changes)}") == code


async def test_a_token_without_a_signature_is_refused() -> None:
    for alg in ("none", "None", "NONE", ""):
        assert await refused("Bearer " + forged({"alg": alg, "typ": "at+jwt", "kid": "ec-1"}, lambda _: b"")) == (
            "token-invalid"
        )
    assert await refused("Bearer " + forged({"alg": "ES256", "typ": "at+jwt", "kid": "ec-1"}, lambda _: b""))


@pytest.mark.parametrize("kid", ["ec-1", "rsa-1"])
@pytest.mark.parametrize("alg", ["HS256", "ES256", "RS256"])
async def test_the_public_key_is_no_shared_secret(kid: str, alg: str) -> None:
    key = EC if kid == "ec-1" else RSA
    secrets = [key.as_pem(private=False), json.dumps(key.as_dict(private=False)).encode(), b""]
    for secret in secrets:

        def sign(text: bytes, secret: bytes = secret) -> bytes:
            return hmac.digest(secret, text, hashlib.sha256)

        assert await refused("Bearer " + forged({"alg": alg, "typ": "at+jwt", "kid": kid}, sign)) == "token-invalid"


async def test_a_symmetric_key_in_the_key_set_signs_nothing() -> None:
    shared = OctKey.generate_key(256, {"kid": "oct-1"})
    issuer = Issuer({"keys": [*JWKS["keys"], shared.as_dict(private=True)]})
    assert await refused(f"Bearer {token(shared, 'HS256', 'oct-1')}", verifier(issuer)) == "token-invalid"


async def test_a_key_inside_the_token_is_not_believed() -> None:
    header = {"alg": "ES256", "typ": "at+jwt", "kid": "ec-1", "jwk": STRANGER.as_dict(private=False)}
    assert await refused("Bearer " + jwt.encode(header, claims(), STRANGER, algorithms=["ES256"])) == "token-invalid"


async def test_every_changed_character_of_a_payload_is_noticed() -> None:
    head, payload, signature = token().split(".")
    by = verifier()
    for place in range(len(payload)):
        other = "A" if payload[place] != "A" else "B"
        changed = f"{payload[:place]}{other}{payload[place + 1 :]}"
        assert await refused(f"Bearer {head}.{changed}.{signature}", by) == "token-invalid"


@pytest.mark.parametrize(
    ("header_value", "code"),
    [
        ("", "token-missing"),
        ("   ", "token-missing"),
        ("Bearer", "token-invalid"),
        ("Bearer x", "token-invalid"),
        ("Bearer a.b.c", "token-invalid"),
        ("Bearer ...", "token-invalid"),
        ("Bearer 令牌", "token-invalid"),
        ("Basic dXNlcjpwYXNz", "token-invalid"),
        ("Bearer " + "a" * 9_000, "token-invalid"),
    ],
)
async def test_what_is_no_token_is_refused(header_value: str, code: str) -> None:
    assert await refused(header_value) == code


async def test_a_new_key_of_the_issuer_is_found_and_unknown_ones_do_not_flood_it() -> None:
    now = [0.0]
    issuer = Issuer({"keys": [RSA.as_dict(private=False)]})
    by = verifier(issuer, lambda: now[0])
    assert await refused(f"Bearer {token()}", by) == "token-key-unknown"
    issuer.document = JWKS
    await asyncio.gather(*(refused(f"Bearer {token()}", by) for _ in range(20)))
    assert issuer.calls == 1
    now[0] = JWKS_REFRESH_INTERVAL_S
    await asyncio.gather(*(by.verify(f"Bearer {token()}") for _ in range(20)))
    assert issuer.calls == 2


async def test_a_withdrawn_key_leaves_and_an_issuer_that_is_down_is_bridged_for_a_while() -> None:
    now = [0.0]
    issuer = Issuer()
    by = verifier(issuer, lambda: now[0])
    good = f"Bearer {token()}"
    await by.verify(good)
    issuer.down = True
    now[0] = JWKS_AGE_MAX_S + 1
    await by.verify(good)
    assert issuer.calls == 2
    now[0] = JWKS_STALE_MAX_S + 1
    with pytest.raises(KeysUnavailable):
        await by.verify(good)
    issuer.down, issuer.document = False, {"keys": [RSA.as_dict(private=False)]}
    now[0] += JWKS_REFRESH_INTERVAL_S
    assert await refused(good, by) == "token-key-unknown"


@pytest.mark.parametrize("document", [{}, {"keys": []}, {"keys": [{"kty": "EC", "kid": "ec-1"}]}, {"keys": [1]}])
async def test_a_broken_key_set_opens_nothing(document: dict[str, Any]) -> None:
    issuer = Issuer()
    issuer.document = document
    with pytest.raises(KeysUnavailable):
        await verifier(issuer).verify(f"Bearer {token()}")


async def test_the_key_set_is_fetched_over_http_and_bounded() -> None:
    answers = [httpx.Response(200, json=JWKS), httpx.Response(200, content=b"x" * 100_000), httpx.Response(503)]
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answers.pop(0))) as http:
        fetch = fetch_jwks(http, "http://issuer/jwks.json")
        assert json.loads(await fetch()) == JWKS
        with pytest.raises(ValueError, match="too large"):
            await fetch()
        with pytest.raises(httpx.HTTPStatusError):
            await fetch()


def test_a_role_is_needed_to_go_on() -> None:
    actor = Actor(sub="s", org="620700", org_path="620000.620700", roles=("member", "agent"))
    allow(actor, "unit_clerk", "agent")
    with pytest.raises(Forbidden) as answer:
        allow(actor, "finance")
    assert answer.value.code == "role-not-allowed"
    with pytest.raises(Forbidden):
        allow(actor)


def test_a_subtree_holds_its_root_and_all_below_and_no_neighbour() -> None:
    rows = sa.Table("rows", sa.MetaData(), sa.Column("org_path", sa.Text))
    engine = sa.create_engine("sqlite://")
    paths = ["620000", "620000.620700", "620000.620700.620725", "620000.6207001", "620000.620800", "X620000.620700"]
    actor = Actor(sub="s", org="620700", org_path="620000.620700", roles=())
    assert scope(actor) == "620000.620700"
    with engine.connect() as connection:
        rows.metadata.create_all(connection)
        connection.execute(rows.insert(), [{"org_path": path} for path in paths])
        seen = connection.execute(sa.select(rows).where(in_subtree(rows.c.org_path, actor))).scalars().all()
    assert sorted(seen) == ["620000.620700", "620000.620700.620725"]
