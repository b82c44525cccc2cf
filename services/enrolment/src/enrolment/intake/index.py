"""Keeps people findable by name, by name with birth date and sex, and by mobile: keyed, mutable, behind the log.

An import writes no row here: it would take a tenth longer. The keeper follows the own log with a checkpoint, so that
whatever is lost or changed in meaning is filled again from the events, and an erased person is forgotten in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

import structlog

from chassis import lookup
from chassis.context import Context
from chassis.keyring import Erased, Keyring
from chassis.log import Group, Recorded, Reservation, Stored
from chassis.projections import CheckpointLost, Move, move_checkpoints
from chassis.tail.failures import is_away
from contracts.enrolment.people import (
    ContactChanged,
    ErasureBegun,
    IdentityNumberCorrected,
    NameCorrected,
    PersonErased,
    ProcessingRestricted,
    RestrictionLifted,
)
from contracts.enrolment.v1 import PersonRegistered
from contracts.envelope import Event
from contracts.person import Contact, Identity
from enrolment.domain import id_number
from enrolment.domain.person import PERSON
from enrolment.domain.person_stages import (
    REGISTERED_CONTACT,
    REGISTERED_IDENTITY,
    Deceased,
    Kept,
    Registered,
)
from enrolment.intake.people import SCOPE, person_key
from enrolment.settings import Settings

NAME = "person-name"
NAME_BORN = "person-name-born"
MOBILE = "person-mobile"
SCOPES = (NAME, NAME_BORN, MOBILE)
"""Each is a scope of the table and a purpose of the keyed index."""
CHECKPOINT = "people-index"
POSITIONS_PER_TURN = 2_000
PEOPLE_PER_BREATH = 100
"""Opening and indexing yield to requests after this many people."""
POLL_S = 0.5
BUSY_EVENTS = 200
"""A log that grows by more than this in `index_quiet_ms` is being imported into: the index waits, so that it lasts."""
EVENTS: frozenset[type[Event]] = frozenset(
    {
        PersonRegistered,
        ContactChanged,
        NameCorrected,
        IdentityNumberCorrected,
        ProcessingRestricted,
        RestrictionLifted,
        ErasureBegun,
        PersonErased,
    }
)


class IndexBehind(Exception):
    """The index has not reached a position in the time there was."""


@dataclass(frozen=True)
class _Values:
    """What is kept of a person now, or nothing that may be used."""

    identity: Kept
    contact: Kept | None


async def ensure(keyring: Keyring) -> None:
    """Load the index keys of every scope; `name_key` and the like work afterwards."""
    for purpose in (SCOPE, *SCOPES):
        await keyring.ensure_purpose(purpose)


def name_key(keyring: Keyring, name: str) -> bytes:
    """The keyed index of a name as `clean_name` leaves it."""
    return keyring.blind_index_now(NAME, name)


def name_born_key(keyring: Keyring, name: str, born: str, sex: str) -> bytes:
    """The keyed index of a name with YYYYMMDD and M or F; both "" where the document shows neither."""
    return keyring.blind_index_now(NAME_BORN, f"{name}|{born}|{sex}")


def mobile_key(keyring: Keyring, mobile: str) -> bytes:
    """The keyed index of a mobile as `clean_mobile` leaves it."""
    return keyring.blind_index_now(MOBILE, mobile)


async def run(context: Context) -> None:
    """Keep the index for ever, in the quiet times of the log; a failure is said aloud and tried again."""
    settings: Settings = context.settings
    while True:
        try:
            await _until_quiet(context, settings)
            if not await advance(context):
                await context.log.grown(await position(context), POLL_S)
        except Exception as error:  # noqa: BLE001 - kept apart from imports and requests, which go on without the index
            if not is_away(error):
                structlog.get_logger().error("people-index-stalled", error=type(error).__name__)
            await asyncio.sleep(settings.index_retry_delay_ms / 1000)


async def _until_quiet(context: Context, settings: Settings) -> None:
    """Wait, bounded, while the log grows as it does in an import."""
    end = monotonic() + settings.index_wait_ms_max / 1000
    while monotonic() < end:
        before = context.log.known_head
        await asyncio.sleep(settings.index_quiet_ms / 1000)
        if context.log.known_head - before <= BUSY_EVENTS:
            return


async def position(context: Context) -> int:
    """How far the index has come in the log."""
    return await context.log.checkpoint(CHECKPOINT, context.log.service)


async def reach(context: Context, wanted: int) -> None:
    """Bring the index to a position of the log, whoever else is at it. Raises IndexBehind after its time."""
    settings: Settings = context.settings
    end = monotonic() + settings.index_catch_up_ms_max / 1000
    while await position(context) < wanted:
        if monotonic() > end:
            raise IndexBehind(str(wanted))
        await advance(context)


async def advance(context: Context) -> bool:
    """Take the next events in; False when there are none. The rows and the checkpoint are one transaction."""
    log, service = context.log, context.log.service
    start = await position(context)
    target = min(await log.head(), start + POSITIONS_PER_TURN)
    if target <= start:
        return False
    await ensure(context.keyring)
    wires = log.catalog.wires(EVENTS)
    rows = await log.pool.fetch(
        "select position, body from event where position > $1 and position <= $2 and type = any($3) order by position",
        *(start, target, list(wires)),
    )
    recorded = [log.recorded(Stored(row["position"], row["body"])) for row in rows]
    fresh, changed = _sorted(recorded)
    current = await _current(context, changed)
    entries = await _entries(context, fresh | {one: held for one, held in current.items() if held is not None})
    numbers = [entry for entry in entries if entry[0] == SCOPE]
    for _, person_id, key in numbers:
        # Held already, unless a second correction was being written while the first was taken in.
        await log.append(Group(reservations=[Reservation(SCOPE, key, person_id)]))
    try:
        async with log.pool.acquire() as connection, connection.transaction():
            await lookup.forget(connection, changed)
            await lookup.put(connection, [entry for entry in entries if entry[0] != SCOPE])
            if numbers:
                await connection.execute(
                    "delete from reservation r using unnest($2::text[], $3::bytea[]) as n(owner, key)"
                    " where r.scope = $1 and r.owner = n.owner and r.key <> n.key",
                    *(SCOPE, [owner for _, owner, _ in numbers], [key for _, _, key in numbers]),
                )
            await move_checkpoints(connection, service, [Move(CHECKPOINT, start, target)])
    except CheckpointLost:
        pass  # another replica took the same events in
    return True


def _sorted(batch: Sequence[Recorded]) -> tuple[dict[str, _Values], list[str]]:
    """Who is merely new, with what the registration says; and whose whole history has to be looked at."""
    fresh: dict[str, _Values] = {}
    changed: dict[str, None] = {}
    for recorded in batch:
        match recorded.event:
            case PersonRegistered(person_id=person_id) as event:
                contact = Kept(event.contact, REGISTERED_CONTACT) if event.contact else None
                fresh[person_id] = _Values(Kept(event.identity, REGISTERED_IDENTITY), contact)
            case event:
                person_id = recorded.header.subject.removeprefix(PERSON.stream(""))
                changed[person_id] = None
    return {person_id: values for person_id, values in fresh.items() if person_id not in changed}, list(changed)


async def _current(context: Context, people: Sequence[str]) -> dict[str, _Values | None]:
    """What stands recorded of people who changed; None where it may not be used, or is gone."""
    found: dict[str, _Values | None] = {}
    histories = await context.log.load_many([PERSON.stream(one) for one in people]) if people else {}
    for person_id in people:
        state = PERSON.initial
        for recorded in histories[PERSON.stream(person_id)]:
            state = PERSON.evolve(state, recorded.event)  # type: ignore[arg-type]
        standing = state.before if isinstance(state, Deceased) else state
        found[person_id] = _Values(standing.identity, standing.contact) if isinstance(standing, Registered) else None
    return found


async def _entries(context: Context, people: dict[str, _Values]) -> list[lookup.Entry]:
    """The rows of people; of those whose number was corrected too, since its old index must go."""
    keyring = context.keyring
    order = list(people.items())
    identities = await keyring.open_many(
        [(held.identity.sealed, Identity, person_id, held.identity.field) for person_id, held in order]
    )
    contacts = await keyring.open_many(
        [(held.contact.sealed, Contact, person_id, held.contact.field) for person_id, held in order if held.contact]
    )
    mobiles = iter(contacts)
    today = f"{context.clock.today():%Y%m%d}"
    entries: list[lookup.Entry] = []
    for number, ((person_id, held), identity) in enumerate(zip(order, identities, strict=True)):
        contact = next(mobiles) if held.contact else None
        if number % PEOPLE_PER_BREATH == 0:
            await asyncio.sleep(0)
        if isinstance(identity, Erased):
            continue
        entries += _of_identity(keyring, person_id, identity, today)
        if held.identity.field != REGISTERED_IDENTITY:
            entries.append((SCOPE, person_id, person_key(keyring, identity.id_type, identity.id_no)))
        if contact is not None and not isinstance(contact, Erased) and contact.mobile:
            entries.append((MOBILE, person_id, mobile_key(keyring, contact.mobile)))
    return entries


def _of_identity(keyring: Keyring, person_id: str, identity: Identity, today: str) -> list[lookup.Entry]:
    number = id_number.read(identity.id_type, identity.id_no, today)
    return [
        (NAME, person_id, name_key(keyring, identity.name)),
        (NAME_BORN, person_id, name_born_key(keyring, identity.name, number.born, number.sex)),
    ]


async def free_number(context: Context, person_id: str, key: bytes) -> None:
    """The number behind this index is no longer the person's; somebody else may be registered under it."""
    await context.log.pool.execute(
        "delete from reservation where scope = $1 and key = $2 and owner = $3", SCOPE, key, person_id
    )


async def forget(context: Context, person_id: str) -> None:
    """No name, mobile or number leads to this person any more."""
    async with context.log.pool.acquire() as connection, connection.transaction():
        await lookup.forget(connection, [person_id])
        await connection.execute("delete from reservation where scope = $1 and owner = $2", SCOPE, person_id)
