"""What a person can be: unknown, registered, deceased, restricted, being erased, erased; and how events lead there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from contracts.enrolment.people import (
    ContactChanged,
    DeathWithdrawn,
    EmploymentChanged,
    ErasureBegun,
    IdentityNumberCorrected,
    NameCorrected,
    PersonErased,
    ProcessingRestricted,
    RestrictionLifted,
)
from contracts.enrolment.v1 import DeathRecorded, PersonRegistered
from contracts.envelope import Sealed

REGISTERED_IDENTITY = "enrolment.person-registered.v1/identity"
REGISTERED_CONTACT = "enrolment.person-registered.v1/contact"
CHANGED_EMPLOYER = "enrolment.employment-changed.v1/employer"
CHANGED_CONTACT = "enrolment.contact-changed.v1/contact"
CORRECTED_NAME_IDENTITY = "enrolment.name-corrected.v1/identity"
CORRECTED_NAME_CONTACT = "enrolment.name-corrected.v1/contact"
CORRECTED_NUMBER_IDENTITY = "enrolment.identity-number-corrected.v1/identity"
"""The fields that personal values are sealed in."""


@dataclass(frozen=True)
class Kept:
    """A sealed value and the field it was sealed in: it opens under no other."""

    sealed: Sealed
    field: str


@dataclass(frozen=True)
class Employment:
    """The last change of employment; ISO date."""

    employer: Kept | None
    occupation: str
    org_path: str
    division_code: str
    effective_on: str


@dataclass(frozen=True)
class Unknown:
    """No such person."""


@dataclass(frozen=True)
class Registered:
    """Alive as far as known, with what is recorded of the person now; `employment` None before the first change."""

    identity: Kept
    contact: Kept | None
    employment: Employment | None = None


@dataclass(frozen=True)
class Deceased:
    """The person has died; covers of the past stay what they were."""

    died_on: str
    before: Registered


@dataclass(frozen=True)
class Restricted:
    """The data are kept and not used; erased on `until` if that is a date."""

    before: Registered | Deceased
    reason: str
    until: str


@dataclass(frozen=True)
class Erasing:
    """The keys are to be destroyed; there is no way back."""


@dataclass(frozen=True)
class Erased:
    """Nothing personal can be read any more."""


Person: TypeAlias = Unknown | Registered | Deceased | Restricted | Erasing | Erased
PersonEvent: TypeAlias = (
    PersonRegistered
    | DeathRecorded
    | DeathWithdrawn
    | EmploymentChanged
    | ContactChanged
    | NameCorrected
    | IdentityNumberCorrected
    | ProcessingRestricted
    | RestrictionLifted
    | ErasureBegun
    | PersonErased
)


def has_died(person: Person) -> bool:
    """Whether a death stands recorded, restricted or not."""
    return isinstance(person.before if isinstance(person, Restricted) else person, Deceased)


def is_leaving(person: Person) -> bool:
    """Whether the person is erased or about to be: the number will be nobody's."""
    return isinstance(person, Erasing | Erased)


def evolve(person: Person, event: PersonEvent) -> Person:
    """The person after an event."""
    match event:
        case PersonRegistered():
            contact = Kept(event.contact, REGISTERED_CONTACT) if event.contact else None
            return Registered(Kept(event.identity, REGISTERED_IDENTITY), contact)
        case ErasureBegun():
            return Erasing()
        case PersonErased():
            return Erased()
        case _:
            return person if isinstance(person, Unknown | Erasing | Erased) else _changed(person, event)


_Change: TypeAlias = EmploymentChanged | ContactChanged | NameCorrected | IdentityNumberCorrected
_Standing: TypeAlias = Registered | Deceased | Restricted


def _changed(
    person: _Standing, event: DeathRecorded | DeathWithdrawn | _Change | ProcessingRestricted | RestrictionLifted
) -> _Standing:
    before = person.before if isinstance(person, Restricted) else person
    match event:
        case ProcessingRestricted():
            return Restricted(before, event.reason, event.until)
        case RestrictionLifted():
            return before
        case DeathRecorded():
            after: Registered | Deceased = Deceased(event.died_on, _recorded(before))
        case DeathWithdrawn():
            after = _recorded(before)
        case EmploymentChanged() | ContactChanged() | NameCorrected() | IdentityNumberCorrected():
            registered = _with(_recorded(before), event)
            after = Deceased(before.died_on, registered) if isinstance(before, Deceased) else registered
    return replace(person, before=after) if isinstance(person, Restricted) else after


def _recorded(person: Registered | Deceased) -> Registered:
    return person.before if isinstance(person, Deceased) else person


def _with(person: Registered, event: _Change) -> Registered:
    match event:
        case EmploymentChanged():
            employer = Kept(event.employer, CHANGED_EMPLOYER) if event.employer else None
            employment = Employment(employer, event.occupation, event.org_path, event.division_code, event.effective_on)
            return replace(person, employment=employment)
        case ContactChanged():
            return replace(person, contact=Kept(event.contact, CHANGED_CONTACT))
        case NameCorrected():
            identity = Kept(event.identity, CORRECTED_NAME_IDENTITY)
            return replace(person, identity=identity, contact=Kept(event.contact, CORRECTED_NAME_CONTACT))
        case IdentityNumberCorrected():
            return replace(person, identity=Kept(event.identity, CORRECTED_NUMBER_IDENTITY))
