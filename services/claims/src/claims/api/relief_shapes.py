"""What is asked and answered about relief over HTTP; personal values come in plain here and go on sealed."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from litestar.params import PathParameter
from msgspec import Meta

from claims.api.shapes import (
    DOCUMENTS_MAX,
    PAYEES_MAX,
    PRINTABLE,
    Asked,
    ContactAsked,
    DocumentAsked,
    Fen,
    PayeeAsked,
    ShortText,
    Text,
)
from claims.domain.relief_meeting import CASES_MAX
from contracts.person import ReliefFacts

NEEDS_MAX = 20
MEMBERS_MAX = 30

ReliefId = Annotated[str, PathParameter(min_length=1, max_length=80, pattern=r"^[0-9A-Za-z-]+$")]
ReliefIdText = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[0-9A-Za-z-]+$")]
ReliefCode = Literal["RELIEF_HARDSHIP", "RELIEF_CONDOLENCE", "RELIEF_CARE", "RELIEF_STUDY"]
Need = Annotated[str, Meta(pattern=r"^NEED_[A-Z_]{1,40}$")]
ReliefChannel = Literal["MEMBER_MOBILE", "UNIT", "COUNTY", "CITY", "OFFICE_COUNTER"]


class HouseholdAsked(Asked, frozen=True, kw_only=True):
    """A family's figures of a year, in fen (contracts.person.Household)."""

    members: Annotated[int, Meta(ge=1, le=MEMBERS_MAX)] = 1
    income_fen: Fen = 0
    rigid_outlay_fen: Fen = 0
    minimum_living_fen: Fen = 0
    event_cost_fen: Fen = 0
    self_paid_fen: Fen = 0


class ReliefAsked(Asked, frozen=True, kw_only=True):
    """A request for relief. A member may leave `person_id` out; `child_id_no` names the child of a study grant."""

    person_id: Annotated[str, Meta(max_length=80, pattern=r"^[0-9A-Za-z-]*$")] = ""
    plan: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,40}$")]
    channel: ReliefChannel
    kind: ReliefCode
    reason: Annotated[str, Meta(pattern=r"^[A-Z][A-Z_]{1,39}$")]
    happened_on: date
    narrative: Text = ""
    household: HouseholdAsked
    contact: ContactAsked
    child_id_no: Annotated[str, Meta(pattern=r"^(\d{17}[\dXx])?$")] = ""
    documents: Annotated[tuple[DocumentAsked, ...], Meta(max_length=DOCUMENTS_MAX)] = ()
    payees: Annotated[tuple[PayeeAsked, ...], Meta(max_length=PAYEES_MAX)]


class NeedsAsked(Asked, frozen=True, kw_only=True):
    """Papers that are needed, all at once, by their codes (domain 4.7)."""

    needs: Annotated[tuple[Need, ...], Meta(min_length=1, max_length=NEEDS_MAX)]


class PapersAsked(Asked, frozen=True, kw_only=True):
    """Papers handed in."""

    documents: Annotated[tuple[DocumentAsked, ...], Meta(min_length=1, max_length=DOCUMENTS_MAX)]


class VerificationAsked(Asked, frozen=True, kw_only=True):
    """What the county found at home or by telephone; the opinion is sealed."""

    method: Literal["HOME_VISIT", "PHONE"]
    confirmed: bool
    opinion: Text = ""
    household: HouseholdAsked


class ObjectionAsked(Asked, frozen=True, kw_only=True):
    """An objection to a case on the public list; the text is sealed."""

    text: Annotated[str, Meta(min_length=1, max_length=1_000, pattern=PRINTABLE)]


class SettlementAsked(Asked, frozen=True, kw_only=True):
    """What came of an objection; the note is kept sealed."""

    upheld: bool
    note: ShortText = ""


class AgreementAsked(Asked, frozen=True, kw_only=True):
    """The prefecture's view; the opinion is kept sealed."""

    agrees: bool
    opinion: ShortText = ""


class MeetingAsked(Asked, frozen=True, kw_only=True):
    """A weekly meeting on these cases."""

    plan: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,40}$")]
    relief_ids: Annotated[tuple[ReliefIdText, ...], Meta(min_length=1, max_length=CASES_MAX)]


class VerdictAsked(Asked, frozen=True, kw_only=True):
    """An amount in fen, or a refusal's reason code; above the plan's tiers, why (kept sealed)."""

    relief_id: ReliefIdText
    amount_fen: Fen = 0
    reason: Annotated[str, Meta(pattern=r"^(RR_[A-Z_]{1,40})?$")] = ""
    exceptional: ShortText = ""


class VerdictsAsked(Asked, frozen=True, kw_only=True):
    """The minutes: a verdict on each case of the meeting."""

    verdicts: Annotated[tuple[VerdictAsked, ...], Meta(min_length=1, max_length=CASES_MAX)]


class FiledRelief(msgspec.Struct, frozen=True, kw_only=True):
    """The case that stands for the matter, and the papers that the plan still asks for."""

    relief_id: str
    relief_no: str
    duplicate: bool
    needs: tuple[str, ...]

    @property
    def http_status(self) -> int:
        """Nothing was created by asking again."""
        return 200 if self.duplicate else 201


class ReliefStanding(msgspec.Struct, frozen=True, kw_only=True):
    """Where a case stands after a step; days are ISO dates."""

    relief_id: str
    state: str
    hardship: str = ""
    eligible: bool = False
    notice_ends_on: str = ""
    objection_id: str = ""


class ReliefSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A relief case on a list."""

    relief_id: str
    relief_no: str
    person_id: str
    plan_code: str
    kind: str
    reason: str
    happened_on: str
    channel: str
    org_path: str
    filed_on: str
    state: str
    due_on: str
    confirmed: bool
    hardship: str
    eligible: bool
    notice_ends_on: str
    objections_open: int
    objections_upheld: int
    agreed: bool
    amount_fen: int
    refusal: str
    rule: str
    explanation: str
    position: int


class ReliefStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a case's way: what, who, in which organisation, when (business time in UTC)."""

    what: str
    actor: str
    org: str
    at: str


class ReliefView(msgspec.Struct, frozen=True, kw_only=True):
    """A case with the papers that are asked for and its way so far."""

    case: ReliefSummary
    needs: list[str]
    history: list[ReliefStep]


class ReliefPage(msgspec.Struct, frozen=True, kw_only=True):
    """Cases in the order of their filing; `next_after` goes on, 0 at the end."""

    cases: list[ReliefSummary]
    next_after: int


class NoticeView(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the public list: a masked name, the county, the kind of relief; nothing else of the person."""

    relief_id: str
    name: str
    county: str
    kind: str
    starts_on: str
    ends_on: str


class NoticePage(msgspec.Struct, frozen=True, kw_only=True):
    """The public list of today; `next_after` goes on, 0 at the end."""

    notices: list[NoticeView]
    next_after: int


class ReliefPapers(msgspec.Struct, frozen=True, kw_only=True):
    """What was stated and what the county found, opened for those who handle the case."""

    stated: ReliefFacts
    found: ReliefFacts | None


class ObjectionView(msgspec.Struct, frozen=True, kw_only=True):
    """An objection with its text, opened for those who look into it; `outcome` OPEN, UPHELD or DISMISSED."""

    objection_id: str
    text: str
    objected_on: str
    outcome: str
    note: str


class ObjectionList(msgspec.Struct, frozen=True, kw_only=True):
    """The objections to one case."""

    objections: list[ObjectionView]


class MeetingView(msgspec.Struct, frozen=True, kw_only=True):
    """A meeting: OPEN or HELD, who has signed in, its cases."""

    meeting_id: str
    state: str
    relief_ids: tuple[str, ...]
    participants: tuple[str, ...]
