"""What others decided, told to the people it concerns: one message for each cause and recipient."""

from __future__ import annotations

from chassis.tail.reactions import Reaction
from contracts.envelope import Event
from notify.inbox import decisions, funds, lectures, people, process, quizzes

REACTIONS: dict[str, dict[type[Event], Reaction]] = {
    **decisions.REACTIONS,
    "claims": {**decisions.REACTIONS["claims"], **process.REACTIONS},
    "enrolment": people.REACTIONS,
    "health_checkup": {**decisions.REACTIONS["health_checkup"], **lectures.REACTIONS, **quizzes.REACTIONS},
    "payments": {**decisions.REACTIONS["payments"], **funds.REACTIONS},
}
