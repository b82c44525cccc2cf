"""Events of claims: papers asked for, returns, objections, advances, recovery: what happens beside the straight way."""

from __future__ import annotations

from contracts.claims.v1 import BenefitLine, Document, Payee
from contracts.envelope import Event, Sealed, Upcaster


class PapersRequested(Event, frozen=True, kw_only=True):
    """A reviewer asks for papers, all at once (NEED_ codes, domain 4.7); the clock stops. Stream `claim-<id>`.

    `step` is the review that asks and that the claim comes back to; `round` counts from 1; `due_on` is an ISO date;
    `note` what the reviewer writes to the member (category health); `asked_on` an ISO date, `remind_days` the days
    after it on which the member is reminded, `next_on` the first of them.
    """

    claim_id: str
    claim_no: str
    person_id: str
    payee_ids: tuple[str, ...]
    step: str
    needs: tuple[str, ...]
    round: int
    asked_on: str
    remind_days: tuple[int, ...]
    next_on: str
    due_on: str
    note: Sealed | None
    by: str


class PapersSupplied(Event, frozen=True, kw_only=True):
    """Papers that were asked for came in; the claim is back at `step`. Stream `claim-<id>`.

    `documents_now` are all of the claim.
    """

    claim_id: str
    step: str
    documents: tuple[Document, ...]
    documents_now: tuple[Document, ...] = ()
    by: str
    due_on: str
    decide_until: str


class PapersReminded(Event, frozen=True, kw_only=True):
    """The member is reminded of missing papers, on a day of the plan's list (domain 4.2). Stream `claim-<id>`.

    `next_on` is the day of the next reminder, or that of the closing.
    """

    claim_id: str
    claim_no: str
    person_id: str
    payee_ids: tuple[str, ...]
    day: int
    next_on: str
    due_on: str


class ClaimClosedIncomplete(Event, frozen=True, kw_only=True):
    """The papers did not come in time; the claim can be reopened within the hard limit. Stream `claim-<id>`."""

    claim_id: str
    claim_no: str
    person_id: str
    payee_ids: tuple[str, ...]
    closed_on: str


class ClaimReopened(Event, frozen=True, kw_only=True):
    """A claim closed for missing papers goes on at the review that had asked, with papers. Stream `claim-<id>`.

    `documents_now` are all of the claim.
    """

    claim_id: str
    step: str
    documents: tuple[Document, ...]
    documents_now: tuple[Document, ...] = ()
    by: str
    due_on: str
    decide_until: str


class ClaimReturned(Event, frozen=True, kw_only=True):
    """A review sends the claim back to the step below, with a reason code (domain 4.4). Stream `claim-<id>`."""

    claim_id: str
    step: str
    next_step: str
    reason: str
    note: Sealed | None
    by: str
    due_on: str


class ClaimWithdrawn(Event, frozen=True, kw_only=True):
    """The member or the filer takes the claim back before it is decided. Stream `claim-<id>`."""

    claim_id: str
    claim_no: str
    person_id: str
    by: str


class BenefitUpgraded(Event, frozen=True, kw_only=True):
    """A reviewer changed or added a benefit in the member's favour before the decision (domain 2.2, rule 7).

    Stream `claim-<id>`. `from_code` is "" for a benefit that was missed; `lines` are all of the claim now. Shown to
    the member with the reason.
    """

    claim_id: str
    from_code: str
    line: BenefitLine
    lines: tuple[BenefitLine, ...]
    next_step: str
    note: Sealed | None
    by: str
    due_on: str


class PayeesConfirmed(Event, frozen=True, kw_only=True):
    """A claim filed without an account has its payees now (domain 6.4). Stream `claim-<id>`."""

    claim_id: str
    payees: tuple[Payee, ...]
    next_step: str
    by: str
    due_on: str


class ClaimMarkedUrgent(Event, frozen=True, kw_only=True):
    """The urgent path: the office reviews first, papers follow (domain 4.9). Stream `claim-<id>`.

    `next_step` is the step it waits at now; `trigger` is a code of the plan; `contact_until` RFC 3339 in UTC,
    `decide_until` and `papers_until` ISO dates.
    """

    claim_id: str
    trigger: str
    next_step: str
    contact_until: str
    decide_until: str
    papers_until: str
    note: Sealed | None
    by: str


class ClaimantContacted(Event, frozen=True, kw_only=True):
    """Somebody spoke with the family of an urgent claim. Stream `claim-<id>`."""

    claim_id: str
    contacted_at: str
    by: str


class AdvanceGranted(Event, frozen=True, kw_only=True):
    """A bounded part of a certain benefit is paid ahead, signed by the head (domain 4.9). Stream `claim-<id>`.

    Settled at the final decision: the line's `advanced_fen`. `reviewed_by` may not pay it.
    """

    claim_id: str
    claim_no: str
    person_id: str
    plan_code: str
    plan_version: int
    org_path: str
    line_id: str
    benefit_code: str
    amount_fen: int
    payees: tuple[Payee, ...]
    granted_on: str
    reviewed_by: tuple[str, ...]


class ObjectionFiled(Event, frozen=True, kw_only=True):
    """The member objects to a decision, at level 1 or 2 (domain 4.8). Stream `claim-<id>`. `due_on` is an ISO date.

    `against` is REFUSAL or GRANT; what was granted is paid on meanwhile.
    """

    claim_id: str
    claim_no: str
    person_id: str
    payee_ids: tuple[str, ...]
    level: int
    note: Sealed | None
    filed_on: str
    due_on: str
    by: str
    against: str = "REFUSAL"


class ObjectionDecided(Event, frozen=True, kw_only=True):
    """UPHELD (the decision stands), OVERTURNED or PARTLY (back to the office's recheck). Stream `claim-<id>`.

    `against` is REFUSAL or GRANT. Of a grant `lines` are those that are raised or added, whole, with what was granted
    of them in `advanced_fen`; they wait for another person's signature. `facts` are the papers' facts as corrected
    (category health), None where those of the filing count.
    """

    claim_id: str
    claim_no: str
    person_id: str
    payee_ids: tuple[str, ...]
    level: int
    outcome: str
    lines: tuple[BenefitLine, ...]
    next_step: str
    note: Sealed | None
    decided_on: str
    by: str
    due_on: str
    against: str = "REFUSAL"
    facts: Sealed | None = None


class StepOverdue(Event, frozen=True, kw_only=True):
    """A review has not been done in its time; `escalated_to` sees it now (domain 4.2). Stream `claim-<id>`."""

    claim_id: str
    step: str
    due_on: str
    escalated_to: str


class DecisionTimeExtended(Event, frozen=True, kw_only=True):
    """A claim was found complex and has the plan's longer time, once (domain 4.2). Stream `claim-<id>`.

    `decide_until` and the running step's `due_on` are ISO dates, "" where no time runs; `note` says why (health).
    """

    claim_id: str
    step: str
    decide_until: str
    due_on: str
    note: Sealed | None
    by: str


class ReviewSampled(Event, frozen=True, kw_only=True):
    """An automatic approval was picked for a later review by a person (domain 4.3, 6.1). Stream `claim-<id>`."""

    claim_id: str
    person_id: str


class SampleReviewed(Event, frozen=True, kw_only=True):
    """A person looked at a sampled automatic approval: `correct`, or a recovery follows. Stream `claim-<id>`."""

    claim_id: str
    correct: bool
    note: Sealed | None
    by: str


class LargeSumReported(Event, frozen=True, kw_only=True):
    """A sum above the plan's limit is reported to the committee afterwards (domain 4.3). Stream `claim-<id>`."""

    claim_id: str
    claim_no: str
    total_fen: int


class RecoveryOpened(Event, frozen=True, kw_only=True):
    """Money was wrongly paid and is asked back (domain 4.4, 6.5, 4.10). Stream `recovery-<claim>`.

    `waived`: the sum is below the plan's limit and let go in the same breath; nobody is asked for it. `payee_ids` are
    those who were paid, and who are asked; where there are none, the member. `fund` is who paid: of `relief`, the
    claim is a relief case.
    """

    recovery_id: str
    claim_id: str
    claim_no: str
    person_id: str
    plan_code: str
    org_path: str
    amount_fen: int
    reason: str
    note: Sealed | None
    due_on: str
    by: str
    waived: bool = False
    payee_ids: tuple[str, ...] = ()
    fund: str = "pool"


class RecoveryReceived(Event, frozen=True, kw_only=True):
    """A part of what was asked back has come in; `left_fen` is still owed to `fund`. Stream `recovery-<claim>`."""

    recovery_id: str
    claim_id: str
    plan_code: str
    receipt_id: str
    amount_fen: int
    left_fen: int
    by: str
    fund: str = "pool"


class RecoveryOffset(Event, frozen=True, kw_only=True):
    """Money asked back counts as paid towards `to_claim_id`, the claim of the corrected settlement (domain 6.5).

    Stream `recovery-<claim>`. `left_fen` is still owed by `payee_ids`, until `due_on`; where it is `waived`, it is too
    little to be asked for, or had been written off before.
    """

    recovery_id: str
    claim_id: str
    claim_no: str
    plan_code: str
    to_claim_id: str
    amount_fen: int
    left_fen: int
    payee_ids: tuple[str, ...]
    due_on: str
    waived: bool


class RecoveryWriteOffProposed(Event, frozen=True, kw_only=True):
    """One person proposes to ask no further; another must agree. Stream `recovery-<claim>`."""

    recovery_id: str
    claim_id: str
    note: Sealed | None
    by: str


class RecoveryClosed(Event, frozen=True, kw_only=True):
    """RECOVERED or WRITTEN_OFF (below the plan's limit at once, else by two people). Stream `recovery-<claim>`.

    `fund` is who had paid.
    """

    recovery_id: str
    claim_id: str
    plan_code: str
    outcome: str
    written_off_fen: int
    decided_by: tuple[str, ...]
    fund: str = "pool"


class RecoveryWriteOffDeclined(Event, frozen=True, kw_only=True):
    """The second person did not agree: the money is still asked for. Stream `recovery-<claim>`."""

    recovery_id: str
    claim_id: str
    by: str


class PersonBarred(Event, frozen=True, kw_only=True):
    """Proven fraud bars a person from claiming until a day (domain 4.10). Stream `entitlement-<plan>-<person>`."""

    plan_code: str
    person_id: str
    claim_id: str
    until: str
    by: str


EVENTS: dict[str, type[Event]] = {
    "claims.papers-requested.v1": PapersRequested,
    "claims.papers-supplied.v1": PapersSupplied,
    "claims.papers-reminded.v1": PapersReminded,
    "claims.claim-closed-incomplete.v1": ClaimClosedIncomplete,
    "claims.claim-reopened.v1": ClaimReopened,
    "claims.claim-returned.v1": ClaimReturned,
    "claims.claim-withdrawn.v1": ClaimWithdrawn,
    "claims.benefit-upgraded.v1": BenefitUpgraded,
    "claims.payees-confirmed.v1": PayeesConfirmed,
    "claims.claim-marked-urgent.v1": ClaimMarkedUrgent,
    "claims.claimant-contacted.v1": ClaimantContacted,
    "claims.advance-granted.v1": AdvanceGranted,
    "claims.objection-filed.v1": ObjectionFiled,
    "claims.objection-decided.v1": ObjectionDecided,
    "claims.step-overdue.v1": StepOverdue,
    "claims.decision-time-extended.v1": DecisionTimeExtended,
    "claims.review-sampled.v1": ReviewSampled,
    "claims.sample-reviewed.v1": SampleReviewed,
    "claims.large-sum-reported.v1": LargeSumReported,
    "claims.recovery-opened.v1": RecoveryOpened,
    "claims.recovery-received.v1": RecoveryReceived,
    "claims.recovery-offset.v1": RecoveryOffset,
    "claims.recovery-write-off-proposed.v1": RecoveryWriteOffProposed,
    "claims.recovery-closed.v1": RecoveryClosed,
    "claims.recovery-write-off-declined.v1": RecoveryWriteOffDeclined,
    "claims.person-barred.v1": PersonBarred,
}
UPCASTERS: dict[str, Upcaster] = {}
