"""Donations, plans and their seats, and how many people are covered where."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from chassis.auth import allow, allow_province
from chassis.clock import new_id
from chassis.context import Context
from chassis.execute import Session
from contracts.envelope import Actor
from enrolment.api.access import ONLOOKERS, Asked, the_plan
from enrolment.domain.seats import SEATS, ReceiveDonation
from enrolment.projections import covers, seats


class GiveSeats(Asked, frozen=True):
    """A donation: money in fen for seats of a plan."""

    plan: str
    donor: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    seats: Annotated[int, msgspec.Meta(ge=1, le=10_000_000)]
    amount_fen: Annotated[int, msgspec.Meta(ge=1, le=10**15)]


class GivenSeats(msgspec.Struct, frozen=True):
    """The donation as it was booked."""

    donation_id: str
    plan: str
    seats: int
    amount_fen: int


class PlanView(msgspec.Struct, frozen=True):
    """A plan and how many of its seats are given, reserved and covered; dates half-open; money in fen."""

    code: str
    version: int
    name: str
    period_start: str
    period_end: str
    contribution_fen: int
    given: int
    reserved: int
    covered: int
    donated_fen: int


class CoverCounts(msgspec.Struct, frozen=True):
    """Covered people of the asker's subtree by work county and occupation."""

    plan: str
    people: int
    counts: list[covers.CoverCount]


@post("/donations")
async def give_seats(
    data: JSONBody[GiveSeats], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[GivenSeats]:
    """Book a donor's gift and open its seats: the pool is the province's."""
    allow_province(actor, "finance", "office_head")
    plan = the_plan(data.plan)

    async def work(session: Session) -> GivenSeats:
        donation_id = new_id()
        command = ReceiveDonation(
            donation_id=donation_id,
            plan_code=plan.code,
            plan_version=plan.version,
            donor=data.donor,
            seats=data.seats,
            amount_fen=data.amount_fen,
            contribution_fen=plan.contribution_fen,
            received_on=session.today.isoformat(),
            period_start=plan.period_start.isoformat(),
            period_end=plan.period_end.isoformat(),
        )
        await session.decide(SEATS, plan.code, command)
        return GivenSeats(donation_id, plan.code, data.seats, data.amount_fen)

    return await context.command(request, actor, work, status=201, keep_s=None)


@get("/plans/{code:str}")
async def plan_seats(code: FromPath[str], actor: Actor, context: Context) -> PlanView:
    """A plan and its seats."""
    allow(actor, *ONLOOKERS)
    plan = the_plan(code)
    async with context.reads.connection() as c:
        standing = await seats.of_plan(c, code)
        covered = await covers.covered(c, code)
    return PlanView(
        code=plan.code,
        version=plan.version,
        name=plan.name,
        period_start=plan.period_start.isoformat(),
        period_end=plan.period_end.isoformat(),
        contribution_fen=plan.contribution_fen,
        given=standing.given,
        reserved=standing.reserved,
        covered=covered,
        donated_fen=standing.donated_fen,
    )


@get("/covers/count")
async def cover_counts(plan: FromQuery[str], actor: Actor, context: Context) -> CoverCounts:
    """Covered people of the subtree."""
    allow(actor, *ONLOOKERS)
    known = the_plan(plan)
    async with context.reads.connection() as c:
        counts = await covers.count(c, actor, known.code)
    return CoverCounts(known.code, sum(one.people for one in counts), counts)
