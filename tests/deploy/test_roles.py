"""Databases and roles: made once, shut to each other."""

from __future__ import annotations

import asyncpg
import pytest

from huzhu.runner import roles
from huzhu.runner.postgres import Postgres


@pytest.fixture(scope="package")
async def applied(cluster: Postgres) -> list[str]:
    return await roles.apply_roles(cluster.admin_url, cluster.home.password)


def address(cluster: Postgres, database: str, role: str) -> str:
    return roles.url_for(cluster.admin_url, database, role, cluster.home.password(role))


async def test_applying_roles_a_second_time_changes_nothing(cluster: Postgres, applied: list[str]) -> None:
    assert applied
    admin = await asyncpg.connect(cluster.admin_url)
    standing = {row["datname"] for row in await admin.fetch("select datname from pg_database")}
    await admin.close()
    assert set(roles.table()) <= standing
    assert await roles.apply_roles(cluster.admin_url, cluster.home.password) == []


@pytest.mark.usefixtures("applied")
async def test_a_service_connects_to_its_own_database_only(cluster: Postgres) -> None:
    databases = [*roles.table(), "postgres"]
    for service, own in roles.services().items():
        await (await asyncpg.connect(address(cluster, own, service))).close()
        for database in databases:
            if database in {own, "postgres"}:
                continue
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await asyncpg.connect(address(cluster, database, service))


@pytest.mark.usefixtures("applied")
async def test_a_service_may_make_no_table_in_the_schema_of_its_owner(cluster: Postgres) -> None:
    claims = await asyncpg.connect(address(cluster, "huzhu_claims", "claims"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await claims.execute("create table stray (id int)")
    await claims.close()


@pytest.mark.usefixtures("applied")
async def test_a_role_made_under_another_password_gets_the_one_we_hold(cluster: Postgres) -> None:
    admin = await asyncpg.connect(cluster.admin_url)
    await admin.execute("alter role notify password 'of-another-home'")
    await admin.close()
    assert await roles.apply_roles(cluster.admin_url, cluster.home.password) == ["password of notify set"]
    await (await asyncpg.connect(address(cluster, "huzhu_notify", "notify"))).close()


@pytest.mark.usefixtures("applied")
async def test_no_password_reaches_the_server_log(cluster: Postgres) -> None:
    log = cluster.log.read_text(encoding="utf-8")
    assert "CREATE ROLE" in log
    for role in ("claims", "claims_owner", "keyring_claims"):
        assert cluster.home.password(role) not in log


@pytest.mark.usefixtures("applied")
async def test_each_keyring_role_opens_the_granted_categories_only(cluster: Postgres) -> None:
    await roles.apply_keyring(address(cluster, roles.KEYRING, "keyring_owner"))
    await roles.apply_keyring(address(cluster, roles.KEYRING, "keyring_owner"))
    for role, may in roles.table()[roles.KEYRING]["grants"].items():
        connection = await asyncpg.connect(address(cluster, roles.KEYRING, role))
        granted = {row[0] for row in await connection.fetch("select keyring.granted()")}
        assert granted == set(may["opens"])
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("select * from keyring.data_key")
        await connection.close()


async def test_every_write_is_synced(cluster: Postgres) -> None:
    admin = await asyncpg.connect(cluster.admin_url)
    for setting in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
        assert await admin.fetchval("select current_setting($1)", setting) == "on"
    await admin.close()
