"""Every knob of claims, its unit last; each can be set by `HUZHU_<FIELD>`."""

from __future__ import annotations

import msgspec


class Settings(msgspec.Struct, frozen=True):
    """The rules are not here: they are the plans' data.

    `documents` is the folder that keeps received files, sealed; `sources` the services' addresses as a JSON object,
    `service_token_file` this service's own token: people are resolved by enrolment. `settlements_plan` is the plan
    that a file is matched with when its sender names none.
    `paper_keep_days` is thirty years, as vouchers of a payment are kept; `reader_*` bound the reading process.
    """

    page_rows_max: int = 200
    documents: str = ".huzhu/documents"
    sources: str = "{}"
    service_token_file: str = ""
    settlements_plan: str = "GS-NEF-2022"
    settlements_bytes_max: int = 1_073_741_824
    settlements_rows_max: int = 2_000_000
    settlements_workbook_bytes_max: int = 64 * 1024 * 1024
    settlements_unpacked_bytes_max: int = 512 * 1024 * 1024
    settlements_chunk_rows: int = 2_500
    settlements_keep_days: int = 90
    settlements_poll_ms: int = 250
    settlements_retry_delay_ms: int = 2_000
    settlements_attempts_max: int = 150
    rematch_quiet_ms: int = 5_000
    resolve_timeout_s: float = 30.0
    what_if_claims_max: int = 20_000
    """A what-if of more claims than this is refused."""
    turnaround_claims_max: int = 50_000
    """So many claims' histories are read for the times of the steps; more are asked for in parts."""
    opened_claims_max: int = 20_000
    """So many claims' facts are opened for one table by hospital level or class of illness."""
    public_cell_people_min: int = 5
    """Cells of fewer people are not shown in public figures (domain 10)."""
    ticket_workdays: int = 5
    ticket_categories: str = "JOINING,COVER,CLAIM,PAYMENT,RELIEF,HEALTH_CHECKUP,COMPLAINT,ADVICE,OTHER"
    """What the hotline is asked about, comma-separated; a ticket is due so many working days after the call."""
    outreach_plan: str = "GS-NEF-2022"
    """The plan whose newest rules a scanned sticker leads to."""
    paper_bytes_max: int = 12 * 1024 * 1024
    paper_pixels_max: int = 60_000_000
    paper_pages_max: int = 20
    reading_pages_max: int = 5
    """So many pages of a paper are read; people look at the others."""
    papers_per_person_max: int = 400
    paper_keep_days: int = 10_958
    reading_s_max: float = 45.0
    reader_pictures_max: int = 200
    reader_memory_mb_max: int = 1_200
    reader_idle_s: float = 60.0
