"""The local issuer: real tokens for one machine, and nothing for anywhere else."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from contracts.organization import UnknownOrganization
from huzhu.runner import issuer
from huzhu.runner.home import LOOPBACK, Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").make()


def test_a_token_carries_role_and_place_and_verifies_by_the_published_key(home: Home) -> None:
    token = issuer.mint(home, "county_clerk", "620725", "someone")
    decoded = jwt.decode(token, KeySet.import_key_set(json.loads(issuer.jwks(home))), algorithms=["ES256"])
    claims = decoded.claims
    assert decoded.header["typ"] == "at+jwt"
    assert (claims["iss"], claims["aud"], claims["sub"]) == (issuer.ISSUER, "huzhu", "someone")
    assert (claims["roles"], claims["org"]) == (["county_clerk"], "620725")
    assert claims["org_path"] == "620000.620700.620725"
    assert claims["exp"] - claims["iat"] == issuer.TOKEN_TTL_S


def test_the_published_key_has_no_private_part(home: Home) -> None:
    (key,) = json.loads(issuer.jwks(home))["keys"]
    assert "d" not in key
    assert stat.S_IMODE((home.keys / "issuer.jwk").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.keys.stat().st_mode) == 0o700


def test_the_key_stays_the_same_across_starts(home: Home) -> None:
    assert issuer.jwks(home) == issuer.jwks(Home(home.root))


@pytest.mark.parametrize("ttl_s", [0, issuer.TOKEN_TTL_S_MAX + 1])
def test_a_token_lives_at_most_twelve_hours(home: Home, ttl_s: int) -> None:
    with pytest.raises(issuer.Refused):
        issuer.mint(home, "finance", "620000", ttl_s=ttl_s)


def test_an_unknown_organisation_gets_no_token(home: Home) -> None:
    with pytest.raises(UnknownOrganization):
        issuer.mint(home, "finance", "110000")


def test_elsewhere_than_on_a_single_machine_the_issuer_refuses(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUZHU_PROFILE", raising=False)
    with pytest.raises(issuer.Refused):
        issuer.serve(home, LOOPBACK, 0)
    monkeypatch.setenv("HUZHU_PROFILE", "production")
    with pytest.raises(issuer.Refused):
        issuer.serve(home, LOOPBACK, 0)
    with pytest.raises(issuer.Refused):
        issuer.mint(home, "finance", "620000")


def test_on_any_other_address_than_loopback_the_issuer_refuses(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUZHU_PROFILE", issuer.PROFILE)
    for address in ("0.0.0.0", "10.0.0.1", "::"):  # noqa: S104 - the refusal is what is tested
        with pytest.raises(issuer.Refused):
            issuer.serve(home, address, 0)
