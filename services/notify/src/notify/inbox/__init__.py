"""What others decided, told to the people it concerns: one message for each cause and recipient."""

from __future__ import annotations

from chassis.tail.reactions import Reaction
from contracts.enrolment.v1 import CoverageGranted
from contracts.envelope import Event
from notify.inbox import decisions, process
from notify.inbox.telling import settings
from notify.settings import Settings


def reactions(wanted: Settings) -> dict[str, dict[type[Event], Reaction]]:
    """By source and event. A cover that is not to be told is not even decoded: a roster has a hundred thousand.

    Its source is followed all the same, so that whoever wants them told later does not tell the old ones.
    """
    covers: dict[type[Event], Reaction] = {CoverageGranted: decisions.on_coverage_granted}
    return {
        **decisions.REACTIONS,
        "claims": {**decisions.REACTIONS["claims"], **process.REACTIONS},
        "enrolment": covers if wanted.tell_cover_starts else {},
    }


REACTIONS = reactions(settings())
