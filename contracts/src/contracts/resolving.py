"""Who are these people: the question and the answer of enrolment's `POST /internal/people/resolve` (domain 6.3).

It is asked in bulk by services only, and never through the gateway. Nothing of it is an event.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from contracts.envelope import Value

ENTRIES_PER_CALL_MAX = 5_000
CANDIDATES_MAX = 5
"""More people of one name, birth date and sex than this are not told apart by asking."""

EXACT = "EXACT"
"""The number is known, and the name is the registered one."""
NAME_DIFF = "NAME_DIFF"
"""The number is known under another name: a person decides (domain 6.3, 4)."""
NONE = "NONE"
"""The number is not known; `candidates` may share name, birth date and sex."""

Text = Annotated[str, msgspec.Meta(max_length=100)]


class PersonAsked(Value, frozen=True, kw_only=True, gc=False):
    """One person as another's file names them, as it was typed.

    `ref` is the asker's own and comes back. `born` (`YYYY-MM-DD` or `YYYYMMDD`) and `sex` (`M`, `F`, or "") count
    only where the number shows neither. 15 digits are read as 18; `id_type` "" is a resident's number.
    """

    ref: Text
    id_no: Text
    name: Text
    born: Text = ""
    sex: Text = ""
    id_type: Text = ""


class PeopleAsked(Value, frozen=True, kw_only=True):
    """Up to ENTRIES_PER_CALL_MAX people, and the plan whose covers are wanted."""

    plan: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    entries: Annotated[tuple[PersonAsked, ...], msgspec.Meta(max_length=ENTRIES_PER_CALL_MAX)]


class CoverFound(Value, frozen=True, kw_only=True, gc=False):
    """A cover of the plan: half-open ISO dates; organisation, county and occupation as they are today."""

    plan_version: int
    effective_on: str
    ends_on: str
    org_path: str
    division_code: str
    occupation: str
    held: bool = False


class CandidateFound(Value, frozen=True, kw_only=True, gc=False):
    """Somebody of the same name, birth date and sex under another number; without a cover of the plan `cover` is None.

    Whether the county is the same is the asker's to see from the cover's `division_code`.
    """

    person_id: str
    cover: CoverFound | None = None


class PersonFound(Value, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One answer, in the order of the question: EXACT, NAME_DIFF or NONE.

    `restricted`: the person's data may be kept and not used (PIPL 47). `died_on` is an ISO date or "".
    """

    ref: str
    outcome: str
    person_id: str = ""
    cover: CoverFound | None = None
    died_on: str = ""
    restricted: bool = False
    candidates: tuple[CandidateFound, ...] = ()


class PeopleFound(Value, frozen=True, kw_only=True):
    """As many answers as there were entries. `log_position` is what of enrolment's log they rest on."""

    log_position: int
    people: tuple[PersonFound, ...]
