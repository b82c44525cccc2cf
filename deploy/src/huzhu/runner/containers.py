"""What the container set is told: the single machine's tables, rendered for containers into one private folder."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from chassis.keyring import ensure_kek_file
from huzhu.runner import broker, gateway, roles
from huzhu.runner.home import Home, write_private
from huzhu.runner.machine import SERVICES
from huzhu.runner.nats import MAX_PAYLOAD_BYTES
from huzhu.runner.postgres import ADMIN

PROFILE = "container"
SERVICE_PORT = 8000
GATEWAY_PORT = 8080
GATEWAY_ADMIN_PORT = 9901
NATS_PORT, NATS_MONITOR_PORT = 4222, 8222
ACCOUNT_ID = 10_001
"""Who the containers run as when root renders: the account of the Containerfile."""
EVERYWHERE = "0.0.0.0"  # noqa: S104 - inside a container; only the gateway's port is published

KEK = "/run/secrets/kek"
TOKENS = "/run/tokens"
DOCUMENTS = "/var/lib/huzhu/documents"


@dataclass(frozen=True)
class Surroundings:
    """What stands outside of the set: who issues tokens, and where the bank and the phone company are."""

    issuer: str
    jwks_url: str
    audience: str
    bank_url: str
    sms_url: str
    public_url: str = "http://localhost:8080"
    """How people reach the gateway: what a certificate's code leads to begins so."""


def host(service: str) -> str:
    """The name of a service in the set's network; a host name has no underscores."""
    return service.replace("_", "-")


def render(home: Home, around: Surroundings) -> list[Path]:
    """Write everything that compose.yaml mounts or reads below the home; returns the files.

    Passwords and the key-encryption key are made once and kept, so rendering again changes no secret.
    """
    files = {f"{service}.env": env_file(service_env(home, service, around)) for service in SERVICES}
    files |= {
        "prepare.env": env_file(prepare_env(home)),
        "nats.conf": json.dumps(nats_config(home), indent=1),
        "envoy.yaml": gateway_config(around),
    }
    ensure_kek_file(home.keys / "kek")
    written = [_private(home.run / name, text) for name, text in sorted(files.items())]
    for service in SERVICES:
        (home.root / "tokens" / service).mkdir(mode=0o700, parents=True, exist_ok=True)
    uid, gid = (ACCOUNT_ID, ACCOUNT_ID) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    names = {"HUZHU_RENDERED": str(home.root), "HUZHU_UID": str(uid), "HUZHU_GID": str(gid)}
    written.append(_private(home.root / "compose.env", env_file(names)))
    if os.geteuid() == 0:
        for path in (home.root, *home.root.rglob("*")):
            os.chown(path, uid, gid, follow_symlinks=False)
    return written


PROVIDERS = (
    *("HUZHU_SMS_KEY_ID", "HUZHU_SMS_KEY_SECRET"),
    *("HUZHU_WECHAT_URL", "HUZHU_WECHAT_APP_ID", "HUZHU_WECHAT_APP_SECRET"),
)
PROVIDERS_IF_OTHER = ("HUZHU_SMS_PROVIDER", "HUZHU_WECHAT_TEMPLATES")


def provider_env() -> dict[str, str]:
    """What notify is told of its providers: as whoever renders has it in the environment."""
    others = {name: os.environ[name] for name in PROVIDERS_IF_OTHER if name in os.environ}
    return {name: os.environ.get(name, "") for name in PROVIDERS} | others


def service_env(home: Home, service: str, around: Surroundings) -> dict[str, str]:
    """The environment of one service: the same variables that the single machine gives it."""
    database = roles.services()[service]
    own = provider_env() if service == "notify" else {}
    return own | {
        "HUZHU_SERVICE": service,
        "HUZHU_PROFILE": PROFILE,
        "HUZHU_HOST": EVERYWHERE,
        "HUZHU_PORT": str(SERVICE_PORT),
        "HUZHU_DATABASE_URL": _database_url(home, database, service),
        "HUZHU_OWNER_DATABASE_URL": _database_url(home, database, f"{service}_owner"),
        "HUZHU_KEYRING_URL": _database_url(home, roles.KEYRING, f"keyring_{service}"),
        "HUZHU_KEK_FILE": KEK,
        "HUZHU_NATS_URL": f"nats://nats:{NATS_PORT}",
        "HUZHU_NATS_USER": service,
        "HUZHU_NATS_PASSWORD": home.password(f"nats-{service}"),
        "HUZHU_STREAM_CONFIG": json.dumps(broker.stream_config(service)),
        "HUZHU_DURABLES": json.dumps(broker.durables(service)),
        "HUZHU_ISSUER": around.issuer,
        "HUZHU_JWKS_URL": around.jwks_url,
        "HUZHU_AUDIENCE": around.audience,
        "HUZHU_SOURCES": json.dumps({name: f"http://{host(name)}:{SERVICE_PORT}" for name in SERVICES}),
        "HUZHU_SERVICE_TOKEN_FILE": f"{TOKENS}/{service}.token",
        "HUZHU_BANK_URL": around.bank_url,
        "HUZHU_SMS_URL": around.sms_url,
        "HUZHU_DOCUMENTS": DOCUMENTS,
        "HUZHU_VERIFY_URL": f"{around.public_url}{gateway.CERTIFICATES_PATH}",
    }


def prepare_env(home: Home) -> dict[str, str]:
    """The environment of the job that applies roles and streams: the administrators' addresses."""
    return {"HUZHU_POSTGRES_URL": _admin_url(home), "HUZHU_NATS_URL": f"nats://nats:{NATS_PORT}"}


def nats_config(home: Home) -> dict[str, object]:
    """The broker's configuration, with the users of accounts.yaml."""
    return {
        "server_name": "huzhu",
        "listen": f"{EVERYWHERE}:{NATS_PORT}",
        "http": f"{EVERYWHERE}:{NATS_MONITOR_PORT}",
        "max_payload": MAX_PAYLOAD_BYTES,
        "jetstream": {"store_dir": "/data", "sync_interval": "always"},
        "authorization": broker.authorization(lambda user: home.password(f"nats-{user}")),
    }


def gateway_config(around: Surroundings) -> str:
    """Envoy's configuration, from the template that the single machine fills too."""
    return gateway.render(
        listen=(EVERYWHERE, GATEWAY_PORT),
        admin_port=GATEWAY_ADMIN_PORT,
        issuer=around.issuer,
        audience=around.audience,
        jwks_url=around.jwks_url,
        upstreams={service: (host(service), SERVICE_PORT) for service in SERVICES},
    )


def env_file(variables: dict[str, str]) -> str:
    """Variables as an env file; in single quotes nothing is expanded. Raises ValueError for a quote in a value."""
    for name, value in variables.items():
        if "'" in value or "\n" in value:
            raise ValueError(f"{name} holds a quote or a line break")
    return "".join(f"{name}='{value}'\n" for name, value in variables.items())


def _private(path: Path, text: str) -> Path:
    write_private(path, text)
    return path


def _database_url(home: Home, database: str, role: str) -> str:
    return roles.url_for(_admin_url(home), database, role, home.password(f"postgres-{role}"))


def _admin_url(home: Home) -> str:
    return f"postgresql://{ADMIN}:{home.password('postgres-admin')}@postgres:5432/postgres"
