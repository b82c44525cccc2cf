"""What the year came to, read from the services' own figures, beside what the press published."""

from __future__ import annotations

from typing import Any

import msgspec

from huzhu.demo.gateway import Gateway
from huzhu.demo.story import PLAN
from huzhu.year.play import Played

PERIOD = "2022"
SCALE = 100_000
"""The published figures are those of so many members; smaller years are compared with their share."""


class Published(msgspec.Struct, frozen=True):
    """A figure of the press: until which day, of people or of person-times, fen, and where it stands."""

    until: str
    counts: str
    number: int
    fen: int
    source: str


PUBLISHED = (
    Published("2022-07-31", "people", 4_208, 749_400_000, "domain 0.1: A, S1, S4"),
    Published("2023-02-22", "person_times", 7_047, 1_128_440_000, "domain 0.1: S3"),
    Published("", "person_times", 7_356, 1_206_440_000, "domain 0.1: S3, with the 309 still being paid"),
)


class Sums(msgspec.Struct, frozen=True):
    """人, 人次, 件 and fen that had arrived."""

    people: int
    person_times: int
    lines: int
    fen: int


class CutOff(msgspec.Struct, frozen=True):
    """Where the year stood on a day, and how far that is from the published figure, in percent."""

    published: Published
    reached: Sums
    number_deviation_percent: float
    fen_deviation_percent: float


class YearResult(msgspec.Struct, frozen=True):
    """The last line of `huzhu demo --year --json`. Times are real seconds; CPU is of every process of the machine."""

    seed: int
    members: int
    covered: int
    incidents: int
    months: dict[str, Sums]
    total: Sums
    fen_by_benefit: dict[str, int]
    cut_offs: list[CutOff]
    filed: int
    opened_by_match: int
    refused: int
    supplemented: int
    ended_undecided: int
    duplicates: int
    returned_by_bank: int
    unclaimed: int
    special_decisions: int
    settlements: int
    remainder: int
    not_reached_people: int
    steps: dict[str, tuple[int, int]]
    ledger_balanced: bool
    pool_used_percent: float
    messages_sent: int
    batches: int
    requests: int
    events: int
    import_seconds: float
    year_seconds: float
    seconds: float
    cpu_seconds: dict[str, float]


def read_outcome(gateway: Gateway, played: Played, seconds: float, cpu_seconds: dict[str, float]) -> YearResult:
    """Ask every service."""
    paid = _report(gateway, "paid", "&by=month")
    filed = _report(gateway, "claims", "")["total"]["figures"]
    payouts = gateway.get(f"payments/statistics/payouts?plan_code={PLAN}", "supervisor")["total"]["figures"]
    pool = gateway.get(f"payments/pool/{PLAN}", "finance", sub="finance-1")
    summary = gateway.get("claims/summary", "supervisor")
    ledger = gateway.get(f"claims/completeness?period={PERIOD}", "supervisor")
    covered = gateway.get(f"enrolment/plans/{PLAN}", "office_head")["covered"]
    total = _sums(paid["total"]["figures"])
    return YearResult(
        seed=played.seed,
        members=played.members,
        covered=covered,
        incidents=played.cases,
        months={cell["of"]["month"]: _sums(cell["figures"]) for cell in paid["cells"]},
        total=total,
        fen_by_benefit=summary["fen_by_benefit"],
        cut_offs=[_cut_off(gateway, one, played.members) for one in PUBLISHED],
        filed=filed["filed"],
        opened_by_match=played.counts["opened"],
        refused=filed["refused"],
        supplemented=filed["supplemented"],
        ended_undecided=filed["ended_undecided"],
        duplicates=summary["duplicates"],
        returned_by_bank=payouts["returns"],
        unclaimed=payouts["unclaimed"],
        special_decisions=summary["special_decisions"],
        settlements=ledger["settlements"],
        remainder=ledger["remainder"],
        not_reached_people=_report(gateway, "matching", "")["total"]["figures"]["not_reached_people"],
        steps=_steps(gateway),
        ledger_balanced=gateway.get(f"payments/ledger/check?plan_code={PLAN}", "finance", sub="finance-1")["balanced"],
        pool_used_percent=round(pool["paid_fen"] * 100 / pool["contribution_fen"], 2),
        messages_sent=gateway.get("notify/summary", "supervisor")["sent"],
        batches=played.batches,
        requests=played.requests,
        events=sum(int(gateway.status(name)["position"]) for name in gateway.state["services"]),
        import_seconds=played.import_seconds,
        year_seconds=played.year_seconds,
        seconds=round(seconds, 1),
        cpu_seconds=cpu_seconds,
    )


def _report(gateway: Gateway, report: str, more: str) -> dict[str, Any]:
    found: dict[str, Any] = gateway.get(f"claims/statistics/{report}?period={PERIOD}{more}", "supervisor")
    return found


def _sums(figures: dict[str, int]) -> Sums:
    return Sums(figures["people"], figures["person_times"], figures["lines"], figures["fen"])


def _cut_off(gateway: Gateway, published: Published, members: int) -> CutOff:
    until = f"&until={published.until}" if published.until else ""
    reached = _sums(_report(gateway, "paid", until)["total"]["figures"])
    share = members / SCALE
    number = getattr(reached, published.counts)
    return CutOff(
        published,
        reached,
        _deviation_percent(number, published.number * share),
        _deviation_percent(reached.fen, published.fen * share),
    )


def _deviation_percent(reached: float, published: float) -> float:
    return round((reached - published) * 100 / published, 2)


def _steps(gateway: Gateway) -> dict[str, tuple[int, int]]:
    """Median and 90th percentile of working days by step."""
    cells = _report(gateway, "turnaround", "")["cells"]
    return {cell["of"]["step"]: (cell["figures"]["median_workdays"], cell["figures"]["p90_workdays"]) for cell in cells}
