"""Every knob of notify."""

from __future__ import annotations

import msgspec


class Settings(msgspec.Struct, frozen=True):
    """Defaults of the programme; the environment overrides them as HUZHU_<FIELD>."""

    sms_url: str = ""
    sms_provider: str = "aliyun"
    """The dialect spoken at `sms_url`: aliyun or plain."""
    sms_key_id: str = ""
    sms_key_secret: str = ""
    sms_timeout_ms: int = 5_000
    wechat_url: str = ""
    """Empty: nobody is reached by WeChat."""
    wechat_app_id: str = ""
    wechat_app_secret: str = ""
    wechat_templates: str = "{}"
    """JSON, from our code of a text to WeChat's id of it; a code that is missing stands for itself."""
    wechat_read_wait_h: int = 2
    """A notice that nobody opened goes by SMS after this (domain 9.2)."""
    quiet_from_h: int = 21
    quiet_until_h: int = 8
    review_workdays: int = 10
    """What is promised at filing (domain 4.2)."""
    receipt_wait_h: int = 168
    """How long after sending a receipt is asked for, in business time."""
    match_delay_s: int = 600
    """A match is told this much later than it is found."""
    tell_cover_starts: bool = True
    """Whether the start of a cover is told: two segments for every person of a roster, in the bulk lane."""
    cover_told_days_max: int = 30
    """Nobody is told of a cover that started longer ago, or of an end that was to be told longer ago."""
    cover_ends_days: int = 30
    """So long before its end a cover's end is told (domain 9.3)."""
    run_off_days: int = 730
    """What happened inside the cover may be claimed this long (domain 4.2)."""
    run_off_reminder_days: int = 60
    """So long after its end the run-off is told."""
    bulk_per_s: int = 150
    """Messages of the bulk lane that may be on their way at once and are let go in a second; at most 190."""
    number_day_max: int = 20
    template_day_max: int = 50
    """What one number may get in a day, in all and of one text's kind (domain 9.1)."""
    mobile_failures_max: int = 2
    """So many failures in a row put a mobile in doubt (domain 9.1)."""
    template_wait_m: int = 15
    """A message whose text is not approved yet looks again after this."""
    invitations_promote: bool = False
    """Whether an invitation counts as promotion, and has to say how to refuse (domain 9.1)."""
    code_minutes: int = 5
    code_misses_max: int = 5
    codes_per_hour: int = 5
    """How often a member may ask for a code."""
    digest_at_h: int = 8
    """From this hour on the day's digest of waiting tasks is posted."""
