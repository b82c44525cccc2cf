"""A person: registered once, found again by a keyed index of the identity number, until death (domain 5.2, 5.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chassis.decider import Decider, Rejected
from contracts.enrolment.v1 import DeathRecorded, PersonRegistered
from contracts.envelope import Sealed


@dataclass(frozen=True)
class Unknown:
    """No such person."""


@dataclass(frozen=True)
class Registered:
    """Alive as far as known."""


@dataclass(frozen=True)
class Deceased:
    """The person has died; covers of the past stay what they were."""

    died_on: str


Person: TypeAlias = Unknown | Registered | Deceased
PersonEvent: TypeAlias = PersonRegistered | DeathRecorded


def evolve(_person: Person, event: PersonEvent) -> Person:
    """The person after an event."""
    match event:
        case PersonRegistered():
            return Registered()
        case DeathRecorded():
            return Deceased(event.died_on)


@dataclass(frozen=True, kw_only=True)
class RegisterPerson:
    """Enter a person whose values are already sealed; the id is random. Birth year 0 when the document shows none."""

    person_id: str
    identity: Sealed
    contact: Sealed | None
    sex: str
    birth_year: int


@dataclass(frozen=True, kw_only=True)
class RecordDeath:
    """A death was shown to the union. ISO dates."""

    person_id: str
    died_on: str
    today: str


PersonCommand: TypeAlias = RegisterPerson | RecordDeath


def decide(command: PersonCommand, person: Person) -> Sequence[PersonEvent]:
    """Rejected: member-unknown, death-in-future, death-differs."""
    match command, person:
        case RegisterPerson(), Unknown():
            return [
                PersonRegistered(
                    person_id=command.person_id,
                    identity=command.identity,
                    contact=command.contact,
                    sex=command.sex,
                    birth_year=command.birth_year,
                )
            ]
        case RegisterPerson(), _:
            return []
        case RecordDeath(), Unknown():
            raise Rejected("member-unknown", "No such member.", "person_id")
        case RecordDeath(), Registered():
            if command.died_on > command.today:
                raise Rejected("death-in-future", "A death cannot lie after today.", "died_on")
            return [DeathRecorded(person_id=command.person_id, died_on=command.died_on)]
        case RecordDeath(), Deceased(died_on):
            if command.died_on != died_on:
                raise Rejected("death-differs", "Another day of death is already recorded.", "died_on")
            return []


PERSON = Decider[PersonCommand, Person, PersonEvent]("person", Unknown(), evolve, decide)
