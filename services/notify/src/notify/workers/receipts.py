"""What the provider says became of the messages it took."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from datetime import timedelta

from chassis.context import Context
from notify.domain.message import MessageCommand, RecordDelivery, RecordFailure
from notify.projections import messages, mobiles
from notify.projections.messages import Awaiting
from notify.workers import letters, providers, recording
from notify.workers.letters import Addressee
from notify.workers.provider import DELIVERED, WAITING, Fate, ProviderAway
from notify.workers.rounds import for_ever

INTERVAL_S = 1.0
RECEIPTS_MAX = 200
"""So many of the youngest messages are looked at in one round, and as many of those before them in turn."""
ASKED_AT_ONCE_MAX = 8
PATIENCE_S_MAX = 600.0
REMEMBERED_MAX = 50_000


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
    older: Awaiting | None = None

    async def one_round() -> float:
        nonlocal older
        since = context.clock.now() - timedelta(hours=context.settings.receipt_wait_h)
        async with context.reads.connection() as c:
            waiting = await messages.awaiting_receipt(c, since, None, RECEIPTS_MAX)
            if len(waiting) == RECEIPTS_MAX:
                # Those that nobody confirms block neither the younger nor the older ones.
                before = await messages.awaiting_receipt(c, since, older or waiting[-1], RECEIPTS_MAX)
                older = before[-1] if before else None
                waiting += before
        asked = {one.message_id: one.recipient_id for one in waiting}
        await collect({one: asked[one] for one in asked if not patience.has(one)}, context)
        return INTERVAL_S

    await for_ever("receipts", one_round)


async def collect(recipients: dict[str, str], context: Context) -> None:
    """Record the provider's word on messages, where there is one; `recipients` by message.

    Raises ProviderAway when it is about one of them, what it said of the others being recorded.
    """
    if not recipients:
        return
    found = await letters.address([*recipients.values()], context)
    turns = asyncio.Semaphore(ASKED_AT_ONCE_MAX)
    provider = providers.sms(context)

    async def ask(message_id: str, mobile: str) -> Fate | ProviderAway | None:
        async with turns:
            try:
                return await provider.fate(message_id, mobile)
            except ProviderAway as away:
                return away

    asked = {
        message_id: addressee.contact.mobile
        for message_id, recipient_id in recipients.items()
        if isinstance(addressee := found.get(recipient_id), Addressee)
    }
    fates = await asyncio.gather(*(ask(message_id, mobile) for message_id, mobile in asked.items()))
    told = [(message_id, fate) for message_id, fate in zip(asked, fates, strict=True) if isinstance(fate, Fate)]
    await note([command for message_id, fate in told if (command := _word(message_id, fate))], recipients, context)
    for fate in fates:
        if isinstance(fate, ProviderAway):
            raise fate


async def note(commands: Sequence[MessageCommand], recipients: dict[str, str], context: Context) -> None:
    """Record deliveries and failures in one append; a number that takes a message again is doubted no more."""
    if not commands:
        return
    people = [recipients[command.message_id] for command in commands if isinstance(command, RecordDelivery)]
    async with context.reads.connection() as c:
        failing = await mobiles.failing(c, people)
    # A receipt that comes before its message is recorded as sent is taken in the next round.
    await recording.record(commands, context, failing=failing, bulk=len(commands) > 1)


def _word(message_id: str, fate: Fate) -> RecordDelivery | RecordFailure | None:
    if fate.state == WAITING:
        return None
    if fate.state == DELIVERED:
        return RecordDelivery(message_id, fate.word)
    return RecordFailure(message_id, "undelivered", fate.word)
