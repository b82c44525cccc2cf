"""What is asked over HTTP and what is answered."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from litestar.params import PathParameter, QueryParameter
from msgspec import Meta

from contracts.health_checkup.v1 import Slot
from health_checkup.projections.attendances import Attendance
from health_checkup.projections.findings import FindingView

ID_PATTERN = r"^[A-Za-z0-9._-]{1,120}$"
Id = Annotated[str, Meta(pattern=ID_PATTERN)]
PathId = Annotated[str, PathParameter(pattern=ID_PATTERN)]
Filter = Annotated[str, QueryParameter(pattern=r"^[A-Za-z0-9._-]{0,120}$")]
Code = Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,20}$")]
ItemCode = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,20}$")]
Package = Annotated[str, Meta(pattern=r"^[A-Z]{1,16}\.v[0-9]{1,3}$")]
OptionalPackage = Annotated[str, Meta(pattern=r"^([A-Z]{1,16}\.v[0-9]{1,3})?$")]
PackageQuery = Annotated[str, QueryParameter(pattern=r"^([A-Z]{1,16}\.v[0-9]{1,3})?$")]
LocalTime = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
MEMBERS_PAGE = 200
Limit = Annotated[int, QueryParameter(ge=1, le=MEMBERS_PAGE)]
Place = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""Without control characters: a text column cannot hold them all."""


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request: nothing but its fields."""


class StopRequest(Asked, frozen=True):
    """A truck's visit of `days` days, a stop each; `division_code` is the county.

    A day has `slots` slots from `first_slot` with `slot_capacity` seats each; or `daily_capacity` seats spread from
    `first_slot` to `ends_at`. What is left out is the campaign's rules'.
    """

    campaign: Code
    division_code: Annotated[str, Meta(pattern=r"^62[0-9]{4}$")]
    place: Place
    date: date
    slots: Annotated[int, Meta(ge=1, le=48)] | None = None
    slot_capacity: Annotated[int, Meta(ge=1, le=100)] | None = None
    first_slot: LocalTime | None = None
    package: Package = "BASIC.v2"
    ends_at: LocalTime | None = None
    daily_capacity: Annotated[int, Meta(ge=1, le=4_800)] | None = None
    days: Annotated[int, Meta(ge=1, le=14)] = 1
    route_id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{0,120}$")] = ""


class StopDay(msgspec.Struct, frozen=True):
    """A day of a visit."""

    stop_id: str
    date: str


class StopOpenedAnswer(msgspec.Struct, frozen=True):
    """The first day's id, the slots of each day, and every day."""

    stop_id: str
    slots: tuple[Slot, ...]
    days: list[StopDay]


class InvitedAnswer(msgspec.Struct, frozen=True):
    """How many were invited in this wave, and the wave's number (0: nobody was left)."""

    invited: int
    wave: int


class BookingRequest(Asked, frozen=True):
    """The seat a member wants."""

    slot_id: Id


class BookedAnswer(msgspec.Struct, frozen=True):
    """The member's seat."""

    stop_id: str
    slot_id: str
    date: str
    starts_at: str


class AttendanceRequest(Asked, frozen=True):
    """Who stands at the truck: the person of the ID card; `ticket` is the text of the QR code that was shown.

    `born_on` is the card's date of birth: the age on the day follows from it, and it is not kept.
    """

    person_id: Id
    ticket: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{0,200}$")] = ""
    born_on: date | None = None


class AttendedAnswer(msgspec.Struct, frozen=True):
    """Checked in."""

    stop_id: str
    person_id: str


class ResultsRequest(Asked, frozen=True):
    """Values by item code, decimal text in the package's unit; `advice` is the doctor's.

    `package` is the one that this member was examined by, "" for the stop's; `born_on` as at the check-in.
    """

    person_id: Id
    values: Annotated[dict[ItemCode, Annotated[str, Meta(max_length=20)]], Meta(min_length=1, max_length=100)]
    advice: Annotated[str, Meta(max_length=2000)] = ""
    package: OptionalPackage = ""
    born_on: date | None = None


class ResultsAnswer(msgspec.Struct, frozen=True):
    """The check-up's id; `finding_id` when something needs a follow-up."""

    exam_id: str
    finding_id: str


class FollowUpRequest(Asked, frozen=True):
    """The step that was taken, and what the doctor notes about it; with CONFIRMED the listed illness, if it is one."""

    outcome: Literal["CONTACTED", "REFERRED", "CONFIRMED", "EXCLUDED", "LOST"]
    note: Annotated[str, Meta(max_length=2000)] = ""
    illness: Annotated[str, Meta(max_length=40, pattern=r"^[A-Z_]*$")] = ""


class FollowUpAnswer(msgspec.Struct, frozen=True):
    """How far the follow-up is."""

    finding_id: str
    outcome: str


class SlotView(msgspec.Struct, frozen=True):
    """A slot and its free seats."""

    slot_id: str
    starts_at: str
    capacity: int
    free: int


class StopView(msgspec.Struct, frozen=True):
    """A stop in numbers: nobody's name or id."""

    stop_id: str
    campaign: str
    division_code: str
    place: str
    date: str
    package: str
    capacity: int
    invited: int
    booked: int
    attended: int
    slots: list[SlotView]


class FindingPage(msgspec.Struct, frozen=True):
    """Findings in the order of their ids; `next_after` continues the list, empty at its end."""

    findings: list[FindingView]
    next_after: str


class StopMembers(msgspec.Struct, frozen=True):
    """Who was invited to a stop or came; `next_after` is empty at the end."""

    members: list[Attendance]
    next_after: str


class SummaryView(msgspec.Struct, frozen=True):
    """Counts only: what union staff may know."""

    stops: int
    invited: int
    booked: int
    attended: int
    walk_ins: int
    done: int
    abnormal: int | None
    findings: dict[str, int | None]
    followed_up: int | None
    ended: int | None
    missed: int = 0
