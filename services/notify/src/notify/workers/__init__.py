"""What leaves notify: messages to their providers, a worker a lane; receipts back; what is due by the clock."""

from __future__ import annotations

from chassis.worker import Worker
from contracts.envelope import Event
from contracts.notify.v1 import BulkMessageReleased, MessageReleased, OrdinaryMessageReleased, PaperMessageReleased
from notify.workers.approving import approve_templates
from notify.workers.covering import tell_covers
from notify.workers.digests import post_digests
from notify.workers.forgetting import forget
from notify.workers.pacing import SWEEPS
from notify.workers.receipts import collect_receipts
from notify.workers.sending import give_up, send

__all__ = ["BACKGROUND", "SWEEPS", "WORKERS"]

ATTEMPTS_MAX = 18
RETRY_DELAY_MS = 1_000
RETRY_GROWTH = 1.5
RETRY_DELAY_MS_MAX = 60_000
"""Together nine minutes: longer than a tail needs to read a whole roster, or a provider to restart."""
GROUP_MAX = 16
"""So many messages of a lane that wait together are sent together."""
BULK_GROUP_MAX = 64
"""One group of thousands is with the provider at once, beside whatever the other lanes send."""


def _lane(name: str, event: type[Event], at_once_max: int, group_max: int = GROUP_MAX) -> Worker:
    return Worker(
        name=name,
        event=event,
        attempts_max=ATTEMPTS_MAX,
        retry_delay_ms=RETRY_DELAY_MS,
        retry_growth=RETRY_GROWTH,
        retry_delay_ms_max=RETRY_DELAY_MS_MAX,
        run_many=send,
        group_max=group_max,
        exhausted=give_up,
        at_once_max=at_once_max,
    )


WORKERS: tuple[Worker, ...] = (
    _lane("notify-sms", MessageReleased, 4),
    _lane("notify-papers", PaperMessageReleased, 2),
    _lane("notify-ordinary", OrdinaryMessageReleased, 1),
    _lane("notify-bulk", BulkMessageReleased, 1, BULK_GROUP_MAX),
)
"""Codes and money, papers, the rest, thousands: each with a queue and turns of its own."""
BACKGROUND = (collect_receipts, approve_templates, tell_covers, post_digests, forget)
