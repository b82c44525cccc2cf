"""Every knob of enrolment, its unit last; each can be set by `HUZHU_<FIELD>`."""

from __future__ import annotations

import msgspec


class Settings(msgspec.Struct, frozen=True):
    """`documents` is the folder that keeps received files, sealed; certificates are checked below `verify_url`."""

    documents: str = ".huzhu/documents"
    verify_url: str = "https://huzhu.example/api/enrolment/public/certificates"
    roster_bytes_max: int = 64 * 1024 * 1024
    roster_unpacked_bytes_max: int = 512 * 1024 * 1024
    roster_rows_max: int = 200_000
    roster_chunk_rows: int = 1_000
    roster_keep_days: int = 90
    roster_poll_ms: int = 200
    roster_retry_delay_ms: int = 2_000
    roster_attempts_max: int = 150
    index_quiet_ms: int = 500
    index_wait_ms_max: int = 120_000
    index_retry_delay_ms: int = 2_000
    index_catch_up_ms_max: int = 20_000
    check_burst_per_address: int = 10
    check_per_address_hour: int = 60
    check_burst_per_number: int = 5
    check_per_number_hour: int = 10
    public_cell_people_min: int = 5
    """Cells of fewer people are not shown in public figures (domain 10)."""
