"""Every knob of claims, its unit last; each can be set by `HUZHU_<FIELD>`."""

from __future__ import annotations

import msgspec


class Settings(msgspec.Struct, frozen=True):
    """The rules are not here: they are the plans' data."""

    page_rows_max: int = 200
    what_if_claims_max: int = 20_000
    """A what-if of more claims than this is refused."""
