"""Verification codes: derived from their id under the service's own key whenever one is needed, and kept nowhere."""

from __future__ import annotations

from chassis.keyring import Keyring
from notify.domain.code import digits

PURPOSE = "verification-code"


async def derive(keyring: Keyring, code_id: str) -> str:
    """The six digits of a code."""
    return digits(await keyring.blind_index(PURPOSE, code_id))
