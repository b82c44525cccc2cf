"""Who stands at the truck: checked in with network, or without it and handed in later."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response, get, post
from litestar.params import JSONBody

from chassis.auth import allow
from chassis.clock import from_text, utc_text
from chassis.context import Context
from chassis.execute import Session
from chassis.web import Problem
from contracts.envelope import Actor
from health_checkup import seating
from health_checkup.api import tickets
from health_checkup.api.access import PROVIDER, AnyRequest, age_of_card, stop_of
from health_checkup.api.field_shapes import ROWS_MAX, ConflictPage, SyncAnswer, SyncedRow, SyncRequest, SyncRow
from health_checkup.api.shapes import AttendanceRequest, AttendedAnswer, Filter, Limit, PathId
from health_checkup.api.turns import turn
from health_checkup.domain.route import ROUTE, Planned
from health_checkup.domain.stop import STOP
from health_checkup.domain.stop_commands import TakeInRow
from health_checkup.domain.stop_day import NOT_THERE
from health_checkup.domain.stop_stages import Open
from health_checkup.projections import conflicts, eligible, people, stops
from health_checkup.projections.stops import local_minute


@post("/stops/{stop_id:str}/attendance")
async def attend(
    stop_id: PathId, data: JSONBody[AttendanceRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[AttendedAnswer]:
    """Check in the person of the ID card; without a booking, only while there are seats."""
    allow(actor, PROVIDER)
    shown: seating.Ticket | None = None
    if data.ticket:
        try:
            shown = tickets.read(data.ticket, await tickets.public_key(context.keyring)).ticket
        except tickets.TicketInvalid:
            raise Problem(400, "ticket-invalid", "This is no QR code of a booking.", "ticket") from None

    async def work(session: Session) -> AttendedAnswer:
        stop = await stop_of(session, stop_id, actor)
        async with session.reads.connection() as c:
            covered = await eligible.is_covered(c, data.person_id, stop.date)
            known = (await people.known(c, [data.person_id])).get(data.person_id)
        age = age_of_card(data.born_on, known, stop.date)
        await seating.check_in(session, stop_id, data.person_id, covered=covered, ticket=shown, age=age)
        return AttendedAnswer(stop_id, data.person_id)

    async with turn(stop_id):
        return await context.command(request, actor, work, status=201)


@dataclass(frozen=True)
class _Judged:
    """A row with what is known of it before the stop is asked."""

    command: TakeInRow
    ticket_stop: str


@post("/stops/{stop_id:str}/attendance/sync", status_code=200)
async def sync(
    stop_id: PathId, data: JSONBody[SyncRequest], request: AnyRequest, actor: Actor, context: Context
) -> Response[SyncAnswer]:
    """Take in what a device checked in without network; every row is answered by itself, and none is lost."""
    allow(actor, PROVIDER)
    key = await tickets.public_key(context.keyring)

    async def work(session: Session) -> SyncAnswer:
        stop = await stop_of(session, stop_id, actor)
        route = await session.load(ROUTE, stop.route_id)
        device = route.devices.get(data.device_id, "") if isinstance(route, Planned) else ""
        answers = []
        for row in data.rows:
            judged = await _judged(session, stop_id, row, data.device_id, device, key)
            reason = await seating.take_in(session, judged.command, judged.ticket_stop)
            state = await seating.the_stop(session, stop_id)
            there = judged.command.person_id in state.attended and reason not in NOT_THERE
            answers.append(SyncedRow(row.row_id, "CONFLICT" if reason else "RECORDED", reason, there))
        return SyncAnswer(answers)

    async with turn(stop_id):
        return await context.command(request, actor, work)


async def _judged(session: Session, stop_id: str, row: SyncRow, device_id: str, device: str, key: str) -> _Judged:
    """Signature, QR code and person of a row; the first thing wrong is named."""
    stop = await seating.the_stop(session, stop_id)
    seen_local = _local(row.seen_at)
    shown = seating.Ticket("", "")
    found = "" if device else "device-unknown"
    signed = tickets.row_text(stop_id, row.row_id, row.person_id, row.ticket, row.seen_at)
    if not found and not tickets.is_signed(signed, row.signature, device):
        found = "signature-invalid"
    if row.ticket:
        try:
            shown = tickets.read(row.ticket, key).ticket
        except tickets.TicketInvalid:
            found = found or "ticket-invalid"
    person_id = row.person_id or await _holder(session, stop_id, stop, shown)
    async with session.reads.connection() as c:
        known = await people.sex_of(c, person_id) is not None
        covered = await eligible.is_covered(c, person_id, stop.date)
    if not known:
        found = found or "person-unknown"
    command = TakeInRow(
        stop_id=stop_id,
        row_id=row.row_id,
        device_id=device_id,
        person_id=person_id if known else "",
        ticket_id=shown.ticket_id,
        seen_at=row.seen_at if seen_local else "",
        seen_local=seen_local,
        covered=covered,
        found=found,
    )
    return _Judged(command, shown.stop_id)


async def _holder(session: Session, stop_id: str, stop: Open, shown: seating.Ticket) -> str:
    """Whose QR code it is: of this stop or another."""
    if not shown.ticket_id:
        return ""
    where = stop if shown.stop_id == stop_id else await session.load(STOP, shown.stop_id)
    # The QR code of a lecture is signed in the same way, and its lecture is no stop.
    return where.tickets.get(shown.ticket_id, "") if isinstance(where, Open) else ""


def _local(seen_at: str) -> str:
    """The local minute; "", which is no day of any stop, where the device's clock told no time that there is."""
    try:
        return local_minute(from_text(utc_text(from_text(seen_at))))
    except (ValueError, OverflowError):
        return ""


@get("/stops/{stop_id:str}/conflicts")
async def conflict_list(
    stop_id: PathId, actor: Actor, context: Context, after: Filter = "", limit: Limit = ROWS_MAX
) -> ConflictPage:
    """Check-ins made without network that did not fit: named and kept."""
    allow(actor, PROVIDER)
    async with context.reads.connection() as c:
        if await stops.find(c, stop_id, actor) is None:
            raise Problem(404, "stop-unknown", "No such stop.")
        rows = await conflicts.of_stop(c, stop_id, after, limit)
    return ConflictPage(rows, rows[-1].row_id if len(rows) == limit else "")
