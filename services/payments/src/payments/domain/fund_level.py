"""How much of a fund is used: thresholds are told once, and at the last one more is asked for (domain 7.2, 12.16)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from chassis.decider import Decider, Rejected
from contracts.payments.fund import FundAlertRaised, FundEased, TopUpAnswered, TopUpRequested

FULL_PERCENT = 100
TOPPED_UP, DECLINED = "TOPPED_UP", "DECLINED"
OUTCOMES = (TOPPED_UP, DECLINED)


@dataclass(frozen=True)
class FundLevel:
    """The highest threshold that was told, what had been given then, and the last request for more."""

    told_percent: int = 0
    contribution_fen: int = 0
    request: TopUpRequested | None = None
    answer: TopUpAnswered | None = None


FundEvent = FundAlertRaised | FundEased | TopUpRequested | TopUpAnswered


def evolve(level: FundLevel, event: FundEvent) -> FundLevel:
    """The level after an event."""
    match event:
        case (
            FundAlertRaised(percent=percent, contribution_fen=given)
            | FundEased(percent=percent, contribution_fen=given)
        ):
            return replace(level, told_percent=percent, contribution_fen=given)
        case TopUpRequested():
            return replace(level, request=event, answer=None)
        case TopUpAnswered():
            return replace(level, answer=event)


@dataclass(frozen=True)
class MeasureFund:
    """What of a fund is used and was given, in fen; `percents` are the thresholds (a setting).

    `again_percent` of what was given is how much more has to be missing for an answered request to be made anew.
    """

    plan_code: str
    fund: str
    used_fen: int
    contribution_fen: int
    percents: tuple[int, ...]
    again_percent: int


@dataclass(frozen=True)
class AnswerTopUp:
    """A person answers request `request_no`; `reason` is for people."""

    request_no: int
    outcome: str
    reason: str
    by: str


FundCommand = MeasureFund | AnswerTopUp


def fund_key(plan_code: str, fund: str) -> str:
    """One stream for each fund of a plan, and so of its period."""
    return f"{plan_code}.{fund}"


def reached(used_fen: int, contribution_fen: int, percents: tuple[int, ...]) -> tuple[int, ...]:
    """The thresholds that are reached, ascending; whatever is used of nothing has reached all."""
    return tuple(p for p in sorted(percents) if used_fen > 0 and used_fen * 100 >= p * contribution_fen)


def asks_again(missing_fen: int, asked_fen: int, contribution_fen: int, again_percent: int) -> bool:
    """Whether so much more is missing than was asked for that an answered request is made anew: never by one claim."""
    return missing_fen >= asked_fen + max(contribution_fen * again_percent // FULL_PERCENT, 1)


def decide(command: FundCommand, level: FundLevel) -> list[FundEvent]:
    """Nothing is refused for want of money: it is told, and more is asked for."""
    match command:
        case MeasureFund():
            return _measure(command, level)
        case AnswerTopUp():
            return _answer(command, level)


def _measure(command: MeasureFund, level: FundLevel) -> list[FundEvent]:
    figures: dict[str, Any] = {
        "plan_code": command.plan_code,
        "fund": command.fund,
        "used_fen": command.used_fen,
        "contribution_fen": command.contribution_fen,
    }
    now = reached(command.used_fen, command.contribution_fen, command.percents)
    highest = now[-1] if now else 0
    if highest < level.told_percent:
        # Only a donation lowers what is used of a fund: anything else would tell the same threshold twice.
        grown = command.contribution_fen > level.contribution_fen
        return [FundEased(percent=highest, **figures)] if grown else []
    events: list[FundEvent] = [FundAlertRaised(percent=p, **figures) for p in now if p > level.told_percent]
    missing_fen, last = max(command.used_fen - command.contribution_fen, 0), level.request
    is_open = last is not None and level.answer is None
    more = last is not None and asks_again(
        missing_fen, last.missing_fen, command.contribution_fen, command.again_percent
    )
    if highest >= FULL_PERCENT and not is_open and (events or more):
        number = (last.request_no if last else 0) + 1
        events.append(TopUpRequested(request_no=number, missing_fen=missing_fen, **figures))
    return events


def _answer(command: AnswerTopUp, level: FundLevel) -> list[FundEvent]:
    if command.outcome not in OUTCOMES:
        raise Rejected("outcome-unknown", "A request for more is TOPPED_UP or DECLINED.", "outcome")
    if level.request is None or level.request.request_no != command.request_no:
        raise Rejected("top-up-unknown", "Nobody asked for more under this number.", "request_no")
    if not command.reason.strip():
        raise Rejected("reason-missing", "Say why.", "reason")
    if level.answer is not None:
        if (level.answer.outcome, level.answer.by) == (command.outcome, command.by):
            return []
        raise Rejected("top-up-answered", "This request has been answered.")
    return [
        TopUpAnswered(
            plan_code=level.request.plan_code,
            fund=level.request.fund,
            request_no=command.request_no,
            outcome=command.outcome,
            reason=command.reason,
            by=command.by,
        )
    ]


FUND_LEVEL: Decider[FundCommand, FundLevel, FundEvent] = Decider("fund", FundLevel(), evolve, decide)
