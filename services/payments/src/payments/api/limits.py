"""Which payouts of a batch are above a limit, and how those that go are counted.

Sums are those of the streams of county and member. A draft counts on them what it takes, in its own group, so of two
drafts at once the second meets a conflict, and asks again with what the first one took.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from chassis.execute import Session
from contracts.payments.v1 import PayoutRequested
from payments.domain.county_day import COUNTY_DAY, DrawCountyDay, county_day_key, county_of
from payments.domain.member_period import MEMBER_PERIOD, DrawMemberPeriod, MemberPeriod, member_period_key
from payments.domain.payout import Owed
from payments.domain.payout_approval import Limits, Load, exceeded, waits_for_approval
from payments.projections import payouts
from payments.settings import Settings


async def above_limits(session: Session, owed: Sequence[Owed], settings: Settings) -> dict[str, tuple[str, ...]]:
    """The payouts that need one further person, with the limits they are above; what has been agreed to is none.

    All payouts are of one plan and fund. Sums are counted on in their order, so the first ones go.
    """
    limits = Limits(settings.payout_limit_fen, settings.member_period_limit_fen, settings.county_day_limit_fen)
    lines = [one.terms.owed for one in owed]
    members = await session.load_many(MEMBER_PERIOD, sorted({_member(line) for line in lines}))
    counties = await session.load_many(COUNTY_DAY, sorted({_county_day(session, line) for line in lines}))
    before = await _before(session, lines, members)
    county_fen = Counter({key: day.drawn_fen for key, day in counties.items()})
    taken_fen: Counter[str] = Counter()
    waiting: dict[str, tuple[str, ...]] = {}
    for payout, line in zip(owed, lines, strict=True):
        member, county = _member(line), _county_day(session, line)
        counted = line.payout_id in members[member].payouts
        member_fen = members[member].with_fen(line.payout_id, line.amount_fen) + before[member] + taken_fen[member]
        above = exceeded(Load(line.amount_fen, member_fen, county_fen[county]), limits)
        if waits_for_approval(payout.terms):
            waiting[line.payout_id] = payout.terms.limits
        elif above and not payout.terms.approved_further_by:
            waiting[line.payout_id] = above
        else:
            county_fen[county] += line.amount_fen
            taken_fen[member] += 0 if counted else line.amount_fen
    return waiting


async def count(session: Session, owed: Sequence[Owed], batch_id: str) -> None:
    """Count what goes into a batch on its counties and members, in the same group."""
    lines = [one.terms.owed for one in owed]
    by_county: dict[str, list[PayoutRequested]] = defaultdict(list)
    for line in lines:
        by_county[county_of(line.org_path)].append(line)
    for county, of_county in by_county.items():
        taken_fen = sum(line.amount_fen for line in of_county)
        drawn = DrawCountyDay(of_county[0].plan_code, county, session.today.isoformat(), batch_id, taken_fen)
        await session.decide(COUNTY_DAY, county_day_key(drawn.plan_code, county, drawn.day), drawn)
    members = await session.load_many(MEMBER_PERIOD, sorted({_member(line) for line in lines}))
    before = await _before(session, lines, members)
    for line in lines:
        taken = (line.plan_code, line.fund, line.person_id, line.payout_id, line.amount_fen, before[_member(line)])
        await session.decide(MEMBER_PERIOD, _member(line), DrawMemberPeriod(*taken))


async def _before(session: Session, lines: Sequence[PayoutRequested], members: dict[str, MemberPeriod]) -> Counter[str]:
    """What went out, before it was counted, to members of whom nothing is counted yet: the read model has it."""
    new = {line.person_id for line in lines if not members[_member(line)].known}
    if not new:
        return Counter()
    first = lines[0]
    async with session.reads.connection() as c:
        out = await payouts.out_to_members(c, first.plan_code, first.fund, sorted(new))
    return Counter({member_period_key(first.plan_code, first.fund, person): fen for person, fen in out.items()})


def _member(line: PayoutRequested) -> str:
    return member_period_key(line.plan_code, line.fund, line.person_id)


def _county_day(session: Session, line: PayoutRequested) -> str:
    return county_day_key(line.plan_code, county_of(line.org_path), session.today.isoformat())
