"""What a pool will still owe: open claims, what is not yet reported, and what is still to happen (domain 7.2).

Kinds are those of the incident, since an open claim has no benefit yet. All in fen and whole claims, without floats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

LADDER_MONTHS_MIN = 3
LADDER_CLAIMS_MIN = 30
"""Below these a ladder says nothing: what is not yet reported is then not estimated."""
NORMAL_90_PER_MILLE = 1645
"""Half the width of a normal distribution's 90 % interval, in thousandths of its standard deviation."""


@dataclass(frozen=True)
class KindHistory:
    """One kind of incident: decided claims (a refusal counts as nothing paid), open ones, and reports by delay.

    `squares_fen2` is the sum of squares of what was granted; `reports` counts claims by month of event and months until
    it was reported, both counted from the first month of the period.
    """

    decided: int
    granted_fen: int
    squares_fen2: int
    open: int
    reports: Mapping[tuple[int, int], int]


@dataclass(frozen=True)
class KindForecast:
    """One kind: the mean of a decided claim, and what is expected of each source, in fen.

    `ibnr_claims` is None where the data do not allow a ladder; `low_fen` and `high_fen` enclose the sum with 90 %, if
    claims come like a compound Poisson process and their sum is near to normal.
    """

    mean_fen: int
    open_fen: int
    ibnr_claims: int | None
    ibnr_fen: int
    future_fen: int
    low_fen: int
    high_fen: int

    @property
    def expected_fen(self) -> int:
        """All three sources."""
        return self.open_fen + self.ibnr_fen + self.future_fen


def forecast(kind: KindHistory, month_now: int, elapsed_days: int, left_days: int) -> KindForecast:
    """What a kind is expected to cost still; nothing where no claim has been decided.

    `month_now` counts from the first month of the period; days are those of cover behind and ahead.
    """
    if not kind.decided:
        return KindForecast(0, 0, None, 0, 0, 0, 0)
    mean = Fraction(kind.granted_fen, kind.decided)
    second = Fraction(kind.squares_fen2, kind.decided)
    reported = sum(kind.reports.values())
    late = unreported(kind.reports, month_now)
    future = Fraction(left_days, max(elapsed_days, 1)) * (reported + (late or 0))
    open_fen, ibnr_fen, future_fen = (round(mean * n) for n in (kind.open, late or 0, future))
    # A number of claims that is known varies by their sizes; one that is not, by their count as well.
    variance = kind.open * (second - mean**2) + ((late or 0) + future) * second
    half = NORMAL_90_PER_MILLE * isqrt(round(variance)) // 1000
    expected = open_fen + ibnr_fen + future_fen
    return KindForecast(
        mean_fen=round(mean),
        open_fen=open_fen,
        ibnr_claims=None if late is None else round(late),
        ibnr_fen=ibnr_fen,
        future_fen=future_fen,
        low_fen=max(expected - half, 0),
        high_fen=expected + half,
    )


def unreported(reports: Mapping[tuple[int, int], int], month_now: int) -> Fraction | None:
    """Claims of past months that will still be reported, by chain ladder; None where the data do not allow it.

    Factors from one delay to the next are weighted by the months that have been seen that far; the oldest month is
    taken as complete.
    """
    months = sorted({event for event, _ in reports if event <= month_now})
    if len(months) < LADDER_MONTHS_MIN or sum(reports.values()) < LADDER_CLAIMS_MIN:
        return None
    cumulative: dict[tuple[int, int], int] = {}
    for event in months:
        running = 0
        for delay in range(month_now - event + 1):
            running += reports.get((event, delay), 0)
            cumulative[event, delay] = running
    factors = _factors(cumulative, months, month_now)
    total = Fraction(0)
    for event in months:
        seen = cumulative[event, month_now - event]
        ultimate = Fraction(seen)
        for delay in range(month_now - event, month_now - months[0]):
            ultimate *= factors[delay]
        total += ultimate - seen
    return total


def _factors(cumulative: Mapping[tuple[int, int], int], months: list[int], month_now: int) -> dict[int, Fraction]:
    factors: dict[int, Fraction] = {}
    for delay in range(month_now - months[0]):
        seen = [event for event in months if month_now - event > delay]
        before = sum(cumulative[event, delay] for event in seen)
        after = sum(cumulative[event, delay + 1] for event in seen)
        factors[delay] = Fraction(after, before) if before else Fraction(1)
    return factors
