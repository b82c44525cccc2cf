"""What can be asked of a person. Dates are ISO dates; personal values come sealed, `same` says what they equal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from contracts.envelope import Sealed

SOURCES = ("MEMBER", "UNIT", "COUNTY", "CITY", "OFFICE", "ROSTER", "BUREAU")
"""Who showed a change."""


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
    """A death was shown to the union."""

    person_id: str
    died_on: str
    today: str


@dataclass(frozen=True, kw_only=True)
class WithdrawDeath:
    """The death was recorded by mistake."""

    person_id: str
    reason: str
    today: str
    by: str


@dataclass(frozen=True, kw_only=True)
class ChangeEmployment:
    """The person works elsewhere from `effective_on`; `same_employer` compares with what is recorded now."""

    person_id: str
    employer: Sealed | None
    same_employer: bool
    occupation: str
    organization: str
    org_path: str
    division_code: str
    effective_on: str
    source: str
    today: str
    by: str


@dataclass(frozen=True, kw_only=True)
class ChangeContact:
    """The person has another mobile; `same` when it is the one recorded."""

    person_id: str
    contact: Sealed
    same: bool
    effective_on: str
    source: str
    today: str
    by: str


@dataclass(frozen=True, kw_only=True)
class CorrectName:
    """The document shows another name; `same` when it is the one recorded."""

    person_id: str
    identity: Sealed
    contact: Sealed
    same: bool
    effective_on: str
    source: str
    today: str
    by: str


@dataclass(frozen=True, kw_only=True)
class CorrectIdentityNumber:
    """The document shows another number; `holder` is whom the registry has under it, "" when nobody."""

    person_id: str
    identity: Sealed
    sex: str
    birth_year: int
    same: bool
    holder: str
    effective_on: str
    source: str
    today: str
    by: str


@dataclass(frozen=True, kw_only=True)
class RestrictProcessing:
    """Stop using the person's data; they are kept."""

    person_id: str
    today: str
    by: str


@dataclass(frozen=True, kw_only=True)
class LiftRestriction:
    """Use the person's data again."""

    person_id: str
    today: str
    by: str


@dataclass(frozen=True, kw_only=True)
class RequestErasure:
    """Erase the person, or restrict until the law lets it: `kept_until` is the day on which nothing has to be kept.

    `kept_for` is COVER_KEPT or CLAIM_KEPT; both are "" when nothing has to be kept today.
    """

    person_id: str
    kept_for: str
    kept_until: str
    today: str
    by: str


@dataclass(frozen=True, kw_only=True)
class CompleteErasure:
    """The keys of these categories and the index rows are gone."""

    person_id: str
    categories: tuple[str, ...]
    today: str


Change: TypeAlias = ChangeEmployment | ChangeContact | CorrectName | CorrectIdentityNumber
PersonCommand: TypeAlias = (
    RegisterPerson
    | RecordDeath
    | WithdrawDeath
    | Change
    | RestrictProcessing
    | LiftRestriction
    | RequestErasure
    | CompleteErasure
)
