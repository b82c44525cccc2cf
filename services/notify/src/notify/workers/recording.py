"""What became of messages is recorded in one append; what speaks for or against a number is counted with it."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from chassis.context import Context
from chassis.decider import Rejected
from chassis.execute import ReadAhead, Session
from notify.domain.message import MESSAGE, MessageCommand, RecordDelivery, RecordFailure
from notify.domain.mobile import COUNTED, MOBILE, ClearMobile, CountFailure
from notify.domain.stages import Absent


async def record(
    commands: Sequence[MessageCommand],
    context: Context,
    *,
    ahead: ReadAhead | None = None,
    failing: AbstractSet[str] = frozenset(),
    bulk: bool = False,
) -> dict[str, Exception]:
    """Decide what was learned, a message each (domain 9.1); what was refused, by message.

    `failing` are the recipients whose mobile failed lately: one that takes a message is cleared.
    """

    async def work(session: Session) -> dict[str, Exception]:
        session.bulk = bulk
        if ahead is not None:
            session.adopt(ahead)
        messages = await session.load_many(MESSAGE, [command.message_id for command in commands])
        refused: dict[str, Exception] = {}
        for command in commands:
            message = messages[command.message_id]
            try:
                decided = await session.decide(MESSAGE, command.message_id, command)
            except Rejected as rejected:
                refused[command.message_id] = rejected
                continue
            if isinstance(message, Absent):
                continue
            recipient_id = message.content.recipient_id
            if decided and isinstance(command, RecordFailure) and command.code in COUNTED:
                failure = CountFailure(recipient_id, command.message_id, context.settings.mobile_failures_max)
                await session.decide(MOBILE, recipient_id, failure)
            if isinstance(command, RecordDelivery) and recipient_id in failing:
                await session.decide(MOBILE, recipient_id, ClearMobile(recipient_id, "delivered"))
        return refused

    return (await context.executor.run(work)).value if commands else {}
