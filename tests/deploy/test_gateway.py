"""The gateway's configuration, as production runs it: valid, and doing what it says."""

from __future__ import annotations

import json
import re
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from chassis.clock import real_now
from chassis.web.public import is_public
from huzhu.runner import gateway, issuer
from huzhu.runner.home import LOOPBACK, Home, free_port
from huzhu.runner.machine import SERVICES
from huzhu.runner.process import spawn, status_of, stop, tail_of, wait_until

START_TIMEOUT_S = 20.0


class Echo(BaseHTTPRequestHandler):
    """A service that says what reached it."""

    def do_GET(self) -> None:
        told = {"path": self.path, "headers": {name.lower(): value for name, value in self.headers.items()}}
        body = json.dumps(told).encode()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_args: object) -> None: ...


def config_for(upstream_port: int, jwks_port: int, port: int, admin_port: int) -> str:
    return gateway.render(
        listen=(LOOPBACK, port),
        admin_port=admin_port,
        issuer=issuer.ISSUER,
        audience=issuer.AUDIENCE,
        jwks_url=f"http://{LOOPBACK}:{jwks_port}{issuer.JWKS_PATH}",
        upstreams=dict.fromkeys(SERVICES, (LOOPBACK, upstream_port)),
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("gateway")).make()


@pytest.fixture(scope="module")
def client(home: Home) -> Iterator[httpx.Client]:
    """Envoy before an issuer and one upstream that plays every service."""
    port, jwks_port = free_port(), free_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUZHU_PROFILE", issuer.PROFILE)
        keys = issuer.serve(home, LOOPBACK, jwks_port)
    upstream = ThreadingHTTPServer((LOOPBACK, 0), Echo)
    for server in (keys, upstream):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    config = home.run / "envoy.yaml"
    config.write_text(config_for(upstream.server_port, jwks_port, port, free_port()), encoding="utf-8")
    log = home.logs / "gateway.log"
    envoy = spawn(gateway.command(config), log=log)
    try:
        assert wait_until(lambda: status_of(port, "/healthz") == 200, START_TIMEOUT_S), tail_of(log)
        with httpx.Client(base_url=f"http://{LOOPBACK}:{port}", timeout=10) as opened:
            yield opened
    finally:
        stop(envoy, 10, signal.SIGTERM)
        for server in (keys, upstream):
            server.shutdown()
            server.server_close()


def bearer(home: Home, **changes: object) -> dict[str, str]:
    """A token of the local issuer, with claims changed after the fact and signed again."""
    token = issuer.mint(home, "finance", "620700")
    if changes:
        key = issuer.key_of(home)
        decoded = jwt.decode(token, key, algorithms=["ES256"])
        token = jwt.encode(decoded.header, decoded.claims | changes, key, algorithms=["ES256"])
    return {"Authorization": f"Bearer {token}"}


def test_the_rendered_configuration_is_valid(tmp_path: Path) -> None:
    config = tmp_path / "envoy.yaml"
    config.write_text(config_for(1, 2, 3, 4), encoding="utf-8")
    gateway.validate(config)


@pytest.mark.parametrize("service", [service.replace("_", "-") for service in SERVICES])
def test_each_service_is_found_under_its_word_without_the_prefix(
    client: httpx.Client, home: Home, service: str
) -> None:
    answer = client.get(f"/api/{service}/things/7?page=2", headers=bearer(home))
    assert (answer.status_code, answer.json()["path"]) == (200, "/things/7?page=2")


def test_without_a_token_only_health_is_told(client: httpx.Client) -> None:
    refused = client.get("/api/claims/claims")
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert (refused.json()["code"], refused.json()["status"]) == ("token-refused", 401)
    for path in ("/healthz", "/api/claims/healthz", "/api/health-checkup/readyz"):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_marks_as_public_passes_without_a_token_and_nothing_else(
    client: httpx.Client, service: str
) -> None:
    word = service.replace("_", "-")
    assert client.get(f"/api/{word}/members").status_code == 401
    for handler in import_module(f"{service}.main").SERVICE.routes:
        for path in handler.paths if is_public(handler) else ():
            plain = re.sub(r"\{[^}]*\}", "x", path)
            method = "POST" if "POST" in handler.http_methods else "GET"
            assert client.request(method, f"/api/{word}{plain}").status_code == 200, path


def test_what_services_ask_each_other_does_not_pass_at_all(client: httpx.Client, home: Home) -> None:
    asked = client.post("/api/enrolment/internal/people/resolve", headers=bearer(home))
    assert (asked.status_code, asked.json()["code"]) == (404, "no-such-path")


def test_expired_foreign_and_forged_tokens_are_refused(client: httpx.Client, home: Home) -> None:
    now = int(real_now().timestamp())
    stranger = ECKey.generate_key("P-256", private=True)
    decoded = jwt.decode(issuer.mint(home, "finance", "620700"), issuer.key_of(home), algorithms=["ES256"])
    forged = {"Authorization": f"Bearer {jwt.encode(decoded.header, decoded.claims, stranger, algorithms=['ES256'])}"}
    for headers in (
        bearer(home, exp=now - 3_600),
        bearer(home, aud="elsewhere"),
        bearer(home, iss="urn:elsewhere"),
        forged,
    ):
        answer = client.get("/api/claims/claims", headers=headers)
        assert answer.status_code in {401, 403}, answer.text
        assert answer.json()["code"] == "token-refused"


def test_what_only_the_gateway_may_say_is_taken_from_clients(client: httpx.Client, home: Home) -> None:
    spoofed = {"X-Huzhu-Actor": "head", "X-Forwarded-Host": "elsewhere", "X-Real-Ip": "1.2.3.4"}
    heard = client.get("/api/claims/claims", headers=bearer(home) | spoofed).json()["headers"]
    assert not {"x-huzhu-actor", "x-forwarded-host", "x-real-ip"} & set(heard)
    assert heard["authorization"].startswith("Bearer ")


def test_paths_are_made_plain_before_they_are_judged(client: httpx.Client, home: Home) -> None:
    assert client.get("/api/claims/a%2fb", headers=bearer(home)).status_code == 400
    assert client.get("/api/claims/healthz/../claims").status_code == 401
    assert client.get("/api/claims/metrics", headers=bearer(home)).status_code == 404
    assert client.get("/elsewhere", headers=bearer(home)).json()["code"] == "no-such-path"


def test_bodies_are_bounded_and_only_files_may_be_large(client: httpx.Client, home: Home) -> None:
    large = b"x" * (2 * 1024 * 1024)
    refused = client.post("/api/claims/claims", content=large, headers=bearer(home))
    assert (refused.status_code, refused.json()["code"]) == (413, "body-too-large")
    taken = client.post("/api/enrolment/rosters", content=large, headers=bearer(home))
    assert (taken.status_code, taken.json()["path"]) == (200, "/rosters")
    paper = client.post("/api/claims/papers", content=large, headers=bearer(home))
    assert (paper.status_code, paper.json()["path"]) == (200, "/papers")
    streamed = client.post("/api/claims/settlements", content=large * 40, headers=bearer(home))
    assert (streamed.status_code, streamed.json()["path"]) == (200, "/settlements")


def test_what_needs_no_token_is_answered_a_few_times_to_one_address(client: httpx.Client) -> None:
    answers = [client.post("/api/enrolment/public/coverage-check").status_code for _ in range(40)]
    assert answers.count(200) >= 1
    assert answers[-1] == 429


def test_a_service_that_is_down_is_a_problem_with_a_code(tmp_path: Path, home: Home) -> None:
    jwks_port = free_port()
    port = free_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUZHU_PROFILE", issuer.PROFILE)
        keys = issuer.serve(home, LOOPBACK, jwks_port)
    threading.Thread(target=keys.serve_forever, daemon=True).start()
    config = tmp_path / "envoy.yaml"
    config.write_text(config_for(free_port(), jwks_port, port, free_port()), encoding="utf-8")
    envoy = spawn(gateway.command(config), log=tmp_path / "gateway.log")
    try:
        assert wait_until(lambda: status_of(port, "/healthz") == 200, START_TIMEOUT_S)
        answer = httpx.get(f"http://{LOOPBACK}:{port}/api/claims/claims", headers=bearer(home), timeout=10)
        assert (answer.status_code, answer.json()["code"]) == (503, "service-unavailable")
    finally:
        stop(envoy, 10)
        keys.shutdown()
        keys.server_close()
