"""A person: registered once, found again by a keyed index, changed, restricted, erased (domain 5.2-5.6; PIPL 47)."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.decider import Decider, Rejected
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
from enrolment.domain.person_commands import (
    Change,
    ChangeContact,
    ChangeEmployment,
    CompleteErasure,
    CorrectIdentityNumber,
    CorrectName,
    LiftRestriction,
    PersonCommand,
    RecordDeath,
    RegisterPerson,
    RequestErasure,
    RestrictProcessing,
    WithdrawDeath,
)
from enrolment.domain.person_stages import (
    Deceased,
    Erased,
    Erasing,
    Person,
    PersonEvent,
    Registered,
    Restricted,
    Unknown,
    evolve,
)

__all__ = ["PERSON", "Deceased", "RecordDeath", "RegisterPerson", "Registered", "Unknown", "changeable"]
"""What others take from here rather than from the commands and stages."""

ON_REQUEST = "ON_REQUEST"


def decide(command: PersonCommand, person: Person) -> Sequence[PersonEvent]:
    """The answer in every stage.

    Rejected: member-unknown, member-deceased, member-restricted, member-erased, death-in-future, death-differs,
    change-in-future, employment-before-last, number-of-another, erasure-not-begun.
    """
    match person:
        case Unknown():
            if isinstance(command, RegisterPerson):
                return [_registered(command)]
            raise _unknown()
        case Erasing() | Erased():
            return _leaving(command, person)
        case Registered() | Deceased() | Restricted():
            return _standing(command, person)


def changeable(person: Person) -> Registered:
    """What is recorded of a person whose values may be read and changed, the dead included.

    Rejected: member-unknown, member-restricted, member-erased.
    """
    match person:
        case Unknown():
            raise _unknown()
        case Erasing() | Erased():
            raise _gone()
        case Restricted():
            raise _withheld()
        case Deceased(before=before):
            return before
        case Registered():
            return person


def _unknown() -> Rejected:
    return Rejected("member-unknown", "No such member.", "person_id")


def _gone() -> Rejected:
    return Rejected("member-erased", "This person's data have been erased.", "person_id")


def _withheld() -> Rejected:
    return Rejected("member-restricted", "This person's data are kept and may not be used.", "person_id")


def _leaving(command: PersonCommand, person: Erasing | Erased) -> Sequence[PersonEvent]:
    match command:
        case RegisterPerson() | RequestErasure():
            return []
        case CompleteErasure():
            if isinstance(person, Erased):
                return []
            return [PersonErased(person_id=command.person_id, erased_on=command.today, categories=command.categories)]
        case _:
            raise _gone()


def _standing(command: PersonCommand, person: Registered | Deceased | Restricted) -> Sequence[PersonEvent]:
    match command:
        case RegisterPerson():
            return []
        case CompleteErasure():
            raise Rejected("erasure-not-begun", "Nothing was to be erased.", "person_id")
        case RecordDeath() | WithdrawDeath():
            return _about_death(command, person.before if isinstance(person, Restricted) else person)
        case RestrictProcessing() | LiftRestriction() | RequestErasure():
            return _about_rights(command, person)
        case ChangeEmployment() | ChangeContact() | CorrectName() | CorrectIdentityNumber():
            if isinstance(person, Restricted):
                raise _withheld()
            return _changes(command, person)


def _registered(command: RegisterPerson) -> PersonRegistered:
    return PersonRegistered(
        person_id=command.person_id,
        identity=command.identity,
        contact=command.contact,
        sex=command.sex,
        birth_year=command.birth_year,
    )


def _about_death(command: RecordDeath | WithdrawDeath, person: Registered | Deceased) -> Sequence[PersonEvent]:
    match command:
        case RecordDeath() if isinstance(person, Deceased):
            if command.died_on != person.died_on:
                raise Rejected("death-differs", "Another day of death is already recorded.", "died_on")
            return []
        case RecordDeath():
            if command.died_on > command.today:
                raise Rejected("death-in-future", "A death cannot lie after today.", "died_on")
            return [DeathRecorded(person_id=command.person_id, died_on=command.died_on)]
        case WithdrawDeath():
            if isinstance(person, Registered):
                return []
            return [
                DeathWithdrawn(
                    person_id=command.person_id, withdrawn_on=command.today, reason=command.reason, by=command.by
                )
            ]


def _about_rights(
    command: RestrictProcessing | LiftRestriction | RequestErasure, person: Registered | Deceased | Restricted
) -> Sequence[PersonEvent]:
    restricted = isinstance(person, Restricted)
    match command:
        case RestrictProcessing():
            return [] if restricted else [_restriction(command, ON_REQUEST, "")]
        case LiftRestriction():
            if not restricted:
                return []
            return [RestrictionLifted(person_id=command.person_id, lifted_on=command.today, by=command.by)]
        case RequestErasure():
            if command.kept_until <= command.today:
                return [ErasureBegun(person_id=command.person_id, begun_on=command.today, by=command.by)]
            kept = (command.kept_for, command.kept_until)
            if isinstance(person, Restricted) and (person.reason, person.until) == kept:
                return []
            return [_restriction(command, *kept)]


def _restriction(command: RestrictProcessing | RequestErasure, reason: str, until: str) -> ProcessingRestricted:
    return ProcessingRestricted(
        person_id=command.person_id, reason=reason, from_on=command.today, until=until, by=command.by
    )


def _changes(command: Change, person: Registered | Deceased) -> Sequence[PersonEvent]:
    if isinstance(person, Deceased) and isinstance(command, ChangeEmployment | ChangeContact):
        raise Rejected("member-deceased", "This person's death is recorded.", "person_id")
    if command.effective_on > command.today:
        raise Rejected("change-in-future", "A change is recorded from the day on which it holds.", "effective_on")
    match command:
        case ChangeEmployment():
            return _employment(command, person)
        case ChangeContact():
            return [] if command.same else [ContactChanged(contact=command.contact, **_told(command))]
        case CorrectName():
            if command.same:
                return []
            return [NameCorrected(identity=command.identity, contact=command.contact, **_told(command))]
        case CorrectIdentityNumber():
            if command.same:
                return []
            if command.holder not in ("", command.person_id):
                raise Rejected("number-of-another", "Another person is registered under this number.", "id_no")
            return [
                IdentityNumberCorrected(
                    identity=command.identity, sex=command.sex, birth_year=command.birth_year, **_told(command)
                )
            ]


def _told(command: Change) -> dict[str, str]:
    """What every change says of itself."""
    return {name: getattr(command, name) for name in ("person_id", "effective_on", "source", "by")}


def _employment(command: ChangeEmployment, person: Registered | Deceased) -> Sequence[EmploymentChanged]:
    before = changeable(person).employment
    place = (command.occupation, command.org_path, command.division_code)
    if before is not None:
        if command.same_employer and place == (before.occupation, before.org_path, before.division_code):
            return []
        if command.effective_on < before.effective_on:
            sentence = "A later change is already recorded; name a day from then on."
            raise Rejected("employment-before-last", sentence, "effective_on")
    return [
        EmploymentChanged(
            employer=command.employer,
            occupation=command.occupation,
            organization=command.organization,
            org_path=command.org_path,
            division_code=command.division_code,
            **_told(command),
        )
    ]


PERSON = Decider[PersonCommand, Person, PersonEvent]("person", Unknown(), evolve, decide)
