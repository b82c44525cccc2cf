"""What changes about a person: another mobile is trusted anew, an erased person is no longer reached by WeChat."""

from __future__ import annotations

from chassis.execute import Session
from chassis.log import Recorded
from chassis.tail.reactions import Reaction
from contracts.enrolment.people import ContactChanged, ErasureBegun
from contracts.envelope import Event
from notify.domain.binding import BINDING, UnbindWechat
from notify.domain.mobile import MOBILE, ClearMobile


async def on_contact_changed(recorded: Recorded, session: Session) -> None:
    """Another mobile: its failures are not counted on."""
    event = recorded.event
    assert isinstance(event, ContactChanged)
    await session.decide(MOBILE, event.person_id, ClearMobile(event.person_id, "changed"))


async def on_erasure_begun(recorded: Recorded, session: Session) -> None:
    """The binding ends with the person's data."""
    event = recorded.event
    assert isinstance(event, ErasureBegun)
    await session.decide(BINDING, event.person_id, UnbindWechat(event.person_id, "erased"))


REACTIONS: dict[type[Event], Reaction] = {ContactChanged: on_contact_changed, ErasureBegun: on_erasure_begun}
