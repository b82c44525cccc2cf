"""Every knob of notify."""

from __future__ import annotations

import msgspec


class Settings(msgspec.Struct, frozen=True):
    """Defaults of the programme; the environment overrides them as HUZHU_<FIELD>."""

    sms_url: str = ""
    sms_timeout_ms: int = 5_000
    quiet_from_h: int = 21
    quiet_until_h: int = 8
    review_workdays: int = 10
    """What is promised at filing (domain 4.2)."""
    receipt_wait_h: int = 168
    """How long after sending a receipt is asked for, in business time."""
    match_delay_s: int = 600
    """A match is told this much later than it is found: messages about money do not wait behind thousands of them."""
    tell_cover_starts: bool = False
    """Whether the start of a cover is told: two segments for every person of a roster, `match_delay_s` later."""
