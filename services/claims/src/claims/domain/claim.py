"""A claim: filed once, reviewed by different people level by level, then granted and paid, or refused."""

from __future__ import annotations

from chassis.decider import Decider, Rejected
from claims.domain import changing, contesting, objecting, paying, reviewing, supplementing, urgency
from claims.domain.claim_commands import (
    ApproveClaim,
    AssessClaim,
    ClaimCommand,
    FileClaim,
    ForwardClaim,
    MakeSpecialDecision,
    RecheckClaim,
    RecordPaymentFailed,
    RecordPayoutArrived,
    RejectClaim,
)
from claims.domain.claim_folding import evolve
from claims.domain.claim_stages import (
    Absent,
    Approved,
    Assessed,
    AtOffice,
    AtUnion,
    AwaitingPapers,
    Claim,
    ClaimEvent,
    ClosedIncomplete,
    Objected,
    Paid,
    Rechecked,
    Refused,
    Withdrawn,
)
from claims.domain.payees import check_filed_payees
from claims.domain.side_commands import (
    ApproveAutomatically,
    AskForPapers,
    ConfirmPayees,
    DecideObjection,
    EscalateContact,
    EscalatePapers,
    EscalateStep,
    ExtendDecision,
    FileObjection,
    FollowUpPapers,
    GrantAdvance,
    MarkUrgent,
    RaiseGrant,
    RecordContact,
    ReopenClaim,
    ReturnClaim,
    ReviewSample,
    SideCommand,
    SupplyPapers,
    UpgradeBenefit,
    WithdrawClaim,
)


def decide(command: ClaimCommand, claim: Claim) -> list[ClaimEvent]:
    """Events, [] when already so, or Rejected."""
    match command:
        case FileClaim():
            return _file(command, claim)
        case ForwardClaim():
            return reviewing.forward(command, claim)
        case AssessClaim():
            return reviewing.assess(command, claim)
        case MakeSpecialDecision():
            return reviewing.decide_specially(command, claim)
        case RecheckClaim():
            return reviewing.recheck(command, claim)
        case ApproveClaim():
            return reviewing.approve(command, claim)
        case RejectClaim():
            return reviewing.reject(command, claim)
        case RecordPayoutArrived():
            return paying.record_arrival(command, claim)
        case RecordPaymentFailed():
            return paying.record_failure(command, claim)
        case _:
            return _decide_beside(command, claim)


def _decide_beside(command: SideCommand, claim: Claim) -> list[ClaimEvent]:
    match command:
        case AskForPapers():
            return supplementing.ask_for_papers(command, claim)
        case SupplyPapers():
            return supplementing.supply_papers(command, claim)
        case FollowUpPapers():
            return supplementing.follow_up_papers(command, claim)
        case ReopenClaim():
            return supplementing.reopen(command, claim)
        case WithdrawClaim():
            return supplementing.withdraw(command, claim)
        case ConfirmPayees():
            return supplementing.confirm_payees(command, claim)
        case ReturnClaim():
            return changing.send_back(command, claim)
        case UpgradeBenefit():
            return changing.upgrade(command, claim)
        case ApproveAutomatically():
            return changing.approve_automatically(command, claim)
        case ReviewSample():
            return changing.review_sample(command, claim)
        case MarkUrgent():
            return urgency.mark_urgent(command, claim)
        case RecordContact():
            return urgency.record_contact(command, claim)
        case GrantAdvance():
            return urgency.grant_advance(command, claim)
        case EscalateStep():
            return urgency.escalate_step(command, claim)
        case EscalateContact():
            return urgency.escalate_contact(command, claim)
        case EscalatePapers():
            return urgency.escalate_papers(command, claim)
        case ExtendDecision():
            return changing.extend_decision(command, claim)
        case FileObjection():
            return objecting.file_objection(command, claim)
        case DecideObjection():
            return objecting.decide_objection(command, claim)
        case RaiseGrant():
            return contesting.raise_grant(command, claim)


def _file(command: FileClaim, claim: Claim) -> list[ClaimEvent]:
    filed = command.filed
    match claim:
        case Absent():
            check_filed_payees(filed)
            return [filed]
        case AtUnion() | AtOffice() | Assessed() | Rechecked() | AwaitingPapers():
            other = claim.filed
            if (other.person_id, other.incident) == (filed.person_id, filed.incident):
                return []
            raise Rejected("claim-exists", "Another claim has this id.")
        case ClosedIncomplete() | Withdrawn() | Approved() | Paid() | Refused() | Objected():
            raise Rejected("claim-exists", "Another claim has this id.")


CLAIM: Decider[ClaimCommand, Claim, ClaimEvent] = Decider("claim", Absent(), evolve, decide)
