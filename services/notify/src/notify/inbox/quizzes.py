"""Quizzes: who won is told. Of what the quiz was is not said."""

from __future__ import annotations

from chassis.execute import Session
from chassis.log import Recorded
from chassis.tail.reactions import Reaction
from contracts.envelope import Event
from contracts.health_checkup.quizzes import QuizDrawn
from notify.inbox.telling import tell


async def on_quiz_drawn(recorded: Recorded, session: Session) -> None:
    """One message a member; of a draw from before members stood in it nobody is told."""
    event = recorded.event
    assert isinstance(event, QuizDrawn)
    for person_id in dict.fromkeys(event.person_ids):
        await tell(session, f"quiz-{event.quiz_id}", person_id, "quiz-won")


REACTIONS: dict[type[Event], Reaction] = {QuizDrawn: on_quiz_drawn}
