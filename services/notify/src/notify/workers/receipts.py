"""What the provider says became of the messages it took."""

from __future__ import annotations

import time
from collections import OrderedDict
from datetime import timedelta

from chassis.context import Context
from chassis.execute import Session
from chassis.keyring import Erased
from notify.domain.message import MESSAGE, RecordDelivery, RecordFailure
from notify.domain.mobile import MOBILE, ClearMobile
from notify.projections import messages, mobiles
from notify.workers import providers, sending
from notify.workers.provider import DELIVERED, WAITING
from notify.workers.rounds import for_ever

INTERVAL_S = 1.0
RECEIPTS_MAX = 200
"""So many messages are looked at in one round."""
PATIENCE_S_MAX = 600.0
REMEMBERED_MAX = 10_000


class Patience:
    """When each message may be asked about again: later and later, so that silence costs little. Bounded."""

    def __init__(self) -> None:
        self._next: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def has(self, message_id: str) -> bool:
        """Whether it is too early to ask about the message; if not, it is being asked about now."""
        now = time.monotonic()
        due, wait_s = self._next.get(message_id, (now, INTERVAL_S))
        if due > now:
            return True
        self._next[message_id] = (now + wait_s, min(wait_s * 2, PATIENCE_S_MAX))
        self._next.move_to_end(message_id)
        if len(self._next) > REMEMBERED_MAX:
            self._next.popitem(last=False)
        return False


async def collect_receipts(context: Context) -> None:
    """Ask for the receipts of sent messages, for ever; a provider that is away is asked again."""
    patience = Patience()

    async def one_round() -> float:
        since = context.clock.now() - timedelta(hours=context.settings.receipt_wait_h)
        async with context.reads.connection() as c:
            waiting = await messages.awaiting_receipt(c, since, RECEIPTS_MAX)
        for message_id, recipient_id in waiting:
            if not patience.has(message_id):
                await collect_receipt(message_id, recipient_id, context)
        return INTERVAL_S

    await for_ever("receipts", one_round)


async def collect_receipt(message_id: str, recipient_id: str, context: Context) -> None:
    """Record the provider's word on one message, if there is one. Raises ProviderAway."""
    try:
        contact = await sending.contact_of(recipient_id, context)
    except Erased:
        return
    if isinstance(contact, str):
        return
    fate = await providers.sms(context).fate(message_id, contact.mobile)
    if fate is None or fate.state == WAITING:
        return
    if fate.state != DELIVERED:
        await sending.record(RecordFailure(message_id, "undelivered", fate.word), recipient_id, context)
        return
    async with context.reads.connection() as c:
        failing = await mobiles.failing(c, [recipient_id])

    async def work(session: Session) -> None:
        await session.decide(MESSAGE, message_id, RecordDelivery(message_id, fate.word))
        if failing:
            await session.decide(MOBILE, recipient_id, ClearMobile(recipient_id, "delivered"))

    await context.executor.run(work)
