"""What is asked and answered around campaigns, routes, seats and check-ins."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from health_checkup.api.shapes import Asked, Code, Id, Package, Place
from health_checkup.projections.conflicts import Conflict
from health_checkup.projections.prefectures import Quota

ROWS_MAX = 200
Prefecture = Annotated[str, Meta(pattern=r"^62[0-9]{4}$")]
KeyText = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
SignatureText = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{0,100}$")]
TicketText = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{0,200}$")]
Moment = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$")]


class CampaignRequest(Asked, frozen=True):
    """A campaign of a year: `quota` people, `budget_fen` for all of them."""

    campaign: Code
    year: Annotated[int, Meta(ge=2000, le=2100)]
    name: Place
    quota: Annotated[int, Meta(ge=1, le=10_000_000)]
    budget_fen: Annotated[int, Meta(ge=0, le=10**15)]
    packages: Annotated[list[Package], Meta(min_length=1, max_length=20)]
    rules: Annotated[str, Meta(max_length=40)] = "CHECKUP.v1"


class QuotaRequest(Asked, frozen=True):
    """A prefecture's people in all."""

    prefecture: Prefecture
    seats: Annotated[int, Meta(ge=0, le=10_000_000)]


class CostRequest(Asked, frozen=True):
    """Money spent; `cost_id` is the bill's own number."""

    cost_id: Id
    amount_fen: Annotated[int, Meta(ge=1, le=10**15)]
    what: Place
    spent_on: date


class CampaignChanged(msgspec.Struct, frozen=True):
    """Done."""

    campaign: str


class CampaignView(msgspec.Struct, frozen=True):
    """A campaign with its prefectures; money in fen."""

    campaign: str
    year: int
    name: str
    quota: int
    budget_fen: int
    cost_fen: int
    packages: list[str]
    rules: str
    closed_on: str
    prefectures: list[Quota]


class RouteRequest(Asked, frozen=True):
    """A truck of a provider travels in the reach of a division."""

    campaign: Code
    truck: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,40}$")]
    provider: Place
    division_code: Prefecture


class RouteAnswer(msgspec.Struct, frozen=True):
    """The route's id."""

    route_id: str


class DeviceRequest(Asked, frozen=True):
    """A device of the truck; `public_key` raw Ed25519 in base64url."""

    device_id: Id
    public_key: KeyText


class TicketKey(msgspec.Struct, frozen=True):
    """What a truck verifies QR codes with: raw Ed25519 in base64url."""

    algorithm: str
    public_key: str


class TicketView(msgspec.Struct, frozen=True):
    """A member's own booking and the text of its QR code."""

    stop_id: str
    date: str
    place: str
    slot_id: str
    starts_at: str
    ticket: str


class SeatChanged(msgspec.Struct, frozen=True):
    """The stop it was asked of, and the seat held now: "" for none."""

    stop_id: str
    slot_id: str


class PreCheckRequest(Asked, frozen=True):
    """Answers before the examination (domain 8.2)."""

    fasting_hours: Annotated[int, Meta(ge=0, le=72)]
    pregnant: bool = False
    pacemaker: bool = False
    medicines: Annotated[list[Annotated[str, Meta(min_length=1, max_length=60)]], Meta(max_length=30)] = msgspec.field(
        default_factory=list
    )


class PreCheckView(msgspec.Struct, frozen=True):
    """The answers, opened; `left_out` are items of the package that are not to be examined."""

    fasting_hours: int
    fasting_enough: bool
    pregnant: bool
    pacemaker: bool
    medicines: list[str]
    left_out: list[str]


class SyncRow(Asked, frozen=True):
    """A check-in made without network: of the ID card's person, with the QR code shown, or one of both.

    `seen_at` is the device's time; `signature` its Ed25519 signature over the row.
    """

    row_id: Id
    seen_at: Moment
    signature: SignatureText
    person_id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{0,120}$")] = ""
    ticket: TicketText = ""


class SyncRequest(Asked, frozen=True):
    """What a device collected at one stop."""

    device_id: Id
    rows: Annotated[list[SyncRow], Meta(min_length=1, max_length=ROWS_MAX)]


class SyncedRow(msgspec.Struct, frozen=True):
    """What became of a row: RECORDED, or CONFLICT with its reason; `attended` whether the person counts as there."""

    row_id: str
    state: Literal["RECORDED", "CONFLICT"]
    reason: str
    attended: bool


class SyncAnswer(msgspec.Struct, frozen=True):
    """Every row, in the order they were handed in."""

    rows: list[SyncedRow]


class ConflictPage(msgspec.Struct, frozen=True):
    """Conflicts in the order of their rows' ids; `next_after` continues the list, empty at its end."""

    conflicts: list[Conflict]
    next_after: str
