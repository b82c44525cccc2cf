"""The campaigns: quota, budget, what they have cost."""

from __future__ import annotations

import json
from collections.abc import Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.log import Recorded
from chassis.projections import Count, Patch, Projection, Put, Write
from contracts.health_checkup.campaigns import CampaignClosed, CampaignCostRecorded, CampaignOpened

NAME = "campaigns"
TABLE = sa.Table(
    NAME,
    sa.MetaData(),
    sa.Column("campaign", sa.Text, primary_key=True),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("quota", sa.BigInteger, nullable=False),
    sa.Column("budget_fen", sa.BigInteger, nullable=False),
    sa.Column("cost_fen", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("packages", sa.Text, nullable=False),
    sa.Column("rules", sa.Text, nullable=False),
    sa.Column("closed_on", sa.Text, nullable=True),
)
"""`packages` is JSON; `closed_on` empty while stops may be opened."""


class CampaignRow(msgspec.Struct, frozen=True):
    """One campaign; money in fen."""

    campaign: str
    year: int
    name: str
    quota: int
    budget_fen: int
    cost_fen: int
    packages: list[str]
    rules: str
    closed_on: str | None


def apply(recorded: Recorded) -> Iterable[Write]:
    """One row a campaign."""
    match recorded.event:
        case CampaignOpened() as event:
            yield Put(
                (event.campaign,),
                year=event.year,
                name=event.name,
                quota=event.quota,
                budget_fen=event.budget_fen,
                packages=json.dumps(event.packages),
                rules=event.rules,
            )
        case CampaignCostRecorded(campaign=campaign, amount_fen=amount_fen):
            yield Count((campaign,), cost_fen=amount_fen)
        case CampaignClosed(campaign=campaign, closed_on=closed_on):
            yield Patch((campaign,), closed_on=closed_on)
        case _:
            pass


async def find(c: AsyncConnection, campaign: str) -> CampaignRow | None:
    """The campaign of a code."""
    row = (await c.execute(sa.select(TABLE).where(TABLE.c.campaign == campaign))).mappings().first()
    return None if row is None else CampaignRow(**{**row, "packages": json.loads(row["packages"])})


PROJECTION = Projection(NAME, 1, "health_checkup", TABLE, apply)
