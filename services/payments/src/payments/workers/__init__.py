"""Effects outside the system: batches go to the bank once, its statement comes back in order."""

from __future__ import annotations

from chassis.files.retention import discarding
from chassis.worker import Worker
from contracts.payments.v1 import BatchSigned
from payments.bank import kept
from payments.workers.following import follow_days, follow_silence, follow_statement
from payments.workers.measuring import SWEEPS as MEASURING
from payments.workers.reminding import SWEEPS as REMINDING
from payments.workers.sending import send_batch

__all__ = ["BACKGROUND", "SWEEPS", "WORKERS"]

SEND_ATTEMPTS_MAX = 500
SEND_RETRY_DELAY_MS = 1_000
SEND_RETRY_GROWTH = 1.2
SEND_RETRY_DELAY_MS_MAX = 600_000
"""A bank that is away is asked for more than three days, every ten minutes in the end; then the job is left to people.

What becomes of the payouts meanwhile is not the job's to say: they are unknown after `silent_after_s`.
"""

WORKERS: tuple[Worker, ...] = (
    Worker(
        name="payments-bank",
        event=BatchSigned,
        attempts_max=SEND_ATTEMPTS_MAX,
        retry_delay_ms=SEND_RETRY_DELAY_MS,
        run=send_batch,
        retry_growth=SEND_RETRY_GROWTH,
        retry_delay_ms_max=SEND_RETRY_DELAY_MS_MAX,
    ),
)
SWEEPS = (*REMINDING, *MEASURING)
BACKGROUND = (
    follow_statement,
    follow_silence,
    follow_days,
    discarding(kept.FOLDER, kept.vault_of),
    discarding(kept.UNREAD_FOLDER, kept.vault_of),
)
