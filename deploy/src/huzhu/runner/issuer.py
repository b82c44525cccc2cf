"""The token issuer of one machine: one ES256 key, a JWKS on loopback, and nothing for anywhere else."""

import json
import os
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from chassis.clock import new_id, real_now
from contracts.organization import path_of
from huzhu.runner.home import LOOPBACK, Home, write_private

ISSUER = "urn:huzhu:local-issuer"
AUDIENCE = "huzhu"
PROFILE = "single-machine"
ALGORITHM = "ES256"
JWKS_PATH = "/jwks.json"
TOKEN_TTL_S = 3_600
TOKEN_TTL_S_MAX = 12 * 3_600
REQUEST_TIMEOUT_S = 5


ROLES = (
    *("member", "agent", "unit_clerk", "county_clerk", "city_clerk"),
    *("office_reviewer", "office_rechecker", "office_head", "finance", "supervisor"),
    *("health_provider", "health_kiosk", "hotline_agent", "auditor", "sys_admin", "service"),
)
"""Who there is (domain 4.3); the last three are the auditor, the operator and the services themselves."""


class Refused(RuntimeError):
    """The issuer of one machine was asked to work elsewhere, or for longer than it may."""


def key_of(home: Home) -> ECKey:
    """Return this machine's signing key, made at first use."""
    path = home.keys / "issuer.jwk"
    if not path.exists():
        made = ECKey.generate_key("P-256", private=True)
        write_private(path, json.dumps(made.as_dict(private=True)))
    return ECKey.import_key(json.loads(path.read_text(encoding="utf-8")))


def mint(home: Home, role: str, org: str, sub: str | None = None, ttl_s: int = TOKEN_TTL_S) -> str:
    """Return a token for one role in one organisation (its code), for at most 12 hours.

    Raises Refused outside a single machine and for a role that is none, UnknownOrganization for a code that is none.
    """
    profile = os.environ.get("HUZHU_PROFILE", PROFILE)
    if profile != PROFILE:
        raise Refused(f"the local issuer is for one machine only, not for profile {profile!r}")
    if role not in ROLES:
        raise Refused(f"{role} is no role; there are {', '.join(ROLES)}")
    if not 0 < ttl_s <= TOKEN_TTL_S_MAX:
        raise Refused(f"a token lives at most {TOKEN_TTL_S_MAX} s")
    key = key_of(home)
    now = int(real_now().timestamp())
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": sub or f"{role}@{org}",
        "roles": [role],
        "org": org,
        "org_path": path_of(org),
        "iat": now,
        "nbf": now,
        "exp": now + ttl_s,
        "jti": new_id(),
    }
    header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": key.thumbprint()}
    return jwt.encode(header, claims, key, algorithms=[ALGORITHM])


def jwks(home: Home) -> bytes:
    """Return the public half of the key, as a JWKS document."""
    key = key_of(home)
    public = key.as_dict(private=False) | {"kid": key.thumbprint(), "use": "sig", "alg": ALGORITHM}
    return json.dumps({"keys": [public]}).encode()


def serve(home: Home, host: str, port: int) -> ThreadingHTTPServer:
    """Return the server, bound. Raises Refused unless this is a single machine and the address loopback."""
    if os.environ.get("HUZHU_PROFILE") != PROFILE:
        raise Refused("the local issuer starts only under the single-machine runner")
    if not ip_address(host).is_loopback:
        raise Refused(f"the local issuer serves loopback only, not {host}")
    document = jwks(home)

    class Answers(BaseHTTPRequestHandler):
        """Two documents, no state."""

        timeout = REQUEST_TIMEOUT_S

        def do_GET(self) -> None:
            body = {JWKS_PATH: document, "/healthz": b'{"status":"ok"}'}.get(self.path)
            self.send_response(HTTPStatus.NOT_FOUND if body is None else HTTPStatus.OK)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_args: object) -> None:
            """Say nothing: a JWKS is fetched every few minutes for ever."""

    return ThreadingHTTPServer((host, port), Answers)


def main() -> None:
    """Serve until stopped; the address comes from `HUZHU_PORT`, always on loopback."""
    home = Home(Path(os.environ["HUZHU_HOME"]))
    try:
        server = serve(home, os.environ.get("HUZHU_HOST", LOOPBACK), int(os.environ["HUZHU_PORT"]))
    except Refused as refusal:
        sys.exit(f"refused: {refusal}")
    with server:
        server.serve_forever()


if __name__ == "__main__":
    main()
