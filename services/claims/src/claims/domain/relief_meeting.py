"""The office's weekly meeting on relief (domain 4.5): people sign in for themselves, then decide several cases at once.

Who had a hand in a case abstains from it; what is left must still be enough people, with the head above a sum.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from chassis.decider import Decider, Rejected
from claims.domain.relief_commands import DecideRelief
from claims.domain.relief_stages import Agreed
from contracts.claims.relief import (
    ReliefGranted,
    ReliefMeetingConvened,
    ReliefMeetingHeld,
    ReliefMeetingJoined,
    ReliefRefused,
    ReliefVerdict,
)

CASES_MAX = 50
"""Cases of one meeting: its minutes are one group of the log."""
PARTICIPANTS_MAX = 30

# State


@dataclass(frozen=True)
class Absent:
    """No such meeting."""


@dataclass(frozen=True)
class Open:
    """Convened; people sign in."""

    convened: ReliefMeetingConvened
    participants: tuple[str, ...] = ()
    heads: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Held:
    """Its verdicts are in the minutes."""

    held: ReliefMeetingHeld


ReliefMeeting = Absent | Open | Held
MeetingEvent = ReliefMeetingConvened | ReliefMeetingJoined | ReliefMeetingHeld


def evolve(meeting: ReliefMeeting, event: MeetingEvent) -> ReliefMeeting:
    """Fold one event."""
    match event, meeting:
        case ReliefMeetingConvened(), _:
            return Open(event)
        case ReliefMeetingJoined(by=by, head=head), Open():
            heads = meeting.heads | {by} if head else meeting.heads
            return replace(meeting, participants=(*meeting.participants, by), heads=heads)
        case ReliefMeetingHeld(), Open():
            return Held(event)
        case _:
            raise ValueError(f"{type(event).__name__} after {type(meeting).__name__}")


# Commands


@dataclass(frozen=True)
class ConveneMeeting:
    """Call the meeting on these cases."""

    meeting_id: str
    plan_code: str
    held_on: str
    relief_ids: tuple[str, ...]
    by: str


@dataclass(frozen=True)
class JoinMeeting:
    """Sign in for oneself."""

    by: str
    head: bool


@dataclass(frozen=True)
class HoldMeeting:
    """Write the minutes: a verdict on each case."""

    verdicts: tuple[ReliefVerdict, ...]
    by: str


MeetingCommand = ConveneMeeting | JoinMeeting | HoldMeeting


def decide(command: MeetingCommand, meeting: ReliefMeeting) -> list[MeetingEvent]:
    """Events, [] when already so, or Rejected."""
    match command:
        case ConveneMeeting():
            return _convene(command, meeting)
        case JoinMeeting():
            return _join(command, meeting)
        case HoldMeeting():
            return _hold(command, meeting)


def _convene(command: ConveneMeeting, meeting: ReliefMeeting) -> list[MeetingEvent]:
    match meeting:
        case Absent():
            cases = command.relief_ids
            if not cases or len(set(cases)) != len(cases) or len(cases) > CASES_MAX:
                raise Rejected("meeting-cases-wrong", f"A meeting has 1 to {CASES_MAX} cases, each once.", "relief_ids")
            return [
                ReliefMeetingConvened(
                    meeting_id=command.meeting_id,
                    plan_code=command.plan_code,
                    held_on=command.held_on,
                    relief_ids=cases,
                    by=command.by,
                )
            ]
        case Open(convened):
            if (convened.plan_code, convened.relief_ids) == (command.plan_code, command.relief_ids):
                return []
            raise Rejected("meeting-exists", "Another meeting has this id.")
        case Held():
            raise Rejected("meeting-exists", "Another meeting has this id.")


def _join(command: JoinMeeting, meeting: ReliefMeeting) -> list[MeetingEvent]:
    match meeting:
        case Open(convened, participants):
            if command.by in participants:
                return []
            if len(participants) >= PARTICIPANTS_MAX:
                raise Rejected("meeting-full", f"A meeting has at most {PARTICIPANTS_MAX} participants.")
            return [ReliefMeetingJoined(meeting_id=convened.meeting_id, by=command.by, head=command.head)]
        case Held(held):
            if command.by in held.participants:
                return []
            raise Rejected("meeting-over", "The meeting is over.")
        case Absent():
            raise Rejected("meeting-unknown", "No such meeting.")


def _hold(command: HoldMeeting, meeting: ReliefMeeting) -> list[MeetingEvent]:
    match meeting:
        case Open(convened, participants):
            if command.by not in participants:
                raise Rejected("not-a-participant", "Who writes the minutes has signed in.")
            decided = [verdict.relief_id for verdict in command.verdicts]
            if sorted(decided) != sorted(convened.relief_ids):
                raise Rejected("verdicts-incomplete", "Each case of the meeting gets one verdict.", "verdicts")
            return [
                ReliefMeetingHeld(
                    meeting_id=convened.meeting_id,
                    verdicts=command.verdicts,
                    participants=participants,
                    by=command.by,
                )
            ]
        case Held(held):
            if _told(held.verdicts) == _told(command.verdicts):
                return []
            raise Rejected("meeting-over", "The meeting has decided.")
        case Absent():
            raise Rejected("meeting-unknown", "No such meeting.")


def _told(verdicts: tuple[ReliefVerdict, ...]) -> list[tuple[str, int, str]]:
    """What verdicts say; their notes are sealed anew each time and never compare equal."""
    return [(verdict.relief_id, verdict.amount_fen, verdict.reason) for verdict in verdicts]


RELIEF_MEETING: Decider[MeetingCommand, ReliefMeeting, MeetingEvent] = Decider(
    "relief_meeting", Absent(), evolve, decide
)


def verdict_on(command: DecideRelief, relief: Agreed) -> ReliefGranted | ReliefRefused:
    """The case's own event. Raises Rejected: deciders-too-few, verdict-unclear, reason-not-listed, or as `_granted`."""
    filed, verdict = relief.dossier.filed, command.verdict
    if command.by in relief.dossier.hands:
        raise Rejected("same-hands", "Who had a hand in a case does not write its verdict.")
    deciders = tuple(one for one in command.participants if one not in relief.dossier.hands)
    if len(deciders) < command.rules.meeting_participants_min:
        raise Rejected("deciders-too-few", "Too few of the meeting had no hand in the case.")
    if bool(verdict.amount_fen) == bool(verdict.reason):
        raise Rejected("verdict-unclear", "A verdict is an amount, or a reason for none.", "verdicts")
    if verdict.amount_fen:
        return _granted(command, relief, deciders)
    if verdict.reason not in command.rules.refusals:
        raise Rejected("reason-not-listed", "The plan knows no such reason code.", "verdicts")
    text = command.rules.refusals[verdict.reason]
    return ReliefRefused(
        relief_id=filed.relief_id,
        relief_no=filed.relief_no,
        person_id=filed.person_id,
        kind=filed.kind,
        payees=filed.payees,
        reason=verdict.reason,
        rule=text.rule,
        explanation=text.text,
        meeting_id=command.meeting_id,
        decided_by=deciders,
    )


def _granted(command: DecideRelief, relief: Agreed, deciders: tuple[str, ...]) -> ReliefGranted:
    """Raises Rejected with the code of the rule that forbids it."""
    filed, verdict, kind = relief.dossier.filed, command.verdict, command.kind
    if not relief.verified.confirmed:
        raise Rejected("relief-not-confirmed", "The county did not confirm the facts.")
    if relief.barred:
        raise Rejected("objection-upheld", "An objection to the case was upheld.")
    if not relief.agreed:
        raise Rejected("relief-not-agreed", "The prefecture advises a refusal.")
    if not relief.verified.eligible:
        raise Rejected("criteria-not-met", "The household's figures do not show what the plan asks for.")
    if kind.not_if_paid and command.paid_elsewhere:
        raise Rejected("already-paid", "The same matter was paid as a benefit.")
    in_tiers = verdict.amount_fen in kind.tiers_fen
    exceptional = max(kind.tiers_fen) < verdict.amount_fen <= kind.exceptional_max_fen
    if not in_tiers and not (exceptional and verdict.note is not None):
        raise Rejected("amount-not-in-tiers", "The plan has no such amount; above its tiers say why.", "verdicts")
    needs_head = exceptional or verdict.amount_fen > command.rules.head_above_fen
    if needs_head and not command.heads.intersection(deciders):
        raise Rejected("head-missing", "Above this sum the head of the office decides with the meeting.")
    return ReliefGranted(
        relief_id=filed.relief_id,
        relief_no=filed.relief_no,
        person_id=filed.person_id,
        plan_code=filed.plan_code,
        plan_version=filed.plan_version,
        org_path=filed.org_path,
        kind=filed.kind,
        payees=filed.payees,
        amount_fen=verdict.amount_fen,
        exceptional=exceptional,
        note=verdict.note if exceptional else None,
        granted_on=command.today,
        meeting_id=command.meeting_id,
        decided_by=deciders,
        reviewed_by=tuple(dict.fromkeys((*relief.dossier.hands, *command.participants))),
    )
