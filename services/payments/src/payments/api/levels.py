"""What was told of a fund, and what was asked for, as people see it (domain 7.2)."""

from __future__ import annotations

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import local_text
from payments.api.reading import PAGE_ROWS
from payments.domain.ledger import Fund
from payments.projections import fund_levels


class FundTold(msgspec.Struct, frozen=True):
    """What was told or asked of a fund, `at` with +08:00.

    `kind` alert or eased (`number` is the percent), top-up (a request for more, by its number) or answer to it.
    """

    kind: str
    number: int
    used_fen: int
    contribution_fen: int
    outcome: str
    reason: str
    by: str
    at: str


async def told(c: AsyncConnection, plan_code: str, fund: Fund) -> list[FundTold]:
    """What was told and asked of a fund, the newest first, at most PAGE_ROWS."""
    return [
        FundTold(
            kind=row["kind"],
            number=row["number"],
            used_fen=row["used_fen"],
            contribution_fen=row["contribution_fen"],
            outcome=row["outcome"],
            reason=row["reason"],
            by=row["by"],
            at=local_text(row["at"]),
        )
        for row in await fund_levels.told(c, plan_code, fund.name, PAGE_ROWS)
    ]


def percent_used(used_fen: int, available_fen: int) -> int:
    """How much is used, in percent rounded down; 0 where there is nothing to use."""
    return used_fen * 100 // available_fen if available_fen > 0 else 0
