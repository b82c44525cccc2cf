"""What runs on one machine: the literal table of processes, and the environment each one gets."""

import json
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from chassis.keyring import ensure_kek_file
from huzhu.runner import broker, gateway, issuer, roles
from huzhu.runner.home import LOOPBACK, Home, write_private

PASSED_ON = ("PATH", "PYTHONPATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE")
PASSED_ON_PREFIXES = ("HUZHU_", "OTEL_")
KEPT_BACK = ("HUZHU_POSTGRES_URL",)  # the administrator's address is for the runner alone

SERVICES = ("enrolment", "claims", "payments", "notify", "health_checkup")
SIMULATORS = ("bank", "sms")
PROVINCE = "620000"


@dataclass(frozen=True)
class Program:
    """One process of the table: how to start it, and how to see that it is ready."""

    name: str
    module: str | None  # None for a bundled binary
    ready_path: str
    stage: int  # programs of one stage start, and stop, together
    argv: Callable[["Machine"], list[str]]
    env: Callable[["Machine"], dict[str, str]]

    @property
    def missing(self) -> bool:
        """Whether its module is not installed (checked without importing it)."""
        if self.module is None:
            return False
        try:
            return find_spec(self.module) is None
        except ModuleNotFoundError:
            return True


class Machine:
    """Addresses and secrets of one home; everything that the processes are told."""

    def __init__(self, home: Home, admin_url: str, nats_url: str, programs: Iterable[Program]) -> None:
        """Describe the machine whose Postgres and NATS are already up; each program gets a port."""
        self.home = home
        self.admin_url = admin_url
        self.nats_url = nats_url
        names = {program.name for program in programs} | {"gateway-admin", *SIMULATORS, *SERVICES}
        self.ports = {name: home.port(name) for name in sorted(names)}

    def url(self, name: str) -> str:
        """Return the loopback address of one process."""
        return f"http://{LOOPBACK}:{self.ports[name]}"

    def postgres_password(self, role: str) -> str:
        """Return the secret of one Postgres role."""
        return self.home.password(f"postgres-{role}")

    def nats_password(self, user: str) -> str:
        """Return the secret of one NATS user."""
        return self.home.password(f"nats-{user}")

    def database_url(self, database: str, role: str) -> str:
        """Return the address of one role in one database."""
        return roles.url_for(self.admin_url, database, role, self.postgres_password(role))

    def renew_tokens(self) -> None:
        """Write every service's own token, for the calls services make to each other."""
        for service in SERVICES:
            token = issuer.mint(self.home, "service", PROVINCE, service, issuer.TOKEN_TTL_S_MAX)
            write_private(self.token_file(service), token)

    def token_file(self, service: str) -> Path:
        """Return where a service finds its own token."""
        return self.home.keys / f"{service}.token"

    def kek_file(self) -> Path:
        """Return the key-encryption key's file, made at first start and never in Postgres."""
        path = self.home.keys / "kek"
        ensure_kek_file(path)
        return path

    def base_env(self) -> dict[str, str]:
        """Return what every process is told: little of the caller's environment, and the profile."""
        passed = {
            name: value
            for name, value in os.environ.items()
            if (name in PASSED_ON or name.startswith(PASSED_ON_PREFIXES)) and name not in KEPT_BACK
        }
        return passed | {
            "PYTHONUNBUFFERED": "1",
            "HUZHU_HOME": str(self.home.root),
            "HUZHU_PROFILE": issuer.PROFILE,
            "HUZHU_HOST": LOOPBACK,
            "HUZHU_CLOCK_FILE": str(self.home.clock_file),
        }

    def small_env(self, name: str) -> dict[str, str]:
        """Return the environment of the issuer."""
        return self.base_env() | {"HUZHU_PORT": str(self.ports[name])}

    def simulator_env(self, name: str) -> dict[str, str]:
        """Return the environment of a simulator: a folder of its own, and no secret but its own."""
        folder = self.home.root / "simulators" / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = self.provider_env() if name == "sms" else {}
        return self.small_env(name) | own | {"HUZHU_SIMULATOR_DIR": str(folder)}

    def provider_env(self) -> dict[str, str]:
        """Return what the message providers and their one customer share."""
        return {
            "HUZHU_SMS_KEY_ID": "single-machine",
            "HUZHU_SMS_KEY_SECRET": self.home.password("sms-key"),
            "HUZHU_WECHAT_URL": self.url("sms") + "/wechat",
            "HUZHU_WECHAT_APP_ID": "single-machine",
            "HUZHU_WECHAT_APP_SECRET": self.home.password("wechat-app"),
        }

    def service_env(self, service: str) -> dict[str, str]:
        """Return the environment of one service: its own addresses and secrets, nobody else's."""
        database = roles.services()[service]
        documents = self.home.root / "documents" / service
        documents.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = self.provider_env() if service == "notify" else {}
        return (
            self.base_env()
            | own
            | {
                "HUZHU_SERVICE": service,
                "HUZHU_PORT": str(self.ports[service]),
                "HUZHU_DATABASE_URL": self.database_url(database, service),
                "HUZHU_OWNER_DATABASE_URL": self.database_url(database, f"{service}_owner"),
                "HUZHU_KEYRING_URL": self.database_url(roles.KEYRING, f"keyring_{service}"),
                "HUZHU_KEK_FILE": str(self.kek_file()),
                "HUZHU_NATS_URL": self.nats_url,
                "HUZHU_NATS_USER": service,
                "HUZHU_NATS_PASSWORD": self.nats_password(service),
                "HUZHU_STREAM_CONFIG": json.dumps(broker.stream_config(service)),
                "HUZHU_DURABLES": json.dumps(broker.durables(service)),
                "HUZHU_ISSUER": issuer.ISSUER,
                "HUZHU_JWKS_URL": self.url("issuer") + issuer.JWKS_PATH,
                "HUZHU_AUDIENCE": issuer.AUDIENCE,
                "HUZHU_SOURCES": json.dumps({name: self.url(name) for name in SERVICES}),
                "HUZHU_SERVICE_TOKEN_FILE": str(self.token_file(service)),
                "HUZHU_BANK_URL": self.url("bank"),
                "HUZHU_SMS_URL": self.url("sms"),
                "HUZHU_DOCUMENTS": str(documents),
                "HUZHU_VERIFY_URL": self.url("gateway") + gateway.CERTIFICATES_PATH,
            }
        )

    def gateway_command(self) -> list[str]:
        """Render the gateway's configuration, and return its command."""
        config = self.home.run / "envoy.yaml"
        text = gateway.render(
            listen=(LOOPBACK, self.ports["gateway"]),
            admin_port=self.ports["gateway-admin"],
            issuer=issuer.ISSUER,
            audience=issuer.AUDIENCE,
            jwks_url=self.url("issuer") + issuer.JWKS_PATH,
            upstreams={service: (LOOPBACK, self.ports[service]) for service in SERVICES},
        )
        write_private(config, text)
        return gateway.command(config)


def _service(name: str) -> Program:
    module = f"{name}.main"
    return Program(name, module, "/readyz", 2, lambda _: _python(module), lambda m: m.service_env(name))


def _simulator(name: str) -> Program:
    module = f"simulators.{name}"
    return Program(name, module, "/healthz", 1, lambda _: _python(module), lambda m: m.simulator_env(name))


def _python(module: str) -> list[str]:
    return [sys.executable, "-P", "-m", module]


ISSUER = Program(
    "issuer",
    "huzhu.runner.issuer",
    "/healthz",
    0,
    lambda _: _python("huzhu.runner.issuer"),
    lambda m: m.small_env("issuer"),
)
GATEWAY = Program("gateway", None, "/healthz", 3, Machine.gateway_command, Machine.base_env)

# Started from the top, stopped from the bottom.
PROGRAMS: tuple[Program, ...] = (
    ISSUER,
    _simulator("bank"),
    _simulator("sms"),
    _service("enrolment"),
    _service("claims"),
    _service("payments"),
    _service("notify"),
    _service("health_checkup"),
    GATEWAY,
)
