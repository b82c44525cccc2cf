"""Every knob of payments; the environment overrides each as HUZHU_<FIELD>."""

from __future__ import annotations

from typing import Literal

import msgspec


class Settings(msgspec.Struct, frozen=True):
    """Units stand in the names."""

    bank_url: str = "http://127.0.0.1:0"
    bank_account: str = "main"
    bank_format: Literal["iso20022", "csv"] = "iso20022"
    """What the bank reads and writes."""
    bank_timeout_s: float = 5.0
    debtor_name: str = "甘肃省总工会"
    debtor_bank: str = "模拟银行"
    documents: str = ".huzhu/documents"
    batch_file_days: int = 730
    """How long a batch file is kept: as long as uncollected money stays owed (domain 7.1)."""
    statement_interval_ms: int = 200
    statement_idle_interval_ms: int = 5_000
    bank_messages_max: int = 100
    silent_after_s: int = 900
    silent_interval_ms: int = 1_000
    silent_payouts_max: int = 100
    follow_retry_delay_ms: int = 1_000
    public_cell_people_min: int = 5
    """Cells of fewer people are not shown in public figures (domain 10)."""
    account_cooling_h: int = 12
    """So long after its confirmation a corrected account is not paid to yet: hours of the business clock."""
    account_tries_max: int = 5
    """Wrong numbers that a second person may write of a payout in a business day (domain 7.1: 4-5 tries a card)."""
    reminder_days: str = "3,10,30"
    call_after_failures: int = 3
    payout_limit_fen: int = 20_000_000
    member_period_limit_fen: int = 30_000_000
    county_day_limit_fen: int = 200_000_000
    batch_limit_fen: int = 500_000_000
    """Above a limit one further person has to agree; 0 is no limit."""
    alert_percents: str = "50,70,85,95,100"
    """So much of a fund used is told, each threshold once."""
    top_up_again_percent: int = 5
    """So much more of a fund has to be missing than was asked for, until an answered request is made anew."""
    risk_reserve_percents: str = ""
    activity_cost_percents: str = ""
    """What plans set aside of each donation, in whole percent, as `PLAN=7,OTHER=5`; one that is not named, nothing."""
    sweep_interval_ms: int = 5_000
    reconcile_interval_ms: int = 5_000
    reconcile_days_max: int = 31
    """Days of the statement in one turn."""
    unanswered_days: int = 1
    """An order that nobody has answered for is an open item after so many days (T+1, security 4.3)."""

    def days_to_remind(self) -> tuple[int, ...]:
        """`reminder_days` as numbers, in order."""
        return _numbers(self.reminder_days)

    def percents_to_alert(self) -> tuple[int, ...]:
        """`alert_percents` as numbers, in order."""
        return _numbers(self.alert_percents)

    def set_aside(self, plan_code: str) -> tuple[int, int]:
        """What a plan sets aside of a donation, in percent: for risk, and for the cost of the activity."""
        risk, activity = _by_plan(self.risk_reserve_percents), _by_plan(self.activity_cost_percents)
        return risk.get(plan_code, 0), activity.get(plan_code, 0)


def _by_plan(text: str) -> dict[str, int]:
    pairs = (one.partition("=") for one in text.split(",") if one.strip())
    return {plan_code.strip(): int(percent) for plan_code, _, percent in pairs}


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(sorted(int(number) for number in text.split(",") if number.strip()))
