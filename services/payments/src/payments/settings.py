"""Every knob of payments; the environment overrides each as HUZHU_<FIELD>."""

from __future__ import annotations

import msgspec


class Settings(msgspec.Struct, frozen=True):
    """Units stand in the names."""

    bank_url: str = "http://127.0.0.1:0"
    bank_account: str = "main"
    bank_timeout_s: float = 5.0
    documents: str = ".huzhu/documents"
    statement_interval_ms: int = 200
    statement_idle_interval_ms: int = 5_000
    statement_lines_max: int = 100
    silent_after_s: int = 900
    silent_interval_ms: int = 5_000
    silent_payouts_max: int = 100
    follow_retry_delay_ms: int = 1_000
    public_cell_people_min: int = 5
    """Cells of fewer people are not shown in public figures (domain 10)."""
