"""A row of the bureau's file as the rules read it: dates, fen, codes, the identity it names (domain 6.2, 6.3)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

REQUIRED = (
    "psn_name", "certno", "insutype", "mdtrt_id", "setl_id", "med_type", "begntime", "endtime", "refd_setl_flag",
    "inscp_scp_amt", "fund_pay_sumamt", "psn_pay",
)  # fmt: skip
"""Without one of these nothing can be matched or computed."""
FIELDS = (
    "psn_no", "psn_name", "psn_cert_type", "certno", "gend", "brdy", "insutype", "insu_admdvs", "mdtrt_id", "setl_id",
    "fixmedins_code", "fixmedins_name", "hosp_lv", "med_type", "begntime", "endtime", "ipt_days", "setl_time",
    "setl_type", "refd_setl_flag", "medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt",
    "inscp_scp_amt", "act_pay_dedc", "hifp_pay", "hifmi_pay", "hifob_pay", "cvlserv_pay", "maf_pay", "fund_pay_sumamt",
    "acct_pay", "psn_pay", "cash_payamt", "dise_no", "dise_name", "oprn_code", "dscg_way",
)  # fmt: skip
"""The interface of domain 6.2; a file may have more columns."""
IDENTIFYING = frozenset({"psn_no", "psn_name", "psn_cert_type", "certno"})
"""Not repeated where a row is kept with a claim: the registry has them."""
REVERSAL = "1"
DATES_CACHED_MAX = 65_536
MONEY_DIGITS_MAX = 13
DAYS_DIGITS_MAX = 4
VISIT_KEY_CHARS = 40

_SEPARATORS = re.compile(r"[;,,;、|\s]+")


class Layout(NamedTuple):
    """Where each field of the interface stands in a file's lines; -1 where the file has none."""

    header: tuple[str, ...]
    places: dict[str, int]


def layout_of(header: Sequence[str]) -> Layout:
    """Read a header in any order."""
    names = tuple(name.strip() for name in header)
    return Layout(names, {field: names.index(field) if field in names else -1 for field in FIELDS})


def missing_columns(layout: Layout) -> list[str]:
    """Required fields that the file has no column for."""
    return [field for field in REQUIRED if layout.places[field] < 0]


class Stay(NamedTuple):
    """A settlement's stay. Dates are ISO dates or "" when unreadable; money in fen, None when unreadable.

    `hospital_level` is the bureau's code; `hospital_days` 0 when they are not told.
    """

    setl_id: str
    insutype: str
    med_type: str
    admitted_on: str
    discharged_on: str
    in_scope_fen: int | None
    funds_fen: int | None
    self_paid_fen: int | None
    diagnosis: str
    operations: tuple[str, ...]
    discharge_way: str
    pool_paid_fen: int | None
    hospital_level: str
    hospital_days: int

    @property
    def self_pay_in_scope_fen(self) -> int | None:
        """Amount in scope less all funds: None when it is unreadable, negative or above what was paid (domain 6.2)."""
        if self.in_scope_fen is None or self.funds_fen is None or self.self_paid_fen is None:
            return None
        own = self.in_scope_fen - self.funds_fen
        return own if 0 <= own <= self.self_paid_fen else None


def stay_of(layout: Layout, cells: Sequence[str]) -> Stay:
    """The stay that a line tells of."""
    at = layout.places

    def cell(field: str) -> str:
        place = at[field]
        return cells[place].strip() if 0 <= place < len(cells) else ""

    return Stay(
        setl_id=cell("setl_id"),
        insutype=cell("insutype"),
        med_type=cell("med_type"),
        admitted_on=iso_date(cell("begntime")[:10]),
        discharged_on=iso_date(cell("endtime")[:10]),
        in_scope_fen=fen_of(cell("inscp_scp_amt")),
        funds_fen=fen_of(cell("fund_pay_sumamt")),
        self_paid_fen=fen_of(cell("psn_pay")),
        diagnosis=cell("dise_no").upper(),
        operations=tuple(one for one in _SEPARATORS.split(cell("oprn_code").upper()) if one),
        discharge_way=cell("dscg_way"),
        pool_paid_fen=fen_of(cell("hifp_pay")),
        hospital_level=cell("hosp_lv"),
        hospital_days=days_of(cell("ipt_days")),
    )


def visit_key(layout: Layout, cells: Sequence[str]) -> str:
    """A digest of visit and total, the sign left out: a reversal shares it with its original. "" without a visit."""
    at = layout.places
    visit, total = cells[at["mdtrt_id"]].strip(), at["medfee_sumamt"]
    if not visit:
        return ""
    fen = fen_of(cells[total].strip()) if total >= 0 else None
    return hashlib.sha256(f"{visit}|{'' if fen is None else abs(fen)}".encode()).hexdigest()[:VISIT_KEY_CHARS]


def kept_values(layout: Layout, cells: Sequence[str], *, identifying: bool) -> dict[str, str]:
    """Every filled column by its name, unknown ones included."""
    return {
        name: cell.strip()
        for name, cell in zip(layout.header, cells, strict=False)
        if name and cell.strip() and (identifying or name not in IDENTIFYING)
    }


@lru_cache(maxsize=DATES_CACHED_MAX)
def iso_date(text: str) -> str:
    """YYYY-MM-DD of `2022-05-12`, `2022/05/12`, `20220512` (and what may follow); "" when it is no date."""
    digits = text.replace("/", "-")
    if len(digits) >= 8 and digits[:8].isdigit():
        digits = f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}"
    try:
        return date.fromisoformat(digits).isoformat()
    except ValueError:
        parts = digits.split("-")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
            return ""
    try:
        return date(*(int(part) for part in parts)).isoformat()
    except ValueError:
        return ""


def days_of(text: str) -> int:
    """Whole days, written with or without decimals; 0 for anything else."""
    whole, _, part = text.partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= DAYS_DIGITS_MAX) or part.strip("0"):
        return 0
    return int(whole)


def fen_of(text: str) -> int | None:
    """Yuan as decimal(16,2), exactly, in fen; None for anything else."""
    sign = 1
    if text[:1] in {"-", "+"}:
        sign = -1 if text[0] == "-" else 1
        text = text[1:]
    whole, _, part = text.partition(".")
    if len(part) > 2:
        part = part[:2] + part[2:].rstrip("0")
    if not (whole or part) or len(whole) > MONEY_DIGITS_MAX or len(part) > 2 or not text.isascii():
        return None
    if (whole and not whole.isdigit()) or (part and not part.isdigit()):
        return None
    return sign * (int(whole or "0") * 100 + int(part.ljust(2, "0") or "0"))
