"""Asks enrolment who the people of some rows are; no index of identity numbers is kept here (domain 6.3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from chassis.context import Context
from chassis.environment import token_reader
from chassis.fetch import fetch
from claims.domain.benefits import Cover
from claims.domain.bureau import Layout
from claims.domain.matching import WEAK
from claims.intake.files import Cells
from claims.settings import Settings
from contracts.resolving import NAME_DIFF, NONE, CoverFound, PeopleAsked, PeopleFound, PersonAsked, PersonFound

PATH = "/internal/people/resolve"
SEXES = {"1": "M", "2": "F", "M": "M", "F": "F", "男": "M", "女": "F"}
TEXT_MAX = 100
WHOLE_PREFECTURE = ("00", "99")
"""An insured place that ends so is the prefecture's own office: no county is told."""

Resolve = Callable[[PeopleAsked], Awaitable[PeopleFound]]


@dataclass(frozen=True)
class Match:
    """A row's member and cover; `outcome` is EXACT, NAME_DIFF or WEAK."""

    outcome: str
    person_id: str
    cover: CoverFound

    @property
    def period(self) -> Cover:
        """The cover as the rules read it."""
        return Cover(date.fromisoformat(self.cover.effective_on), date.fromisoformat(self.cover.ends_on))


def resolver(context: Context) -> Resolve:
    """Enrolment's bulk endpoint, asked as this service. Raises httpx.HTTPError."""
    settings: Settings = context.settings
    sources: dict[str, str] = msgspec.json.decode(settings.sources)

    async def resolve(asked: PeopleAsked) -> PeopleFound:
        answer = await fetch(
            context.http,
            "POST",
            sources["enrolment"] + PATH,
            content=msgspec.json.encode(asked),
            headers={
                "Authorization": f"Bearer {token_reader(settings.service_token_file)}",
                "Content-Type": "application/json",
            },
            timeout_s=settings.resolve_timeout_s,
        )
        return msgspec.json.decode(answer.content, type=PeopleFound)

    return resolve


def question(layout: Layout, rows: Sequence[tuple[int, Cells]], plan_code: str) -> PeopleAsked:
    """The people that rows name."""
    return PeopleAsked(plan=plan_code, entries=tuple([person_asked(layout, number, cells) for number, cells in rows]))


def person_asked(layout: Layout, number: int, cells: Cells) -> PersonAsked:
    """The person that a row names; `ref` is the row's number."""
    at = layout.places
    born, sex = at["brdy"], at["gend"]
    return PersonAsked(
        ref=str(number),
        id_no=cells[at["certno"]].strip()[:TEXT_MAX],
        name=cells[at["psn_name"]].strip()[:TEXT_MAX],
        born=cells[born].strip()[:10] if born >= 0 else "",
        sex=SEXES.get(cells[sex].strip(), "") if sex >= 0 else "",
    )


def matches(layout: Layout, rows: Sequence[tuple[int, Cells]], found: PeopleFound) -> dict[int, Match]:
    """The rows that may be a covered member's, by number; all others are of people who are not covered."""
    place = layout.places["insu_admdvs"]
    answers: dict[int, Match] = {}
    for (number, cells), person in zip(rows, found.people, strict=True):
        if person.restricted:
            continue  # kept, and not to be used (domain 5.6)
        if person.outcome != NONE:
            if person.cover is not None:
                outcome = NAME_DIFF if person.cover.held else person.outcome
                answers[number] = Match(outcome, person.person_id, person.cover)
        elif person.candidates:
            weak = _weak(person, cells[place].strip() if place >= 0 else "")
            if weak is not None:
                answers[number] = weak
    return answers


def people_named(person: PersonFound) -> frozenset[str]:
    """Everyone whom a row may mean."""
    return frozenset(filter(None, (person.person_id, *(one.person_id for one in person.candidates))))


def _weak(person: PersonFound, insured_at: str) -> Match | None:
    """Somebody of the same name, birth date, sex and county (domain 6.3, 4): never paid by itself."""
    for one in person.candidates:
        if one.cover is not None and _same_county(insured_at, one.cover.division_code):
            return Match(WEAK, one.person_id, one.cover)
    return None


def _same_county(insured_at: str, division: str) -> bool:
    if insured_at[4:6] in WHOLE_PREFECTURE:
        return insured_at[:4] == division[:4]
    return insured_at[:6] == division[:6] and bool(insured_at)
