"""Every knob of claims, its unit last; each can be set by `HUZHU_<FIELD>`."""

from __future__ import annotations

import msgspec


class Settings(msgspec.Struct, frozen=True):
    """The rules are not here: they are the plans' data. `documents` is the folder that keeps papers, sealed.

    `paper_keep_days` is thirty years, as vouchers of a payment are kept; `reader_*` bound the reading process.
    """

    page_rows_max: int = 200
    documents: str = ".huzhu/documents"
    paper_bytes_max: int = 12 * 1024 * 1024
    paper_pixels_max: int = 60_000_000
    paper_pages_max: int = 20
    papers_per_person_max: int = 400
    paper_keep_days: int = 10_958
    reading_s_max: float = 45.0
    reader_pictures_max: int = 200
    reader_memory_mb_max: int = 1_200
    reader_idle_s: float = 60.0
