"""What follows a return: another account by two people, reminders, and a call by the office (domain 7.1)."""

from __future__ import annotations

from chassis.decider import Rejected
from contracts.payments.bank import ReturnQueried
from contracts.payments.owing import (
    AccountDeclined,
    AccountMismatched,
    AccountProposed,
    OfficeCallMade,
    OfficeCallRequested,
    PayeeReminded,
)
from contracts.payments.v1 import AccountCorrected
from payments.domain.payout_commands import (
    ConfirmAccount,
    DeclineAccount,
    ProposeAccount,
    RecordCall,
    RecordQuery,
    RemindPayee,
    RequestCall,
    ReturnCommand,
)
from payments.domain.payout_stages import (
    CALL_OUTCOMES,
    CORRECTED_ACCOUNT_FIELD,
    Batched,
    Owed,
    PayoutEvent,
    Requested,
    Returned,
    Settled,
    Terms,
    Unknown,
)
from payments.domain.reasons import SAME_ACCOUNT_REASONS

DECLINE_REASONS = ("NUMBER_DIFFERS", "NOT_OWN", "NOT_REACHED", "NO_PROOF")


def decide_return(command: ReturnCommand, payout: Owed) -> list[PayoutEvent]:
    """One person names an account and a second confirms it; what nobody corrects is reminded of, each day once."""
    match command:
        case ProposeAccount():
            return _propose(command, payout)
        case ConfirmAccount():
            return _confirm(command, payout)
        case DeclineAccount():
            return _decline(command, payout)
        case RemindPayee():
            return _remind(command, payout)
        case RequestCall():
            return _request_call(command, payout)
        case RecordCall():
            return _record_call(command, payout)


def record_query(command: RecordQuery, payout: Owed) -> list[ReturnQueried]:
    """The bank was asked about its own failure: on a later day, since it may have booked meanwhile (domain 7.1)."""
    match payout:
        case Returned(terms, attempt, reason, queried_on=""):
            later = command.queried_on > payout.returned_on
            if attempt != command.attempt or reason not in SAME_ACCOUNT_REASONS or not later:
                return []
            return [ReturnQueried(payout_id=terms.owed.payout_id, attempt=attempt, queried_on=command.queried_on)]
        case Requested() | Returned() | Batched() | Unknown() | Settled():
            return []


def _propose(command: ProposeAccount, payout: Owed) -> list[PayoutEvent]:
    match payout:
        case Returned(terms, proposal=proposal):
            if proposal is not None and command.same and proposal.by == command.by:
                return []
            return [
                AccountProposed(
                    payout_id=terms.owed.payout_id,
                    account=command.account,
                    account_tail=command.account_tail,
                    by=command.by,
                )
            ]
        case Requested(terms):
            if terms.account_field == CORRECTED_ACCOUNT_FIELD and command.same:
                return []
            raise Rejected("payout-not-returned", "The account can be corrected after the bank has sent it back.")
        case Batched() | Unknown():
            raise Rejected("payout-in-batch", "The payout is with the bank; wait for its result.")
        case Settled():
            raise Rejected("payout-settled", "The payout has been paid.")


def _confirm(command: ConfirmAccount, payout: Owed) -> list[PayoutEvent]:
    match payout:
        case Returned(terms, proposal=AccountProposed() as proposal):
            _second_person(command.by, proposal, terms)
            # Whoever may write number after number finds out the one that is meant.
            if payout.mismatched_on.count(command.today) >= command.tries_max:
                sentence = "Too many wrong numbers were written today; come back tomorrow, or decline the account."
                raise Rejected("account-tries-exhausted", sentence, "card_no")
            if not command.matches:
                return [AccountMismatched(payout_id=terms.owed.payout_id, on=command.today, by=command.by)]
            return [
                AccountCorrected(
                    payout_id=terms.owed.payout_id,
                    account=proposal.account,
                    account_tail=proposal.account_tail,
                    proposed_by=proposal.by,
                    by=command.by,
                    usable_from=command.usable_from,
                )
            ]
        case Requested(terms) if command.by in terms.hands and command.matches:
            return []
        case Requested() | Returned() | Batched() | Unknown() | Settled():
            raise Rejected("no-account-proposed", "No other account waits for a second person.")


def _decline(command: DeclineAccount, payout: Owed) -> list[PayoutEvent]:
    if command.reason not in DECLINE_REASONS:
        raise Rejected("reason-unknown", f"A reason is one of {', '.join(DECLINE_REASONS)}.", "reason")
    match payout:
        case Returned(terms, proposal=AccountProposed() as proposal):
            _second_person(command.by, proposal, terms)
            return [AccountDeclined(payout_id=terms.owed.payout_id, reason=command.reason, by=command.by)]
        case Returned(declined=AccountDeclined(reason=reason, by=by)) if (reason, by) == (command.reason, command.by):
            return []
        case Requested() | Returned() | Batched() | Unknown() | Settled():
            raise Rejected("no-account-proposed", "No other account waits for a second person.")


def _second_person(by: str, proposal: AccountProposed, terms: Terms) -> None:
    if by in {proposal.by, terms.owed.payee_id, terms.owed.person_id}:
        raise Rejected("same-person", "Who names an account, or is paid to it, does not confirm it.")


def _remind(command: RemindPayee, payout: Owed) -> list[PayoutEvent]:
    match payout:
        case Returned(terms, attempt, reason, proposal=None, reminded_day=told):
            if attempt != command.attempt or command.day <= told:
                return []
            owed = terms.owed
            return [
                PayeeReminded(
                    payout_id=owed.payout_id,
                    claim_id=owed.claim_id,
                    claim_no=owed.claim_no,
                    person_id=owed.person_id,
                    payee_id=owed.payee_id,
                    amount_fen=owed.amount_fen,
                    attempt=attempt,
                    reason=reason,
                    day=command.day,
                )
            ]
        case Requested() | Returned() | Batched() | Unknown() | Settled():
            return []


def _request_call(command: RequestCall, payout: Owed) -> list[PayoutEvent]:
    match payout:
        case Returned(terms, attempt, reason, proposal=None, call=""):
            if attempt < command.failed_min:
                return []
            owed = terms.owed
            return [
                OfficeCallRequested(
                    payout_id=owed.payout_id,
                    claim_id=owed.claim_id,
                    claim_no=owed.claim_no,
                    person_id=owed.person_id,
                    payee_id=owed.payee_id,
                    attempt=attempt,
                    reason=reason,
                )
            ]
        case Requested() | Returned() | Batched() | Unknown() | Settled():
            return []


def _record_call(command: RecordCall, payout: Owed) -> list[PayoutEvent]:
    if command.outcome not in CALL_OUTCOMES:
        raise Rejected("outcome-unknown", "A call ends REACHED or NOT_REACHED.", "outcome")
    made = OfficeCallMade(
        payout_id=payout.terms.owed.payout_id, outcome=command.outcome, called_on=command.called_on, by=command.by
    )
    match payout:
        case Returned(calls=calls) if made in calls:
            return []
        case Returned(call="due"):
            return [made]
        case Requested() | Returned() | Batched() | Unknown() | Settled():
            raise Rejected("no-call-due", "Nobody has to be phoned about this payout.")
