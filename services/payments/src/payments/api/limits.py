"""Which payouts of a batch are above a limit: sums are those of the read models, the payout's stream decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, time

from chassis.clock import SHANGHAI
from chassis.execute import Session
from payments.domain.payout import Owed
from payments.domain.payout_approval import Limits, Load, exceeded, waits_for_approval
from payments.projections import payouts
from payments.settings import Settings

COUNTY_LEVELS = 3
"""A county is the third part of a path: province, prefecture, county (domain 5.6)."""


def midnight_ms(session: Session) -> int:
    """When the business day began, in milliseconds since 1970."""
    return round(datetime.combine(session.today, time(), SHANGHAI).timestamp() * 1000)


async def above_limits(session: Session, owed: Sequence[Owed], settings: Settings) -> dict[str, tuple[str, ...]]:
    """The payouts that need one further person, with the limits they are above; what has been agreed to is none.

    All payouts are of one plan and fund. The county's day is counted on in their order, so the first ones go.
    """
    if not owed:
        return {}
    first = owed[0].terms.owed
    limits = Limits(settings.payout_limit_fen, settings.member_period_limit_fen, settings.county_day_limit_fen)
    async with session.reads.connection() as c:
        people = sorted({one.terms.owed.person_id for one in owed})
        members = await payouts.member_sums(c, first.plan_code, first.fund, people)
        sent = await payouts.sent_by_organization(c, first.plan_code, midnight_ms(session))
    counties: Counter[str] = Counter()
    for path, fen in sent.items():
        counties[_county(path)] += fen
    waiting: dict[str, tuple[str, ...]] = {}
    for payout in owed:
        line, terms = payout.terms.owed, payout.terms
        # The read model may not have this payout yet; it counts itself in any case.
        member_fen = max(members.get(line.person_id, 0), line.amount_fen)
        above = exceeded(Load(line.amount_fen, member_fen, counties[_county(line.org_path)]), limits)
        if waits_for_approval(terms):
            waiting[line.payout_id] = terms.limits
        elif above and not terms.approved_further_by:
            waiting[line.payout_id] = above
        else:
            counties[_county(line.org_path)] += line.amount_fen
    return waiting


def _county(org_path: str) -> str:
    return ".".join(org_path.split(".")[:COUNTY_LEVELS])
