"""Lectures and trainings: who signed up, moved up from the waiting list, or lost a seat. Of what topic is not said."""

from __future__ import annotations

from chassis.execute import Session
from chassis.log import Recorded
from chassis.tail.reactions import Reaction
from contracts.envelope import Event
from contracts.health_checkup.lectures import LectureSeatLost, LectureSeatTaken
from notify.domain.template import day_text, place_or_withheld
from notify.inbox.telling import tell


async def on_lecture_seat_taken(recorded: Recorded, session: Session) -> None:
    """The seat is the member's; events from before a day stood in them are not told."""
    event = recorded.event
    assert isinstance(event, LectureSeatTaken)
    if not event.date:
        return
    template = "checkup-lecture-seat" if event.waited else "checkup-lecture-signed-up"
    given = {"dt": day_text(event.date), "time": event.starts_at, "place": place_or_withheld(event.place)}
    await tell(session, f"lecture-{event.lecture_id}-{event.ticket_id}", event.person_id, template, **given)


async def on_lecture_seat_lost(recorded: Recorded, session: Session) -> None:
    """It will not be held."""
    event = recorded.event
    assert isinstance(event, LectureSeatLost)
    given = {"dt": day_text(event.date), "place": place_or_withheld(event.place)}
    await tell(session, f"lecture-off-{event.lecture_id}", event.person_id, "checkup-lecture-called-off", **given)


REACTIONS: dict[type[Event], Reaction] = {
    LectureSeatTaken: on_lecture_seat_taken,
    LectureSeatLost: on_lecture_seat_lost,
}
