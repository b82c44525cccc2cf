"""A relief case: filed, looked into, published, agreed, decided in a meeting, paid by the relief fund (domain 4.5)."""

from __future__ import annotations

from chassis.decider import Decider, Rejected
from claims.domain import relief_papers
from claims.domain.hardship import eligible, hardship_of
from claims.domain.payees import check_payees
from claims.domain.relief_commands import (
    AgreeToRelief,
    AskReliefPapers,
    DecideRelief,
    FileRelief,
    FollowUpReliefPapers,
    ObjectToRelief,
    RecordReliefArrived,
    RecordReliefReturned,
    ReliefCommand,
    ReopenRelief,
    SettleObjection,
    SupplyReliefPapers,
    VerifyRelief,
    WithdrawRelief,
)
from claims.domain.relief_meeting import verdict_on
from claims.domain.relief_papers import not_filer, over
from claims.domain.relief_plan import needs_of
from claims.domain.relief_stages import (
    Absent,
    Agreed,
    AtCounty,
    ClosedIncomplete,
    Granted,
    Paid,
    Refused,
    Relief,
    ReliefEvent,
    Verified,
    Withdrawn,
    evolve,
)
from contracts.claims.relief import (
    ReliefAgreed,
    ReliefNoticePublished,
    ReliefObjected,
    ReliefObjectionSettled,
    ReliefPaid,
    ReliefPaymentFailed,
    ReliefPayoutArrived,
    ReliefVerified,
    ReliefWithdrawn,
)

OBJECTIONS_MAX = 50
"""Of one case; more say nothing new, and the stream stays short."""


def decide(command: ReliefCommand, relief: Relief) -> list[ReliefEvent]:
    """Events, [] when already so, or Rejected."""
    match command:
        case FileRelief():
            return _file(command, relief)
        case AskReliefPapers():
            return relief_papers.ask(command, relief)
        case SupplyReliefPapers():
            return relief_papers.supply(command, relief)
        case FollowUpReliefPapers():
            return relief_papers.follow_up(command, relief)
        case ReopenRelief():
            return relief_papers.reopen(command, relief)
        case VerifyRelief():
            return _verify(command, relief)
        case ObjectToRelief():
            return _object(command, relief)
        case SettleObjection():
            return _settle(command, relief)
        case AgreeToRelief():
            return _agree(command, relief)
        case DecideRelief():
            return _decide(command, relief)
        case WithdrawRelief():
            return _withdraw(command, relief)
        case RecordReliefArrived():
            return _record_arrival(command, relief)
        case RecordReliefReturned():
            return _record_return(command, relief)


def _file(command: FileRelief, relief: Relief) -> list[ReliefEvent]:
    filed = command.filed
    match relief:
        case Absent():
            if filed.reason not in command.kind.reasons:
                raise Rejected("relief-reason-not-listed", "The plan knows no such reason for this relief.", "reason")
            starts_on, ends_on = command.cover
            if not starts_on <= filed.happened_on < ends_on:
                raise Rejected("relief-outside-cover", "It did not happen while the cover ran.", "happened_on")
            if filed.filed_on > command.last_day:
                raise Rejected("relief-late", "The time for asking is over.", "happened_on")
            if command.died and not command.kind.to_heirs:
                raise Rejected("relief-not-to-heirs", "This relief is for living members.", "kind")
            if (command.kind.once_per == "CHILD_AND_YEAR") != bool(filed.child_id):
                raise Rejected("relief-child-missing", "Help with studies names the child, other relief none.", "child")
            check_payees(filed.payees, died=command.died)
            return [filed]
        case AtCounty() | Verified() | Agreed():
            if (relief.dossier.filed.person_id, relief.dossier.filed.matter) == (filed.person_id, filed.matter):
                return []
            raise Rejected("relief-exists", "Another case has this id.")
        case ClosedIncomplete() | Granted() | Paid() | Refused() | Withdrawn():
            raise Rejected("relief-exists", "Another case has this id.")


def _verify(command: VerifyRelief, relief: Relief) -> list[ReliefEvent]:
    match relief:
        case AtCounty(dossier):
            not_filer(dossier, command.by)
            lacking = needs_of(command.kind.papers, dossier.papers)
            if command.confirmed and lacking:
                raise Rejected("papers-missing", f"Ask for the missing papers first: {', '.join(lacking)}.")
            filed = dossier.filed
            hardship = hardship_of(command.household, command.rules.hardship)
            reason = command.kind.reasons[filed.reason]
            events: list[ReliefEvent] = [
                ReliefVerified(
                    relief_id=filed.relief_id,
                    method=command.method,
                    confirmed=command.confirmed,
                    hardship=hardship,
                    eligible=command.confirmed and eligible(command.household, hardship, reason),
                    finding=command.finding,
                    verified_on=command.today,
                    by=command.by,
                )
            ]
            if command.confirmed:
                starts_on, ends_on = command.today, command.notice_ends_on
                notice = ReliefNoticePublished(relief_id=filed.relief_id, starts_on=starts_on, ends_on=ends_on)
                events.append(notice)
            return events
        case Verified(verified=verified) | Agreed(verified=verified):
            if (verified.by, verified.confirmed) == (command.by, command.confirmed):
                return []
            raise Rejected("relief-step-not-due", "The county has looked into it already.")
        case Absent() | ClosedIncomplete() | Granted() | Paid() | Refused() | Withdrawn():
            raise over(relief)


def _object(command: ObjectToRelief, relief: Relief) -> list[ReliefEvent]:
    match relief:
        case Verified(dossier, _, notice_ends_on, objections, settled):
            if command.objection_id in {*objections, *settled}:
                return []
            if command.today > notice_ends_on:
                raise Rejected("notice-over", "The public notice is over.")
            if len(objections) + len(settled) >= OBJECTIONS_MAX:
                raise Rejected("objections-too-many", "There are as many objections as can be looked into.")
            return [
                ReliefObjected(
                    relief_id=dossier.filed.relief_id,
                    objection_id=command.objection_id,
                    text=command.text,
                    objected_on=command.today,
                    by=command.by,
                )
            ]
        case AtCounty() | ClosedIncomplete() | Agreed() | Absent() | Granted() | Paid() | Refused() | Withdrawn():
            raise Rejected("notice-over", "There is no public notice of this case.")


def _settle(command: SettleObjection, relief: Relief) -> list[ReliefEvent]:
    match relief:
        case Verified(dossier, verified, _, objections, settled):
            if command.objection_id in settled:
                return []
            if command.objection_id not in objections:
                raise Rejected("objection-unknown", "No such objection to this case.")
            if command.by in {dossier.filed.by, verified.by}:
                raise Rejected("same-hands", "Who filed or verified the case does not judge an objection to it.")
            return [
                ReliefObjectionSettled(
                    relief_id=dossier.filed.relief_id,
                    objection_id=command.objection_id,
                    upheld=command.upheld,
                    note=command.note,
                    by=command.by,
                )
            ]
        case AtCounty() | Agreed():
            raise Rejected("objection-unknown", "No objection to this case is open.")
        case Absent() | ClosedIncomplete() | Granted() | Paid() | Refused() | Withdrawn():
            raise over(relief)


def _agree(command: AgreeToRelief, relief: Relief) -> list[ReliefEvent]:
    match relief:
        case Verified(dossier, _, notice_ends_on, objections):
            if command.by in dossier.hands:
                raise Rejected("same-hands", "Who filed, verified or settled an objection does not agree.")
            if command.today <= notice_ends_on:
                raise Rejected("notice-running", f"The public notice runs until {notice_ends_on}.")
            if objections:
                raise Rejected("objection-open", "An objection has not been looked into.")
            return [
                ReliefAgreed(
                    relief_id=dossier.filed.relief_id,
                    agrees=command.agrees,
                    note=command.note,
                    by=command.by,
                )
            ]
        case Agreed(dossier, agreed=agreed):
            if command.by in dossier.hands and command.agrees == agreed:
                return []
            raise Rejected("relief-step-not-due", "The prefecture has given its view.")
        case AtCounty():
            raise Rejected("relief-step-not-due", "The county has not looked into it yet.")
        case Absent() | ClosedIncomplete() | Granted() | Paid() | Refused() | Withdrawn():
            raise over(relief)


def _decide(command: DecideRelief, relief: Relief) -> list[ReliefEvent]:
    match relief:
        case Agreed():
            return [verdict_on(command, relief)]
        case AtCounty() | Verified():
            raise Rejected("relief-step-not-due", "The prefecture has not agreed yet.")
        case Granted(granted=granted) | Paid(Granted(granted=granted)):
            if (granted.meeting_id, granted.amount_fen) == (command.meeting_id, command.verdict.amount_fen):
                return []
            raise over(relief)
        case Refused(refused=refused):
            if (refused.meeting_id, refused.reason) == (command.meeting_id, command.verdict.reason):
                return []
            raise over(relief)
        case Absent() | ClosedIncomplete() | Withdrawn():
            raise over(relief)


def _withdraw(command: WithdrawRelief, relief: Relief) -> list[ReliefEvent]:
    match relief:
        case AtCounty(dossier) | ClosedIncomplete(dossier) | Verified(dossier) | Agreed(dossier):
            if command.by not in {dossier.filed.by, dossier.filed.person_id}:
                raise Rejected("not-the-filer", "The member or the filer takes it back.")
            return [ReliefWithdrawn(relief_id=dossier.filed.relief_id, by=command.by)]
        case Withdrawn():
            return []
        case Absent() | Granted() | Paid() | Refused():
            raise over(relief)


def _record_arrival(command: RecordReliefArrived, relief: Relief) -> list[ReliefEvent]:
    match relief:
        case Granted(dossier, granted, arrived):
            if any(one.payout_id == command.payout_id for one in arrived):
                return []
            relief_id, total_fen = dossier.filed.relief_id, sum(one.amount_fen for one in arrived) + command.amount_fen
            if total_fen > granted.amount_fen:
                raise Rejected("payout-not-due", "More has arrived than was granted.")
            events: list[ReliefEvent] = [
                ReliefPayoutArrived(
                    relief_id=relief_id,
                    payout_id=command.payout_id,
                    payee_id=command.payee_id,
                    amount_fen=command.amount_fen,
                )
            ]
            if total_fen == granted.amount_fen:
                person_id = granted.person_id
                events.append(ReliefPaid(relief_id=relief_id, person_id=person_id, amount_fen=total_fen))
            return events
        case Paid(Granted(arrived=arrived)):
            if any(one.payout_id == command.payout_id for one in arrived):
                return []
            raise Rejected("payout-not-due", "All of the relief has arrived.")
        case Absent() | AtCounty() | ClosedIncomplete() | Verified() | Agreed() | Refused() | Withdrawn():
            raise Rejected("relief-not-granted", "Nothing was granted.")


def _record_return(command: RecordReliefReturned, relief: Relief) -> list[ReliefEvent]:
    match relief:
        case Granted(dossier, _, _, failed) | Paid(Granted(dossier, _, _, failed)):
            if (command.payout_id, command.attempt) in failed:
                return []
            return [
                ReliefPaymentFailed(
                    relief_id=dossier.filed.relief_id,
                    payout_id=command.payout_id,
                    attempt=command.attempt,
                    reason=command.reason,
                )
            ]
        case Absent() | AtCounty() | ClosedIncomplete() | Verified() | Agreed() | Refused() | Withdrawn():
            raise Rejected("relief-not-granted", "Nothing was granted.")


RELIEF: Decider[ReliefCommand, Relief, ReliefEvent] = Decider("relief", Absent(), evolve, decide)
