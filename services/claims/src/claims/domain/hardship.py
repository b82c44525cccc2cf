"""How hard a family's case is, from its figures (domain 4.5): computed, never guessed."""

from __future__ import annotations

from claims.domain.relief_plan import HardshipRule, ReliefReason
from contracts.person import Household

DEEP, RELATIVE, ACCIDENT = "DEEP", "RELATIVE", "ACCIDENT"
MONTHS = 12


def hardship_of(home: Household, rule: HardshipRule) -> str:
    """深度困难 DEEP, 相对困难 RELATIVE, 意外致困 ACCIDENT, or "": the first that fits.

    What is left of a year's income after the rigid outlay, by month and head, is held against the local minimum;
    all in whole fen, multiplied out so that nothing is rounded.
    """
    left_fen = (home.income_fen - home.rigid_outlay_fen) * 100
    minimum_fen = home.minimum_living_fen * MONTHS * home.members
    if left_fen < minimum_fen * rule.deep_percent:
        return DEEP
    if left_fen < minimum_fen * rule.relative_percent:
        return RELATIVE
    if home.event_cost_fen * 100 > home.income_fen * rule.accident_percent:
        return ACCIDENT
    return ""


def eligible(home: Household, hardship: str, reason: ReliefReason) -> bool:
    """Whether the figures show what the plan asks for this reason."""
    enough = not reason.self_paid_above_fen or home.self_paid_fen > reason.self_paid_above_fen
    return enough and (bool(hardship) or not reason.hardship)
