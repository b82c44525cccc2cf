"""The steps that explain an amount to the member: version, rule, what went in, what was done with it, caps."""

from __future__ import annotations

VERSION, RULE, INPUT, STEP, CAP, RESULT = "版本", "规则", "输入", "步骤", "限额", "给付"
KINDS = (VERSION, RULE, INPUT, STEP, CAP, RESULT)
"""Every step of a trace begins with one of these and a colon, or with INTERNAL."""

INTERNAL = "[内部]"
"""A step of a trace for the office and the auditor: families are not shown how deaths are weighed (domain 12a)."""

CAP_STAY, CAP_PERIOD, CAP_OVERALL = "CAP_STAY", "CAP_PERIOD", "CAP_OVERALL"
CAP_NAMES = {CAP_STAY: "单次限额", CAP_PERIOD: "本项保障期限额", CAP_OVERALL: "保障期总限额"}


def told(kind: str, text: str) -> str:
    """A step of one of KINDS."""
    return f"{kind}:{text}"


def kind_of(step: str) -> str:
    """Which kind a step is of; "" for an internal one."""
    kind = step.partition(":")[0]
    return kind if kind in KINDS else ""


def yuan(fen: int) -> str:
    """An amount as people read it."""
    return f"{fen // 100:,}.{fen % 100:02d} 元"


def percent_of(basis_points: int) -> str:
    """Hundredths of a percent as people read them: 1,050 is 10.5%."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + "%"


def rounded_percent(fen: int, percent: int) -> int:
    """A percentage, rounded half up to the fen (domain 11.1)."""
    return rounded_points(fen, percent * 100)


def rounded_points(fen: int, basis_points: int) -> int:
    """A share in hundredths of a percent, rounded half up to the fen."""
    return (fen * basis_points * 2 + 10_000) // 20_000
