"""What is asked and answered over HTTP; personal values come in plain here and go on sealed."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from litestar.params import PathParameter
from msgspec import Meta

from chassis.web import Problem
from claims.projections.claim_history import Transition
from claims.projections.claims import PayeeView
from contracts.claims.v1 import BenefitLine, Document, Incident
from contracts.person import Facts

MONEY_FEN_MAX = 10_000_000_000
PAYEES_MAX = 20
"""These bounds together keep the largest filing within one stored event (contracts.envelope.BODY_BYTES_MAX)."""
DOCUMENTS_MAX = 60
DISABILITIES_MAX = 30
CODES_MAX = 20

ClaimId = Annotated[str, PathParameter(min_length=1, max_length=80, pattern=r"^[0-9A-Za-z-]+$")]
Code = Annotated[str, Meta(max_length=60, pattern=r"^[A-Za-z0-9_/. -]*$")]
Codes = Annotated[tuple[Code, ...], Meta(max_length=CODES_MAX)]
PRINTABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
"""Line breaks and tabs may stand in a text; other control characters cannot be kept by Postgres or read by people."""
Text = Annotated[str, Meta(max_length=2_000, pattern=PRINTABLE)]
ShortText = Annotated[str, Meta(max_length=200, pattern=PRINTABLE)]
Name = Annotated[str, Meta(min_length=1, max_length=60, pattern=PRINTABLE)]
Fen = Annotated[int, Meta(ge=0, le=MONEY_FEN_MAX)]
PersonId = Annotated[str, Meta(max_length=80, pattern=r"^[0-9A-Za-z-]*$")]
PlanCode = Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,40}$")]
Kind = Literal["INPATIENT", "ACCIDENT", "ILLNESS", "SUDDEN_ILLNESS"]
Channel = Literal["MEMBER_MOBILE", "UNIT", "COUNTY", "CITY", "OFFICE_COUNTER", "DATA_MATCH", "HOTLINE"]
Relation = Literal["SELF", "SPOUSE", "CHILD", "PARENT", "SIBLING", "GRANDPARENT", "GUARDIAN", "BENEFICIARY"]
Benefit = Annotated[str, Meta(pattern=r"^[A-Z][A-Z_]{1,39}$")]
"""Which benefits there are is the plan's matter."""
PaperDate = Literal["PATHOLOGY", "OPERATION", "FIRST_DIAGNOSIS", "ADMISSION", "GRADED"]
DATES_MAX = 5
STAY_DAYS_MAX = 3_660


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a request."""


class IncidentAsked(Asked, frozen=True, kw_only=True):
    """What happened; ISO dates in Asia/Shanghai."""

    kind: Kind
    decisive_on: date
    discharged_on: date | None = None
    died_on: date | None = None
    at_work: bool = False

    def incident(self, today: date) -> Incident:
        """As the rules read it. Raises Problem date-in-future, dates-reversed."""
        ends = [one for one in (self.discharged_on, self.died_on) if one]
        if max([self.decisive_on, *ends]) > today:
            raise Problem(422, "date-in-future", "A date of the incident lies in the future.", "incident")
        if any(one < self.decisive_on for one in ends):
            raise Problem(422, "dates-reversed", "Discharge and death do not come before the incident.", "incident")
        return Incident(
            kind=self.kind,
            decisive_on=self.decisive_on.isoformat(),
            discharged_on=self.discharged_on.isoformat() if self.discharged_on else "",
            died_on=self.died_on.isoformat() if self.died_on else "",
            at_work=self.at_work,
        )


class FactsAsked(Asked, frozen=True, kw_only=True):
    """What the papers say (contracts.person.Facts); `illness_basis` lists kinds of evidence, comma-separated."""

    illness: Code = ""
    illness_basis: ShortText = ""
    narrative: Text = ""
    cause_of_death: ShortText = ""
    grading_standard: Code = ""
    disabilities: Annotated[
        tuple[tuple[Code, Annotated[int, Meta(ge=1, le=10)]], ...], Meta(max_length=DISABILITIES_MAX)
    ] = ()
    exclusions: Codes = ()
    self_pay_in_scope_fen: Fen = 0
    self_paid_fen: Fen = 0
    fund_paid_fen: Fen = 0
    third_party_paid_fen: Fen = 0
    hospital_level: Code = ""
    hospital_days: Annotated[int, Meta(ge=0, le=STAY_DAYS_MAX)] = 0
    transferred_in: bool = False
    emergency: bool = False
    dates: Annotated[tuple[tuple[PaperDate, date], ...], Meta(max_length=DATES_MAX)] = ()

    def facts(self, today: date) -> Facts:
        """As they are sealed. Raises Problem date-in-future."""
        if any(day > today for _, day in self.dates):
            raise Problem(422, "date-in-future", "A date of the papers lies in the future.", "facts.dates")
        fields = msgspec.structs.asdict(self)
        return Facts(**{**fields, "dates": tuple((name, day.isoformat()) for name, day in self.dates)})


class AccountAsked(Asked, frozen=True, kw_only=True):
    """The payee's own debit card."""

    account_name: Name
    card_no: Annotated[str, Meta(pattern=r"^\d{12,19}$")]
    bank_name: Annotated[str, Meta(max_length=60, pattern=PRINTABLE)] = ""


class ContactAsked(Asked, frozen=True, kw_only=True):
    """How to reach a claimant who is not a member."""

    name: Name
    mobile: Annotated[str, Meta(pattern=r"^(1\d{10})?$")]


class PayeeAsked(Asked, frozen=True, kw_only=True):
    """Who is to be paid; `holder_name` is the payee's name as on the identity card."""

    relation: Relation
    share_percent: Annotated[int, Meta(ge=1, le=100)] = 100
    holder_name: Name
    account: AccountAsked
    contact: ContactAsked | None = None


class DocumentAsked(Asked, frozen=True, kw_only=True):
    """A paper: its kind (domain 4.1) and the SHA-256 of its sealed bytes."""

    kind: Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9_]{1,39}$")]
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class AgentAsked(Asked, frozen=True, kw_only=True):
    """A relative who acts for a member in hospital: a paper, or what was heard on calling back."""

    relation: Literal["SPOUSE", "CHILD", "PARENT", "SIBLING", "GRANDPARENT", "OTHER"]
    name: Name
    mobile: Annotated[str, Meta(pattern=r"^1\d{10}$")]
    proof: Literal["PAPER", "CALL_BACK"]
    note: ShortText = ""


class HeirAsked(Asked, frozen=True, kw_only=True):
    """An heir: `payee` is the place among the payees, counted from 0, or -1 for who waived."""

    relation: Relation
    payee: Annotated[int, Meta(ge=-1, lt=PAYEES_MAX)]
    guarded: bool = False


class HeirsAsked(Asked, frozen=True, kw_only=True):
    """All heirs of the order that inherits, how they divide, and whether somebody disputes it (domain 4.6)."""

    heirs: Annotated[tuple[HeirAsked, ...], Meta(min_length=1, max_length=PAYEES_MAX)]
    division: Literal["EQUAL_SHARES", "AGREEMENT", "BENEFICIARY"]
    disputed: bool = False
    documents: Annotated[tuple[DocumentAsked, ...], Meta(max_length=DOCUMENTS_MAX)] = ()

    @property
    def documents_named(self) -> tuple[Document, ...]:
        """The papers, as events name them."""
        return tuple(Document(kind=one.kind, sha256=one.sha256) for one in self.documents)


class FilingAsked(Asked, frozen=True, kw_only=True):
    """A filing. A member may leave `person_id` out; without `heirs` the payees of a death are all its heirs."""

    person_id: PersonId = ""
    plan: PlanCode
    channel: Channel
    incident: IncidentAsked
    facts: FactsAsked
    documents: Annotated[tuple[DocumentAsked, ...], Meta(max_length=DOCUMENTS_MAX)] = ()
    payees: Annotated[tuple[PayeeAsked, ...], Meta(max_length=PAYEES_MAX)]
    urgent: bool = False
    agent: AgentAsked | None = None
    heirs: HeirsAsked | None = None


class OpinionAsked(Asked, frozen=True, kw_only=True):
    """A union level's opinion; kept sealed."""

    opinion: ShortText = ""


class SpecialAsked(Asked, frozen=True, kw_only=True):
    """A special decision: the benefit, the reason (kept sealed), the papers relied on."""

    benefit_code: Benefit
    reason: Annotated[str, Meta(min_length=1, max_length=200, pattern=PRINTABLE)]
    evidence: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=CODES_MAX)]


class RefusalAsked(Asked, frozen=True, kw_only=True):
    """A refusal by its reason code (domain 4.7); rule and sentence are the plan's."""

    reason: Annotated[str, Meta(pattern=r"^RJ_[A-Z_]{1,40}$")]


Reason = Annotated[str, Meta(min_length=1, max_length=200, pattern=PRINTABLE)]
Token = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9_]{1,39}$")]


class FiledClaim(msgspec.Struct, frozen=True, kw_only=True):
    """The claim that stands for the incident; of a second filing, the first claim."""

    claim_id: str
    claim_no: str
    duplicate: bool
    first_claim_id: str

    @property
    def http_status(self) -> int:
        """Nothing was created by a second filing."""
        return 200 if self.duplicate else 201


class ClaimStanding(msgspec.Struct, frozen=True, kw_only=True):
    """Where a claim stands after a step."""

    claim_id: str
    state: str
    step: str
    total_fen: int
    findings: tuple[str, ...] = ()


class ClaimSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A claim on a work list."""

    claim_id: str
    claim_no: str
    person_id: str
    plan_code: str
    channel: str
    org_path: str
    kind: str
    decisive_on: str
    died: bool
    urgent: bool
    filed_on: str
    state: str
    step: str
    total_fen: int
    position: int
    due_on: str
    decide_until: str
    escalated_to: str
    sampled: bool
    objection_level: int


class ClaimView(msgspec.Struct, frozen=True, kw_only=True):
    """A claim with its lines, their traces and its way so far. Accounts and facts are not in it.

    `needs` are the papers asked for with the sentence for the member; `calendar_known` is false when the holidays of
    the year that days fall due in are not known yet: weekdays were counted.
    """

    claim: ClaimSummary
    documents: list[Document]
    payees: list[PayeeView]
    lines: list[BenefitLine]
    findings: list[str]
    approved_on: str
    reason: str
    rule: str
    explanation: str
    rests_on_assumption: bool
    needs: dict[str, str]
    round: int
    awaits_card: bool
    calendar_known: bool
    history: list[Transition]


class ClaimPage(msgspec.Struct, frozen=True, kw_only=True):
    """Claims in the order of their filing; `next_after` goes on, 0 at the end."""

    claims: list[ClaimSummary]
    next_after: int


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What claims came to within the asker's subtree; money in fen that has arrived.

    `rejected_on_assumption` of the `rejected` rest on a rule of the plan that was not published.
    """

    people: int
    person_times: int
    lines: int
    fen: int
    fen_by_benefit: dict[str, int]
    rejected: int
    rejected_on_assumption: int
    duplicates: int
    special_decisions: int
