"""Events of claims: relief money (domain 4.5), heirs (4.6), claims opened by telephone, and signals of fraud (4.10)."""

from __future__ import annotations

from contracts.claims.v1 import Document, Payee
from contracts.envelope import Event, Sealed, Upcaster, Value


class ReliefFiled(Event, frozen=True, kw_only=True):
    """A member, relative or union asks for relief money (domain 2.2, 4.1). Stream `relief-<id>`.

    `kind` RELIEF_HARDSHIP, RELIEF_CONDOLENCE, RELIEF_CARE or RELIEF_STUDY; `reason` one of the plan's for it;
    `happened_on` the ISO date of what it rests on. `matter` is what may be granted once; `child_id` a random id.
    `facts` are ReliefFacts of category health, `contact` the member's name and mobile, `by` who filed.
    """

    relief_id: str
    relief_no: str
    person_id: str
    plan_code: str
    plan_version: int
    kind: str
    reason: str
    happened_on: str
    matter: str
    child_id: str
    channel: str
    org_path: str
    facts: Sealed
    contact: Sealed
    documents: tuple[Document, ...]
    payees: tuple[Payee, ...]
    filed_on: str
    by: str


class ReliefPapersAsked(Event, frozen=True, kw_only=True):
    """The county asks for papers, all at once, by NEED_ codes of domain 4.7. Stream `relief-<id>`.

    `remind_days` count from `asked_on`, `next_on` is the first of them or the day after `due_on`; old events have none.
    """

    relief_id: str
    relief_no: str
    person_id: str
    needs: tuple[str, ...]
    due_on: str
    by: str
    asked_on: str = ""
    remind_days: tuple[int, ...] = ()
    next_on: str = ""


class ReliefPapersReminded(Event, frozen=True, kw_only=True):
    """A day of the list has come and the papers have not; days as in `PapersReminded`. Stream `relief-<id>`."""

    relief_id: str
    relief_no: str
    person_id: str
    day: int
    next_on: str
    due_on: str


class ReliefClosedIncomplete(Event, frozen=True, kw_only=True):
    """The papers never came; with them the case can be reopened (domain 4.2). Stream `relief-<id>`."""

    relief_id: str
    relief_no: str
    person_id: str
    closed_on: str


class ReliefReopened(Event, frozen=True, kw_only=True):
    """The papers came after the case was closed for want of them: the county looks again. Stream `relief-<id>`."""

    relief_id: str
    documents: tuple[Document, ...]
    by: str


class ReliefPapersSupplied(Event, frozen=True, kw_only=True):
    """Papers that were asked for came in. Stream `relief-<id>`."""

    relief_id: str
    documents: tuple[Document, ...]
    by: str


class ReliefVerified(Event, frozen=True, kw_only=True):
    """The county looked into it (domain 4.5). Stream `relief-<id>`.

    `method` HOME_VISIT or PHONE; `confirmed` whether the facts hold; `hardship` DEEP, RELATIVE, ACCIDENT or "" as
    the household's figures give it; `eligible` whether the plan's condition for the reason is met.
    `finding` is a ReliefFinding of category health.
    """

    relief_id: str
    method: str
    confirmed: bool
    hardship: str
    eligible: bool
    finding: Sealed
    verified_on: str
    by: str


class ReliefNoticePublished(Event, frozen=True, kw_only=True):
    """The case is on the public list until and with `ends_on`, without a word of illness. Stream `relief-<id>`."""

    relief_id: str
    starts_on: str
    ends_on: str


class ReliefObjected(Event, frozen=True, kw_only=True):
    """Somebody objects to a case on the public list. Stream `relief-<id>`. `text` is sealed under the member."""

    relief_id: str
    objection_id: str
    text: Sealed
    objected_on: str
    by: str


class ReliefObjectionSettled(Event, frozen=True, kw_only=True):
    """An objection was looked into; an `upheld` one leaves nothing but a refusal. Stream `relief-<id>`."""

    relief_id: str
    objection_id: str
    upheld: bool
    note: Sealed | None
    by: str


class ReliefAgreed(Event, frozen=True, kw_only=True):
    """The prefecture gave its view after the public notice; `agrees` false advises a refusal. Stream `relief-<id>`."""

    relief_id: str
    agrees: bool
    note: Sealed | None
    by: str


class ReliefGranted(Event, frozen=True, kw_only=True):
    """The office's meeting granted relief money, owed by the relief fund, never the pool. Stream `relief-<id>`.

    `reviewed_by` are all who filed, verified, agreed or decided: none of them may pay it. An `exceptional` amount
    lies above the plan's tiers; why is the sealed `note` (category health).
    """

    relief_id: str
    relief_no: str
    person_id: str
    plan_code: str
    plan_version: int
    org_path: str
    kind: str
    payees: tuple[Payee, ...]
    amount_fen: int
    exceptional: bool
    note: Sealed | None
    granted_on: str
    meeting_id: str
    decided_by: tuple[str, ...]
    reviewed_by: tuple[str, ...]


class ReliefRefused(Event, frozen=True, kw_only=True):
    """The office's meeting refused, with a reason code and rule of the plan. Stream `relief-<id>`."""

    relief_id: str
    relief_no: str
    person_id: str
    kind: str
    payees: tuple[Payee, ...]
    reason: str
    rule: str
    explanation: str
    meeting_id: str
    decided_by: tuple[str, ...]


class ReliefWithdrawn(Event, frozen=True, kw_only=True):
    """The member or the filer took it back before the decision. Stream `relief-<id>`."""

    relief_id: str
    by: str


class ReliefPayoutArrived(Event, frozen=True, kw_only=True):
    """One payout of the relief has arrived. Stream `relief-<id>`."""

    relief_id: str
    payout_id: str
    payee_id: str
    amount_fen: int


class ReliefPaymentFailed(Event, frozen=True, kw_only=True):
    """The bank sent a payout of the relief back; it waits for a corrected account. Stream `relief-<id>`."""

    relief_id: str
    payout_id: str
    attempt: int
    reason: str


class ReliefPaid(Event, frozen=True, kw_only=True):
    """All of the relief has arrived. Stream `relief-<id>`."""

    relief_id: str
    person_id: str
    amount_fen: int


class ReliefMatterClaimed(Event, frozen=True, kw_only=True):
    """A reason of this year, an event, or a child's year is one case's matter. Stream `relief_allowance-<plan>-<id>`.

    `subject_id` is the member, or the child whose studies are helped.
    """

    plan_code: str
    subject_id: str
    matter: str
    relief_id: str


class ReliefMatterReleased(Event, frozen=True, kw_only=True):
    """The case ended without money: the matter may be brought again. Stream `relief_allowance-<plan>-<id>`."""

    plan_code: str
    subject_id: str
    matter: str
    relief_id: str


class ReliefAllowanceTaken(Event, frozen=True, kw_only=True):
    """What a grant takes from the member's relief cap of the period. Stream `relief_allowance-<plan>-<person>`."""

    plan_code: str
    subject_id: str
    matter: str
    relief_id: str
    amount_fen: int


class ReliefMeetingConvened(Event, frozen=True, kw_only=True):
    """The office's weekly meeting with its cases (domain 4.5). Stream `relief_meeting-<id>`."""

    meeting_id: str
    plan_code: str
    held_on: str
    relief_ids: tuple[str, ...]
    by: str


class ReliefMeetingJoined(Event, frozen=True, kw_only=True):
    """A participant signs in for themselves; `head` is the head of the office. Stream `relief_meeting-<id>`."""

    meeting_id: str
    by: str
    head: bool


class ReliefVerdict(Value, frozen=True, kw_only=True):
    """What the meeting says of one case: an amount with an empty `reason`, or 0 and the refusal's reason code.

    `note` says why an amount lies above the plan's tiers (category health).
    """

    relief_id: str
    amount_fen: int = 0
    reason: str = ""
    note: Sealed | None = None


class ReliefMeetingHeld(Event, frozen=True, kw_only=True):
    """The meeting's minutes: every verdict, and who was there. Stream `relief_meeting-<id>`."""

    meeting_id: str
    verdicts: tuple[ReliefVerdict, ...]
    participants: tuple[str, ...]
    by: str


EVENTS: dict[str, type[Event]] = {
    "claims.relief-filed.v1": ReliefFiled,
    "claims.relief-papers-asked.v1": ReliefPapersAsked,
    "claims.relief-papers-supplied.v1": ReliefPapersSupplied,
    "claims.relief-papers-reminded.v1": ReliefPapersReminded,
    "claims.relief-closed-incomplete.v1": ReliefClosedIncomplete,
    "claims.relief-reopened.v1": ReliefReopened,
    "claims.relief-verified.v1": ReliefVerified,
    "claims.relief-notice-published.v1": ReliefNoticePublished,
    "claims.relief-objected.v1": ReliefObjected,
    "claims.relief-objection-settled.v1": ReliefObjectionSettled,
    "claims.relief-agreed.v1": ReliefAgreed,
    "claims.relief-granted.v1": ReliefGranted,
    "claims.relief-refused.v1": ReliefRefused,
    "claims.relief-withdrawn.v1": ReliefWithdrawn,
    "claims.relief-payout-arrived.v1": ReliefPayoutArrived,
    "claims.relief-payment-failed.v1": ReliefPaymentFailed,
    "claims.relief-paid.v1": ReliefPaid,
    "claims.relief-matter-claimed.v1": ReliefMatterClaimed,
    "claims.relief-matter-released.v1": ReliefMatterReleased,
    "claims.relief-allowance-taken.v1": ReliefAllowanceTaken,
    "claims.relief-meeting-convened.v1": ReliefMeetingConvened,
    "claims.relief-meeting-joined.v1": ReliefMeetingJoined,
    "claims.relief-meeting-held.v1": ReliefMeetingHeld,
}
UPCASTERS: dict[str, Upcaster] = {}
