"""Files are destroyed when their time is over: looked for now and then, by business time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from chassis.context import Context
from chassis.files.objects import ObjectAbsent
from chassis.files.vault import Vault

LOOK_EVERY_S = 600.0
RETRY_DELAY_S = 30.0


def discarding(prefix: str, vault_of: Callable[[Context], Vault]) -> Callable[[Context], Awaitable[None]]:
    """A background task that destroys the expired files below a folder of a service's vault."""

    async def run(context: Context) -> None:
        vault = vault_of(context)
        while True:
            try:
                await vault.discard_expired(prefix, context.clock.today())
            except (OSError, ObjectAbsent):
                # The store is away, or another replica was faster: the next look finds what is left.
                await asyncio.sleep(RETRY_DELAY_S)
            else:
                await asyncio.sleep(LOOK_EVERY_S)

    return run
