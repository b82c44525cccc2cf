"""Who are these people: asked in bulk by services, answered from keyed indexes alone, nothing opened (domain 6.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from litestar import post
from litestar.params import JSONBody

from chassis import lookup
from chassis.auth import allow_province
from chassis.context import Context
from chassis.keyring import Keyring
from chassis.web import Problem
from contracts.envelope import Actor
from contracts.resolving import (
    CANDIDATES_MAX,
    EXACT,
    NAME_DIFF,
    NONE,
    CandidateFound,
    CoverFound,
    PeopleAsked,
    PeopleFound,
    PersonAsked,
    PersonFound,
)
from enrolment.api.access import the_plan
from enrolment.domain import id_number
from enrolment.domain.name import clean_name
from enrolment.intake import index
from enrolment.intake.people import SCOPE, person_key
from enrolment.projections import covers, holds, members, rights

REQUEST_BYTES_MAX = 4 * 1024 * 1024
ENTRIES_PER_BREATH = 500
"""Indexing yields to other requests after this many entries."""
BORN_CHARS = 8


@dataclass(frozen=True, slots=True)
class _Keys:
    """The keyed indexes of one entry; None where the entry does not allow one. `told` is whether a birth date was."""

    number: bytes | None
    name_born: bytes | None
    told: bool


@post("/internal/people/resolve", status_code=200, request_max_body_size=REQUEST_BYTES_MAX)
async def resolve_people(data: JSONBody[PeopleAsked], actor: Actor, context: Context) -> PeopleFound:
    """For each entry whom the registry has under its number, and whether the name is the registered one."""
    allow_province(actor, "service")
    the_plan(data.plan)
    head = await context.log.head()
    await context.projecting.wait_for(head)
    try:
        await index.reach(context, head)
    except index.IndexBehind:
        raise Problem(503, "index-behind", "People who were just registered are not findable yet; ask again.") from None
    keys = await _keys(context, data.entries)
    holders = await context.log.reserved(SCOPE, [one.number for one in keys if one.number is not None])
    namesakes = await lookup.owners(
        context.log.pool, index.NAME_BORN, [one.name_born for one in keys if one.name_born is not None]
    )
    people = list({*holders.values(), *(owner for some in namesakes.values() for owner in some[: CANDIDATES_MAX + 1])})
    known = await _known(context, data.plan, people)
    answers = tuple(
        _answer(entry, one, holders, namesakes, known) for entry, one in zip(data.entries, keys, strict=True)
    )
    return PeopleFound(log_position=head, people=answers)


async def _keys(context: Context, entries: Sequence[PersonAsked]) -> list[_Keys]:
    await index.ensure(context.keyring)
    today = f"{context.clock.today():%Y%m%d}"
    keys = []
    for number, entry in enumerate(entries):
        if number % ENTRIES_PER_BREATH == 0:
            await asyncio.sleep(0)
        keys.append(keys_of(context.keyring, entry, today))
    return keys


def keys_of(keyring: Keyring, entry: PersonAsked, today: str) -> _Keys:
    """Birth date and sex are the number's where it stands, else as they were told. `today` is YYYYMMDD."""
    id_type = id_number.ID_TYPES.get(entry.id_type, "")
    read = id_number.read(id_type, entry.id_no, today)
    name = clean_name(entry.name, foreign=id_type in id_number.FOREIGN)
    if read.errors:
        number, born, sex = None, entry.born.replace("-", ""), entry.sex
        told = len(born) == BORN_CHARS and sex in ("M", "F")
    else:
        number, born, sex = person_key(keyring, read.id_type, read.id_no), read.born, read.sex
        told = bool(born)
    name_born = index.name_born_key(keyring, name, born, sex) if name and (told or number is not None) else None
    return _Keys(number, name_born, told)


@dataclass(frozen=True, slots=True)
class _Known:
    covers: Mapping[str, CoverFound]
    died: Mapping[str, str]
    restricted: frozenset[str]


async def _known(context: Context, plan_code: str, people: Sequence[str]) -> _Known:
    if not people:
        return _Known({}, {}, frozenset())
    async with context.reads.connection() as c:
        found = await covers.of_people(c, people, None)
        died = await members.died(c, people)
        restricted = await rights.restricted(c, people)
        held = await holds.held(c, people)
    plan = {
        person_id: CoverFound(
            plan_version=cover.plan_version,
            effective_on=cover.effective_on,
            ends_on=cover.ends_on,
            org_path=cover.org_path,
            division_code=cover.division_code,
            occupation=cover.occupation,
            held=person_id in held,
        )
        for person_id, some in found.items()
        for cover in some
        if cover.plan_code == plan_code
    }
    return _Known(plan, died, restricted)


def _answer(
    entry: PersonAsked, keys: _Keys, holders: Mapping[bytes, str], namesakes: Mapping[bytes, list[str]], known: _Known
) -> PersonFound:
    person_id = holders.get(keys.number) if keys.number is not None else None
    same = namesakes.get(keys.name_born, ()) if keys.name_born is not None else ()
    if person_id is not None:
        return PersonFound(
            ref=entry.ref,
            outcome=EXACT if person_id in same else NAME_DIFF,
            person_id=person_id,
            cover=known.covers.get(person_id),
            died_on=known.died.get(person_id, ""),
            restricted=person_id in known.restricted,
        )
    if not same or not keys.told or len(same) > CANDIDATES_MAX:
        return PersonFound(ref=entry.ref, outcome=NONE)
    candidates = tuple(CandidateFound(person_id=one, cover=known.covers.get(one)) for one in sorted(same))
    return PersonFound(ref=entry.ref, outcome=NONE, candidates=candidates)
