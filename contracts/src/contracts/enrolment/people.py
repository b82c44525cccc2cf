"""Events of enrolment: what changes about a person, consent, restriction and erasure."""

from __future__ import annotations

from contracts.envelope import Event, Sealed, Upcaster


class EmploymentChanged(Event, frozen=True, kw_only=True):
    """A person works elsewhere or as something else from a day on (domain 5.6). Stream `person-<id>`.

    `employer` is sealed under category `identity` (an `Employment`), None when no employer was named. `source` says who
    showed it (MEMBER, UNIT, COUNTY, CITY, OFFICE, ROSTER, BUREAU). The cover goes on and moves by `CoverageMoved`.
    """

    person_id: str
    employer: Sealed | None
    occupation: str
    organization: str
    org_path: str
    division_code: str
    effective_on: str
    source: str
    by: str


class CoverageMoved(Event, frozen=True, kw_only=True):
    """A cover is another organisation's, county's or occupation's from an ISO date on (domain 5.5, 5.6).

    Stream `coverage-<plan>-<person>`. Period and plan version stay. Dates never go back within a stream; a second move
    of one day replaces the first. `left_*` is what held on the day before `effective_on`.
    """

    plan_code: str
    person_id: str
    occupation: str
    org_path: str
    division_code: str
    left_occupation: str
    left_org_path: str
    left_division_code: str
    effective_on: str
    source: str


class ContactChanged(Event, frozen=True, kw_only=True):
    """A person is reached at another mobile from a day on (domain 5.2). Stream `person-<id>`. Sealed: a `Contact`."""

    person_id: str
    contact: Sealed
    effective_on: str
    source: str
    by: str


class NameCorrected(Event, frozen=True, kw_only=True):
    """The registered name was wrong or has changed; shown by a document (domain 5.4). Stream `person-<id>`.

    Identity and contact are sealed anew, since both hold the name.
    """

    person_id: str
    identity: Sealed
    contact: Sealed
    effective_on: str
    source: str
    by: str


class IdentityNumberCorrected(Event, frozen=True, kw_only=True):
    """The registered number was another than the document's (domain 5.3, 6.5). Stream `person-<id>`.

    Whoever matched people by number looks again. `sex` and `birth_year` are derived from the right number.
    """

    person_id: str
    identity: Sealed
    sex: str
    birth_year: int
    effective_on: str
    source: str
    by: str


class DeathWithdrawn(Event, frozen=True, kw_only=True):
    """A death was recorded by mistake: the person lives. Stream `person-<id>`.

    `reason`: ENTRY_ERROR, OTHER_PERSON (of the same name, or a wrong number) or DOCUMENT_WRONG.
    """

    person_id: str
    withdrawn_on: str
    reason: str
    by: str


class ConsentGiven(Event, frozen=True, kw_only=True):
    """The person agreed to a purpose (PIPL 14, 29). Stream `consent-<person>`. An ISO date."""

    person_id: str
    purpose: str
    given_on: str
    by: str


class ConsentWithdrawn(Event, frozen=True, kw_only=True):
    """The person no longer agrees to a purpose (PIPL 15). Stream `consent-<person>`. An ISO date."""

    person_id: str
    purpose: str
    withdrawn_on: str
    by: str


class ProcessingRestricted(Event, frozen=True, kw_only=True):
    """The person's data are kept and not used any more (PIPL 47). Stream `person-<id>`.

    `until` is the ISO date on which they are erased, or "" when no erasure was asked for; `reason`: ON_REQUEST (an
    accuracy or lawfulness is contested), COVER_KEPT or CLAIM_KEPT (an erasure that retention forbids for now).
    """

    person_id: str
    reason: str
    from_on: str
    until: str
    by: str


class RestrictionLifted(Event, frozen=True, kw_only=True):
    """The person's data are used again; an erasure that waited is withdrawn. Stream `person-<id>`."""

    person_id: str
    lifted_on: str
    by: str


class ErasureBegun(Event, frozen=True, kw_only=True):
    """Nothing has to be kept: the person's keys are to be destroyed, everywhere. Stream `person-<id>`.

    It is no longer taken back. Who holds copies removes them.
    """

    person_id: str
    begun_on: str
    by: str


class PersonErased(Event, frozen=True, kw_only=True):
    """The keys of these categories and the person's index rows are no more. Stream `person-<id>`."""

    person_id: str
    erased_on: str
    categories: tuple[str, ...]


EVENTS: dict[str, type[Event]] = {
    "enrolment.employment-changed.v1": EmploymentChanged,
    "enrolment.coverage-moved.v1": CoverageMoved,
    "enrolment.contact-changed.v1": ContactChanged,
    "enrolment.name-corrected.v1": NameCorrected,
    "enrolment.identity-number-corrected.v1": IdentityNumberCorrected,
    "enrolment.death-withdrawn.v1": DeathWithdrawn,
    "enrolment.consent-given.v1": ConsentGiven,
    "enrolment.consent-withdrawn.v1": ConsentWithdrawn,
    "enrolment.processing-restricted.v1": ProcessingRestricted,
    "enrolment.restriction-lifted.v1": RestrictionLifted,
    "enrolment.erasure-begun.v1": ErasureBegun,
    "enrolment.person-erased.v1": PersonErased,
}
UPCASTERS: dict[str, Upcaster] = {}
