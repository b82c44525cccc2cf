"""Batches that wait for confirmation: what prefecture, office and finance do with them, and their rows (domain 5.1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, PathParameter, QueryParameter

from chassis.auth import allow, allow_province
from chassis.context import Context
from chassis.execute import Session
from chassis.web import Problem
from contracts.envelope import Actor
from enrolment.api.access import OFFICE, OFFICERS, ONLOOKERS, Asked, the_plan
from enrolment.api.rosters import the_roster
from enrolment.api.row_states import RowView, row_states
from enrolment.domain.batch import BATCH
from enrolment.domain.batch_stages import (
    STAGES,
    Absent,
    Batch,
    BatchCommand,
    CancelBatch,
    ConfirmByCity,
    ConfirmByOffice,
    FundBatch,
    SettleErrors,
)
from enrolment.domain.division import NEW_AREA, PREFECTURES
from enrolment.domain.row import Rules, check
from enrolment.domain.seats import SEATS, FundSeats
from enrolment.intake.replacing import Change, replace_row, withdraw_row
from enrolment.projections import rosters

ROW_NO_MAX = 2**31 - 1
RowNo = Annotated[int, PathParameter(ge=1, le=ROW_NO_MAX)]
Reason = Annotated[str, msgspec.Meta(min_length=2, max_length=200)]
Cell = Annotated[str, msgspec.Meta(max_length=200)]


class Because(Asked, frozen=True):
    """Why."""

    reason: Reason


class BatchView(msgspec.Struct, frozen=True):
    """The stage of a batch (domain 5.1) and how many of its rows have a seat."""

    batch_id: str
    stage: str
    seats: int


class Substitute(Asked, frozen=True):
    """The person who takes the seat, as a row of the template, and why. It stands in the body alone."""

    name: Cell
    id_no: Cell
    occupation: Cell
    division_code: Cell
    reason: Reason
    id_type: Cell = ""
    mobile: Cell = ""
    employer: Cell = ""
    union: Cell = ""
    union_code: Cell = ""
    remarks: Cell = ""

    def cells(self) -> tuple[str, ...]:
        """In the order of the template's columns."""
        return (
            self.name,
            self.id_type,
            self.id_no,
            self.mobile,
            self.occupation,
            self.employer,
            self.union,
            self.union_code,
            self.division_code,
            self.remarks,
        )


class ChangedRow(msgspec.Struct, frozen=True):
    """Who has the seat of the row now; "" when nobody has."""

    batch_id: str
    row_no: int
    person_id: str


class RowPage(msgspec.Struct, frozen=True):
    """Rows in the order of the file; the next page begins `after` the row `next`, None at the end."""

    rows: list[RowView]
    next: int | None


@post("/rosters/{batch_id:str}/settle-errors", status_code=200)
async def settle_errors(
    batch_id: FromPath[str], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[BatchView]:
    """Go on without the faulty rows: they have no seat, and whoever stands in them can be sent again."""
    allow(actor, "county_clerk", "city_clerk", *OFFICE)
    await _seen(batch_id, actor, context)
    return await _decided(batch_id, SettleErrors(batch_id=batch_id, by=actor.sub), request, actor, context)


@post("/rosters/{batch_id:str}/confirm-by-city", status_code=200)
async def confirm_by_city(
    batch_id: FromPath[str], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[BatchView]:
    """The prefecture stands for the list; where no prefecture is above the sender, an office reviewer does."""
    allow(actor, "city_clerk", "office_reviewer")
    roster = await _seen(batch_id, actor, context)
    prefecture = [*roster.org_path.split("."), ""][1] in {**PREFECTURES, **NEW_AREA}
    if prefecture != ("city_clerk" in actor.roles):
        raise Problem(403, "confirmation-not-yours", "The sender's prefecture confirms, or the office if it has none.")
    return await _decided(batch_id, ConfirmByCity(batch_id=batch_id, by=actor.sub), request, actor, context)


@post("/rosters/{batch_id:str}/confirm-by-office", status_code=200)
async def confirm_by_office(
    batch_id: FromPath[str], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[BatchView]:
    """The office stands for the list."""
    allow_province(actor, *OFFICE)
    await _seen(batch_id, actor, context)
    return await _decided(batch_id, ConfirmByOffice(batch_id=batch_id, by=actor.sub), request, actor, context)


@post("/rosters/{batch_id:str}/fund", status_code=200)
async def fund(
    batch_id: FromPath[str], request: Request[Any, Any, Any], actor: Actor, context: Context
) -> Response[BatchView]:
    """Set donated money aside for every row that has a seat; refused when donations do not reach."""
    allow_province(actor, "finance")
    roster = await _seen(batch_id, actor, context)
    plan = the_plan(roster.plan_code)
    command = FundBatch(batch_id=batch_id, contribution_fen=plan.contribution_fen, by=actor.sub)

    async def money(session: Session, batch: Batch) -> None:
        assert not isinstance(batch, Absent)
        aside = FundSeats(
            plan_code=plan.code,
            batch_id=batch_id,
            seats=batch.listed.seats,
            contribution_fen=plan.contribution_fen,
        )
        await session.decide(SEATS, plan.code, aside)

    return await _decided(batch_id, command, request, actor, context, money)


@post("/rosters/{batch_id:str}/cancel", status_code=200)
async def cancel(
    batch_id: FromPath[str],
    data: JSONBody[Because],
    request: Request[Any, Any, Any],
    actor: Actor,
    context: Context,
) -> Response[BatchView]:
    """Withdraw the list before the start; its seats are given back in the background, chunk by chunk."""
    allow(actor, "city_clerk", "office_head")
    await _seen(batch_id, actor, context)
    today = context.clock.today().isoformat()
    command = CancelBatch(batch_id=batch_id, reason=data.reason, by=actor.sub, today=today)
    return await _decided(batch_id, command, request, actor, context)


@post("/rosters/{batch_id:str}/rows/{row_no:int}/replace", status_code=200)
async def replace(
    batch_id: FromPath[str],
    row_no: RowNo,
    data: JSONBody[Substitute],
    request: Request[Any, Any, Any],
    actor: Actor,
    context: Context,
) -> Response[ChangedRow]:
    """Give the seat of a row to another person; after the start only the office head may, and before any claim."""
    allow(actor, "county_clerk", "city_clerk", "office_head")
    roster = await _seen(batch_id, actor, context)
    rules = Rules.of(the_plan(roster.plan_code), roster.organization, context.clock.today())
    row = check(row_no, data.cells(), rules)
    change = Change(batch_id, row_no, data.reason, actor.sub, by_head="office_head" in actor.roles)

    async def work(session: Session) -> ChangedRow:
        return ChangedRow(batch_id, row_no, await replace_row(session, context, change, row))

    return await context.command(request, actor, work)


@post("/rosters/{batch_id:str}/rows/{row_no:int}/withdraw", status_code=200)
async def withdraw(
    batch_id: FromPath[str],
    row_no: RowNo,
    data: JSONBody[Because],
    request: Request[Any, Any, Any],
    actor: Actor,
    context: Context,
) -> Response[ChangedRow]:
    """Give the seat of a row back that was entered by mistake."""
    allow(actor, "county_clerk", "city_clerk", "office_head")
    await _seen(batch_id, actor, context)
    change = Change(batch_id, row_no, data.reason, actor.sub)

    async def work(session: Session) -> ChangedRow:
        await withdraw_row(session, change)
        return ChangedRow(batch_id, row_no, "")

    return await context.command(request, actor, work)


@get("/rosters/{batch_id:str}/rows")
async def row_list(
    batch_id: FromPath[str],
    actor: Actor,
    context: Context,
    after: Annotated[int, QueryParameter(ge=0, le=ROW_NO_MAX)] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
) -> RowPage:
    """What became of each row: its state, its codes, who has its seat."""
    allow(actor, *ONLOOKERS)
    async with context.reads.connection() as c:
        roster = await the_roster(c, batch_id, actor)
        until = min(after + limit, roster.rows)
        rows = await row_states(c, batch_id, after, until, named=bool(set(OFFICERS) & set(actor.roles)))
    return RowPage(rows, until if until < roster.rows else None)


async def _seen(batch_id: str, actor: Actor, context: Context) -> rosters.Roster:
    async with context.reads.connection() as c:
        return await the_roster(c, batch_id, actor)


async def _decided(
    batch_id: str,
    command: BatchCommand,
    request: Request[Any, Any, Any],
    actor: Actor,
    context: Context,
    afterwards: Callable[[Session, Batch], Awaitable[None]] | None = None,
) -> Response[BatchView]:
    """Decide on a batch, and on what follows from it if anything does, in one group."""

    async def work(session: Session) -> BatchView:
        if await session.decide(BATCH, batch_id, command) and afterwards is not None:
            await afterwards(session, await session.load(BATCH, batch_id))
        batch: Batch = await session.load(BATCH, batch_id)
        assert not isinstance(batch, Absent)
        return BatchView(batch_id, STAGES[type(batch)], batch.listed.seats)

    return await context.command(request, actor, work)
