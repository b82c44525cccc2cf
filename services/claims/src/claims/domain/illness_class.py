"""In which chapter of ICD-10 a claim's illness lies: coarse enough to count, and known only while it is counted."""

from __future__ import annotations

from claims.domain.matching import CodeRange, Hint, in_ranges
from contracts.person import Facts

DIAGNOSIS = "dise_no"
"""The bureau's column of the main diagnosis."""
CHAPTERS = tuple(
    CodeRange(first=first, last=last)
    for first, last in (
        ("A00", "B99"), ("C00", "D48"), ("D50", "D89"), ("E00", "E90"), ("F00", "F99"), ("G00", "G99"), ("H00", "H59"),
        ("H60", "H95"), ("I00", "I99"), ("J00", "J99"), ("K00", "K93"), ("L00", "L99"), ("M00", "M99"), ("N00", "N99"),
        ("O00", "O99"), ("P00", "P96"), ("Q00", "Q99"), ("R00", "R99"), ("S00", "T98"), ("U00", "U99"), ("V01", "Y98"),
        ("Z00", "Z99"),
    )
)  # fmt: skip


def illness_class(facts: Facts, hints: tuple[Hint, ...]) -> str:
    """The chapter as `C00-D48`, by the settlement's diagnosis, else by the listed illness; "" where neither is told.

    `hints` are the plan's: which codes a listed illness may have (domain 3.1).
    """
    code = facts.settlement.get(DIAGNOSIS, "").strip().upper()
    if not code and facts.illness:
        code = next((hint.ranges[0].first for hint in hints if hint.meaning == facts.illness), "")
    return next((f"{one.first}-{one.last}" for one in CHAPTERS if code and in_ranges(code, (one,))), "")
