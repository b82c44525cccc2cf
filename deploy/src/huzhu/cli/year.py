"""`huzhu demo --year`: the year is played, and shown month by month beside the published figures."""

# ruff: noqa: PLC0415 - heavy imports stay inside the functions, so that `huzhu` starts fast

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from huzhu.demo.gateway import Gateway
    from huzhu.demo.story import Step
    from huzhu.runner.home import Home
    from huzhu.year.outcome import CutOff, Sums, YearResult

FEN = 100


def play_year(home: Home, gateway: Gateway, members: int, seed: int, show: Step) -> YearResult:
    """Play it and read what came of it, with the processor time that it took."""
    import os
    import time

    from huzhu.runner.control import supervisor_pid
    from huzhu.runner.cpu import cpu_seconds
    from huzhu.year.outcome import read_outcome
    from huzhu.year.play import Year

    started, own_before = time.monotonic(), time.process_time()
    supervisor = supervisor_pid(home) or os.getpid()
    before = cpu_seconds(supervisor)
    played = Year(gateway, members, seed, show).run()
    seconds = time.monotonic() - started
    used = {name: round(taken - before.get(name, 0.0), 1) for name, taken in cpu_seconds(supervisor).items()}
    return read_outcome(gateway, played, seconds, {**used, "the crowd": round(time.process_time() - own_before, 1)})


def show_year(console: Console, result: YearResult) -> None:
    """The tables."""
    from rich.table import Table

    months = Table(title=f"甘肃省新就业形态劳动者专项综合互助保障: {result.covered:,} 人的一年", title_justify="left")
    for heading in ("到账月份 month", "人", "人次", "件", "元"):
        months.add_column(heading, justify="left" if heading.endswith("month") else "right")
    for month, sums in result.months.items():
        months.add_row(month, *_numbers(sums))
    months.add_row("合计 total", *_numbers(result.total), style="bold")
    console.print(months)
    beside = Table(title="与公开数字对照 beside the published figures", title_justify="left")
    for heading in ("截至 until", "", "公开 published", "本次 here", "偏差 deviation"):
        beside.add_column(heading, justify="right")
    for one in result.cut_offs:
        for row in _beside(one, result.members):
            beside.add_row(*row)
    console.print(beside)
    facts = Table(show_header=False)
    for fact in _facts(result):
        facts.add_row(*fact)
    console.print(facts)


def _numbers(sums: Sums) -> list[str]:
    return [f"{sums.people:,}", f"{sums.person_times:,}", f"{sums.lines:,}", f"{sums.fen / FEN:,.2f}"]


def _beside(one: CutOff, members: int) -> list[tuple[str, str, str, str, str]]:
    from huzhu.year.outcome import SCALE

    share, until = members / SCALE, one.published.until or "全部 in all"
    label = "人" if one.published.counts == "people" else "人次"
    number = getattr(one.reached, one.published.counts)
    fen = one.published.fen * share / FEN
    return [
        (until, label, f"{one.published.number * share:,.0f}", f"{number:,}", f"{one.number_deviation_percent:+.1f} %"),
        ("", "元", f"{fen:,.0f}", f"{one.reached.fen / FEN:,.0f}", f"{one.fen_deviation_percent:+.1f} %"),
    ]


def _facts(result: YearResult) -> list[tuple[str, str]]:
    benefits = "  ".join(f"{code} {fen / FEN:,.0f}" for code, fen in sorted(result.fen_by_benefit.items()))
    steps = "  ".join(f"{step} {median}/{ninetieth}" for step, (median, ninetieth) in result.steps.items())
    used = "  ".join(f"{name} {seconds:,.0f}" for name, seconds in result.cpu_seconds.items() if seconds >= 1)
    missed = result.not_reached_people
    whole = sum(result.cpu_seconds.values())
    return [
        ("种类 by benefit, 元", benefits),
        ("申领 filed", f"{result.filed:,}, of them opened by matching {result.opened_by_match:,}"),
        ("不予给付 refused / 补正 supplemented", f"{result.refused:,} / {result.supplemented:,}"),
        ("撤回、未补正 ended undecided", f"{result.ended_undecided:,}"),
        ("重复申领 filed twice", f"{result.duplicates:,}, counted once"),
        ("退票 returned by the bank", f"{result.returned_by_bank:,}; unclaimed at the end {result.unclaimed:,}"),
        ("特事特办 special decisions", f"{result.special_decisions:,}"),
        (
            "应赔尽赔 settlements",
            f"{result.settlements:,}, remainder {result.remainder}; not reached {missed:,} people",
        ),
        ("时限 working days, median/90th", steps),
        ("资金池 pool used", f"{result.pool_used_percent:.2f} %; the books balance: {result.ledger_balanced}"),
        ("短信 messages sent", f"{result.messages_sent:,}"),
        ("requests / events", f"{result.requests:,} / {result.events:,}"),
        ("time", f"{result.seconds:.0f} s: roster {result.import_seconds:.0f} s, the year {result.year_seconds:.0f} s"),
        ("processor seconds", f"{whole:,.0f}: {used}"),
    ]
