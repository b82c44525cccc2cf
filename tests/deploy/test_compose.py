"""The container set runs what the single machine runs, from the same files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml

from chassis import environment
from chassis.environment import Environment
from huzhu.runner import broker, containers, gateway, roles
from huzhu.runner.home import CHECKOUT, DEPLOY, Home
from huzhu.runner.machine import PROGRAMS, SERVICES, Machine
from huzhu.runner.nats import Nats
from huzhu.runner.postgres import SETTINGS, Postgres

AROUND = containers.Surroundings(
    issuer="https://login.example",
    jwks_url="http://login.example/jwks.json",
    audience="huzhu",
    bank_url="https://bank.example",
    sms_url="https://sms.example",
)
ONE_MACHINE_ONLY = {"HUZHU_HOME", "HUZHU_CLOCK_FILE", "PYTHONUNBUFFERED"}
"""A home belongs to one machine, a moved clock to a demonstration; the Containerfile sets the third."""
COMMAND_S_MAX = 120
SERVERS = {"postgres", "nats", "prepare", "gateway"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """compose.yaml."""
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return read


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The folder that `huzhu deploy render` fills."""
    home = Home(tmp_path_factory.mktemp("rendered") / "set").make()
    containers.render(home, AROUND)
    return home


def variables(path: Path) -> dict[str, str]:
    """What an env file says, read as compose reads single-quoted values."""
    pairs = (line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines())
    return {name: value.removeprefix("'").removesuffix("'") for name, value in pairs}


def mounted(text: str, home: Home) -> Path:
    """Where a path of compose.yaml leads on the operator's machine."""
    return Path(text.replace("${HUZHU_RENDERED:?}", str(home.root)))


def test_the_set_runs_every_service_of_the_runners_table(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == set(SERVICES) | SERVERS
    assert set(SERVICES) <= {program.name for program in PROGRAMS}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_runs_its_own_module_from_its_own_package(compose: dict[str, Any], name: str) -> None:
    build = compose["services"][name]["build"]
    assert build["args"] == {"PACKAGE": f"huzhu-{containers.host(name)}", "SERVICE": name}
    assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == DEPLOY / "Containerfile"
    member = CHECKOUT / "services" / containers.host(name) / "pyproject.toml"
    assert f'name = "{build["args"]["PACKAGE"]}"' in member.read_text(encoding="utf-8")
    program = next(one for one in PROGRAMS if one.name == name)
    assert program.module == f"{name}.main"
    assert '"exec python -m \\"${HUZHU_SERVICE:?}.main\\""' in (DEPLOY / "Containerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_told_everything_it_needs(
    compose: dict[str, Any], rendered: Home, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file,) = compose["services"][name]["env_file"]
    told = variables(mounted(file, rendered))
    needed = environment.read(Environment, told)  # raises for what is missing or of a wrong type
    environment.check_profile(needed)
    for variable in ("HUZHU_OTLP_URL", "HUZHU_TRACE_FILE"):
        monkeypatch.delenv(variable, raising=False)
    machine = Machine(rendered, "postgresql://postgres@h:1/postgres", "nats://h:1", PROGRAMS)
    for passed in machine.base_env().keys() - ONE_MACHINE_ONLY - told.keys():
        monkeypatch.delenv(passed, raising=False)
    assert set(told) == set(machine.service_env(name)) - ONE_MACHINE_ONLY
    assert json.loads(told["HUZHU_STREAM_CONFIG"]) == broker.stream_config(name)
    assert needed.database_url.endswith(f"/{roles.services()[name]}")


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_reached_under_the_name_the_others_know(
    compose: dict[str, Any], rendered: Home, name: str
) -> None:
    (file,) = compose["services"][name]["env_file"]
    sources = json.loads(variables(mounted(file, rendered))["HUZHU_SOURCES"])
    assert set(sources) == set(SERVICES)
    for service, url in sources.items():
        entry = compose["services"][service]
        names = {service, *entry.get("networks", {}).get("default", {}).get("aliases", [])}
        assert url.split("//")[1].split(":")[0] in names


def test_every_file_that_is_mounted_is_rendered(compose: dict[str, Any], rendered: Home) -> None:
    for name, entry in compose["services"].items():
        for volume in entry.get("volumes", []):
            source = volume.split(":/", maxsplit=1)[0]
            if source.startswith("$"):
                assert mounted(source, rendered).exists(), f"{name}: {source}"
            else:
                assert source in compose["volumes"], f"{name}: {source}"
        for file in entry.get("env_file", []):
            assert mounted(file, rendered).exists(), f"{name}: {file}"
        assert set(entry.get("secrets", [])) <= set(compose["secrets"]), name
    for secret in compose["secrets"].values():
        assert mounted(secret["file"], rendered).exists()


def test_every_service_has_its_secret_and_its_folders_where_it_looks(compose: dict[str, Any], rendered: Home) -> None:
    for name in SERVICES:
        entry = compose["services"][name]
        told = variables(mounted(entry["env_file"][0], rendered))
        targets = [volume.removesuffix(":ro").rsplit(":", 1)[1] for volume in entry["volumes"]]
        assert told["HUZHU_DOCUMENTS"] in targets
        assert str(Path(told["HUZHU_SERVICE_TOKEN_FILE"]).parent) in targets
        assert told["HUZHU_KEK_FILE"] in {f"/run/secrets/{secret}" for secret in entry["secrets"]}


def test_what_is_rendered_is_private_and_its_secrets_stay(rendered: Home) -> None:
    files = {path: path.read_text() for path in rendered.root.rglob("*") if path.is_file()}
    assert {path.name for path in files if path.stat().st_mode & 0o077} == set()
    containers.render(rendered, AROUND)
    assert {path: path.read_text() for path in files} == files


def test_postgres_has_the_settings_of_the_single_machine(compose: dict[str, Any]) -> None:
    command = compose["services"]["postgres"]["command"]
    assert dict(word.removeprefix("-c").split("=", 1) for word in command[1:]) == SETTINGS
    assert "--data-checksums" in compose["services"]["postgres"]["environment"]["POSTGRES_INITDB_ARGS"]


def test_nats_has_the_users_and_limits_of_the_single_machine(rendered: Home) -> None:
    config = json.loads((rendered.run / "nats.conf").read_text(encoding="utf-8"))
    single = Nats(rendered.root, broker.authorization(lambda user: rendered.password(f"nats-{user}")))._config()
    assert config["authorization"] == single["authorization"]
    assert config["max_payload"] == single["max_payload"]
    assert config["jetstream"]["sync_interval"] == single["jetstream"]["sync_interval"]
    assert {user["user"] for user in config["authorization"]["users"]} == {*SERVICES, broker.ADMIN}


def test_envoy_accepts_the_gateways_file(rendered: Home) -> None:
    config = rendered.run / "envoy.yaml"
    gateway.validate(config)
    text = config.read_text(encoding="utf-8")
    assert all(f'"{containers.host(name)}"' in text for name in SERVICES)


def test_services_start_after_the_servers_are_prepared(compose: dict[str, Any]) -> None:
    assert compose["services"]["prepare"]["command"] == ["huzhu", "deploy", "prepare"]
    for name in SERVICES:
        after = compose["services"][name]["depends_on"]
        assert after == {"prepare": {"condition": "service_completed_successfully"}}
    assert set(compose["services"]["gateway"]["depends_on"]) == set(SERVICES)


async def test_the_job_prepares_servers_of_its_own_and_changes_nothing_the_second_time(
    rendered: Home, cluster: Postgres
) -> None:
    server = Nats(rendered.root / "broker", broker.authorization(lambda user: rendered.password(f"nats-{user}")))
    url = server.start()
    try:
        job = {"HUZHU_HOME": str(rendered.root), "HUZHU_POSTGRES_URL": cluster.admin_url, "HUZHU_NATS_URL": url}

        def prepare() -> list[str]:
            done = subprocess.run(
                [sys.executable, "-m", "huzhu", "deploy", "prepare"],
                env=os.environ | job,
                capture_output=True,
                text=True,
                timeout=COMMAND_S_MAX,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            return done.stdout.splitlines()

        prepare()
        assert prepare() == ["Databases, roles and streams are as configured."]
        client = await broker.connect(url, "claims", lambda user: rendered.password(f"nats-{user}"))
        await client.close()
        told = variables(rendered.run / "claims.env")["HUZHU_DATABASE_URL"]
        place = cluster.admin_url.rpartition("@")[2].rpartition("/")[0]
        connection = await asyncpg.connect(told.replace("postgres:5432", place))
        await connection.close()
    finally:
        server.stop()
