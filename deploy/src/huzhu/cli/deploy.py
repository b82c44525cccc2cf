"""`huzhu deploy render|prepare`: what the container set is told, and the roles and streams it starts with."""

# ruff: noqa: PLC0415 - heavy imports stay inside the commands, so that `huzhu` starts fast

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from huzhu.runner.home import Home


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    group = typer.Typer(help="The container set of deploy/compose.yaml.", no_args_is_help=True)
    group.command()(render)
    group.command()(prepare)
    app.add_typer(group, name="deploy")


def render(
    out: Annotated[Path, typer.Option(help="A private folder; keep it, it holds every secret of the set.")],
    issuer: Annotated[str, typer.Option(envvar="HUZHU_ISSUER", help="Who issues tokens (`iss`).")],
    jwks_url: Annotated[str, typer.Option(envvar="HUZHU_JWKS_URL", help="The issuer's keys, over http inside.")],
    bank_url: Annotated[str, typer.Option(envvar="HUZHU_BANK_URL", help="The bank's interface.")],
    sms_url: Annotated[str, typer.Option(envvar="HUZHU_SMS_URL", help="The SMS provider's interface.")],
    audience: Annotated[str, typer.Option(envvar="HUZHU_AUDIENCE", help="What tokens are for (`aud`).")] = "huzhu",
    public_url: Annotated[
        str, typer.Option(envvar="HUZHU_PUBLIC_URL", help="How people reach the gateway; stands in certificates.")
    ] = "http://localhost:8080",
) -> None:
    """Write configuration and secrets for the containers; the second time, secrets stay as they are."""
    from huzhu.runner import containers
    from huzhu.runner.home import Home

    home = Home(out.expanduser().absolute()).make()
    around = containers.Surroundings(issuer, jwks_url, audience, bank_url, sms_url, public_url)
    for path in containers.render(home, around):
        typer.echo(path)


def prepare() -> None:
    """Apply databases, roles, the keyring's tables and the streams to the servers of HUZHU_POSTGRES_URL and _NATS_URL.

    The container set runs this once before its services; it may run again, and then changes nothing.
    """
    import asyncio

    from huzhu.runner.addresses import NotRunning
    from huzhu.runner.home import Home

    try:
        changes = asyncio.run(_prepare(Home.find()))
    except NotRunning as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(1) from None
    for change in changes:
        typer.echo(change)
    typer.echo("Databases, roles and streams are as configured.")


async def _prepare(home: Home) -> list[str]:
    from huzhu.runner import addresses, broker, roles

    def nats_password(user: str) -> str:
        return home.password(f"nats-{user}")

    def postgres_password(role: str) -> str:
        return home.password(f"postgres-{role}")

    admin = addresses.admin_url(home)
    changes = await roles.apply_roles(admin, postgres_password)
    owner = roles.table()[roles.KEYRING]["owner"]
    await roles.apply_keyring(roles.url_for(admin, roles.KEYRING, owner, postgres_password(owner)))
    client = await broker.connect(addresses.nats_url(home), broker.ADMIN, nats_password)
    try:
        changes += [str(difference) for difference in await broker.apply(client)]
    finally:
        await client.close()
    return changes
