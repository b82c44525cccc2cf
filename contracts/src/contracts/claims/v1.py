"""Events of claims: one application from filing to the money's arrival, and what a person has been awarded."""

from __future__ import annotations

import msgspec

from contracts.envelope import Event, Sealed, Upcaster, Value


class Incident(Value, frozen=True, kw_only=True):
    """The event a claim rests on (domain 2.6). `kind`: INPATIENT, ACCIDENT, ILLNESS or SUDDEN_ILLNESS.

    Dates are ISO dates in Asia/Shanghai; `decisive_on` is the date that decides (pathology report, accident,
    admission); `discharged_on` ends an inpatient stay; `at_work` whether it happened while working (domain 2.3).
    """

    kind: str
    decisive_on: str
    discharged_on: str = ""
    died_on: str = ""
    at_work: bool = False


class Document(Value, frozen=True, kw_only=True):
    """A paper handed in: its kind (domain 4.1) and the digest of its sealed bytes."""

    kind: str
    sha256: str


class Payee(Value, frozen=True, kw_only=True):
    """Who is paid (domain 4.6): the member, or an heir with a share in percent; shares sum to 100."""

    payee_id: str
    relation: str
    share_percent: int
    account: Sealed
    account_tail: str
    contact: Sealed | None
    name_matches: bool


class Agent(Value, frozen=True, kw_only=True):
    """A relative who acts for a member in hospital (domain 4.3), and is never paid.

    `proof` PAPER (its kind among the documents is KINSHIP_PROOF or AGENT_AUTHORITY) or CALL_BACK, with what was
    heard on calling back in the sealed `note`. `contact` is a sealed Contact under `agent_id`, a random id.
    """

    agent_id: str
    relation: str
    proof: str
    note: Sealed | None
    contact: Sealed


class BenefitLine(Value, frozen=True, kw_only=True):
    """One benefit of a claim: computed by the plan's rule, cut by a cap, and the trace that explains it.

    `cap_reasons` name the caps that cut it, in their order: CAP_STAY, CAP_PERIOD, CAP_OVERALL.
    `advanced_fen` of `amount_fen` has been granted ahead (AdvanceGranted); the rest is still to be paid. `offset_fen`
    of that was granted by an earlier claim of the same stay, whose settlement was taken back (RecoveryOffset).
    `replaced_fen` of it was granted ahead of the benefits `advanced_as`, which this one has replaced (BenefitUpgraded).
    """

    line_id: str
    benefit_code: str
    computed_fen: int
    cap_cut_fen: int
    amount_fen: int
    trace: tuple[str, ...]
    cap_reasons: tuple[str, ...] = ()
    advanced_fen: int = 0
    offset_fen: int = 0
    replaced_fen: int = 0
    advanced_as: tuple[str, ...] = ()


class ClaimFiled(Event, frozen=True, kw_only=True):
    """A member, relative or union filed a claim (domain 4.1, 4.4). Stream `claim-<id>`.

    `steps` are the reviews it will pass, in order, the amount permitting; `org_path` is the organisation that
    the member is covered through; `by` the actor who filed: the one who never reviews it (domain 4.3); `agent` a
    relative who acts for the member. `due_on` is the day until which the first step is to be done, `decide_until` the
    whole, "" where no time is set. `corrects` are claims of the same stay that were granted for settlements which the
    bureau has taken back: what they have paid counts towards this one (domain 6.5). `papers_until` is the last day of
    the papers that follow a telephone call, else "" (domain 4.9).
    """

    claim_id: str
    claim_no: str
    person_id: str
    plan_code: str
    plan_version: int
    channel: str
    org_path: str
    incident: Incident
    facts: Sealed
    documents: tuple[Document, ...]
    payees: tuple[Payee, ...]
    urgent: bool
    filed_on: str
    steps: tuple[str, ...]
    by: str
    agent: Agent | None = None
    due_on: str = ""
    decide_until: str = ""
    corrects: tuple[str, ...] = ()
    papers_until: str = ""


class ClaimForwarded(Event, frozen=True, kw_only=True):
    """A union level checked the claim and passed it on with an opinion (domain 4.4). Stream `claim-<id>`.

    `step` is the review that was passed, `next_step` the one the claim now waits at. The opinion is the sealed
    `note` (category health); `opinion` is empty since there is one.
    """

    claim_id: str
    step: str
    next_step: str
    opinion: str
    by: str
    note: Sealed | None = None
    due_on: str = ""


class ClaimAssessed(Event, frozen=True, kw_only=True):
    """The office's first review computed the benefits from the plan's rules. Stream `claim-<id>`.

    Without lines nothing is payable by the rules and the claim stays at the office's review, to be refused or
    decided specially. A later assessment replaces this one, with its special decision and recheck.
    """

    claim_id: str
    lines: tuple[BenefitLine, ...]
    findings: tuple[str, ...]
    next_step: str
    by: str
    due_on: str = ""


class SpecialDecisionMade(Event, frozen=True, kw_only=True):
    """特事特办: the office head grants a named benefit although its definition is not met. Stream `claim-<id>`.

    `unmet` names the definition; `evidence` the papers relied on. Counted and listed for the auditor. The reason is
    the sealed `note` (category health); `reason` is empty since there is one.
    """

    claim_id: str
    benefit_code: str
    unmet: str
    reason: str
    evidence: tuple[str, ...]
    line: BenefitLine
    next_step: str
    by: str
    note: Sealed | None = None
    due_on: str = ""


class ClaimRechecked(Event, frozen=True, kw_only=True):
    """A second reviewer of the office agreed (four eyes, domain 4.3). Stream `claim-<id>`."""

    claim_id: str
    next_step: str
    by: str
    due_on: str = ""


class ClaimApproved(Event, frozen=True, kw_only=True):
    """The claim is granted: these lines, to these payees (domain 4.3). Stream `claim-<id>`.

    `reviewed_by` are all who filed, reviewed or approved it: none of them may pay it (domain 12.3). `raised`: an
    earlier grant was raised on an objection (domain 4.8); `advanced_fen` is what that grant had given of a line.
    """

    claim_id: str
    claim_no: str
    person_id: str
    plan_code: str
    plan_version: int
    org_path: str
    lines: tuple[BenefitLine, ...]
    payees: tuple[Payee, ...]
    total_fen: int
    approved_on: str
    reviewed_by: tuple[str, ...] = ()
    raised: bool = False


class ClaimRejected(Event, frozen=True, kw_only=True):
    """The office refuses the claim with a reason code of domain 4.7 and its rule. Stream `claim-<id>`.

    `rests_on_assumption`: the rule is one of the plan's that were not published; such refusals are counted apart.
    """

    claim_id: str
    claim_no: str
    person_id: str
    reason: str
    rule: str
    explanation: str
    payees: tuple[Payee, ...]
    by: str = ""
    rests_on_assumption: bool = False
    decided_on: str = ""


class ClaimPaid(Event, frozen=True, kw_only=True):
    """Every payout of the claim has arrived. Stream `claim-<id>`."""

    claim_id: str
    person_id: str
    total_fen: int


class PayoutArrived(Event, frozen=True, kw_only=True):
    """One payout of the claim has arrived; others may still be out. Stream `claim-<id>`."""

    claim_id: str
    payout_id: str
    benefit_code: str
    payee_id: str
    amount_fen: int


class PaymentFailed(Event, frozen=True, kw_only=True):
    """The bank sent a payout of the claim back; it waits for a corrected account. Stream `claim-<id>`.

    `came_back_fen` is what had arrived before and is no longer with the payee, under `benefit_code`; else 0. `ahead`:
    it was paid ahead of the decision, and the claim goes its way or stays refused.
    """

    claim_id: str
    payout_id: str
    attempt: int
    reason: str
    benefit_code: str
    came_back_fen: int
    ahead: bool = False


class IncidentClaimed(Event, frozen=True, kw_only=True):
    """A person's incident is now the matter of one claim (domain 4.4). Stream `entitlement-<plan>-<person>`.

    `expected_fen` by benefit is what was computed when a match opened the claim: the next match leaves
    them room under the caps. Nothing is awarded by it.
    """

    plan_code: str
    person_id: str
    incident_key: str
    claim_id: str
    expected_fen: dict[str, int] = msgspec.field(default_factory=dict)


class DuplicateFiled(Event, frozen=True, kw_only=True):
    """The same incident was filed again and counted once. Stream `entitlement-<plan>-<person>`.

    `claim_id` is the id the second filing would have had; `first_claim_id` the claim that stands.
    """

    plan_code: str
    person_id: str
    incident_key: str
    claim_id: str
    first_claim_id: str
    channel: str


class BenefitsAwarded(Event, frozen=True, kw_only=True):
    """What a claim takes from the person's caps of the period. Stream `entitlement-<plan>-<person>`.

    `raised`: the lines are what is added to those that the claim was awarded before.
    """

    plan_code: str
    person_id: str
    claim_id: str
    lines: tuple[BenefitLine, ...]
    raised: bool = False


EVENTS: dict[str, type[Event]] = {
    "claims.claim-filed.v1": ClaimFiled,
    "claims.claim-forwarded.v1": ClaimForwarded,
    "claims.claim-assessed.v1": ClaimAssessed,
    "claims.special-decision-made.v1": SpecialDecisionMade,
    "claims.claim-rechecked.v1": ClaimRechecked,
    "claims.claim-approved.v1": ClaimApproved,
    "claims.claim-rejected.v1": ClaimRejected,
    "claims.claim-paid.v1": ClaimPaid,
    "claims.payout-arrived.v1": PayoutArrived,
    "claims.payment-failed.v1": PaymentFailed,
    "claims.incident-claimed.v1": IncidentClaimed,
    "claims.duplicate-filed.v1": DuplicateFiled,
    "claims.benefits-awarded.v1": BenefitsAwarded,
}
UPCASTERS: dict[str, Upcaster] = {}
