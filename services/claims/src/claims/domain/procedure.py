"""A plan's procedure as data: deadlines, budgets of steps, rounds, advances, sampling, recovery (domain 4.2-4.10)."""

from __future__ import annotations

from contracts.envelope import Value


class Papers(Value, frozen=True, kw_only=True):
    """Papers asked for (domain 4.2, 4.7): days until they are due, days of reminding, rounds, the codes and texts."""

    due_days: int
    remind_days: tuple[int, ...]
    rounds_max: int
    needs: dict[str, str]


class Urgency(Value, frozen=True, kw_only=True):
    """The urgent path (domain 4.9): its triggers with their names, hours and days, the percent paid ahead at most."""

    triggers: dict[str, str]
    contact_hours: int
    decision_workdays: int
    papers_days: int
    advance_percent: int


class Objections(Value, frozen=True, kw_only=True):
    """Objections (domain 4.8): working days of the first level, days of the second."""

    first_workdays: int
    second_days: int


class AutoPay(Value, frozen=True, kw_only=True):
    """Automatic approval of matched claims (domain 6.1): up to an amount, a percent reviewed by a person afterwards."""

    amount_fen_max: int
    sampling_percent: int


class Recovering(Value, frozen=True, kw_only=True):
    """Recovery (domain 4.10, 6.5): days of notice, what is written off at once, years that fraud bars."""

    notice_days: int
    write_off_alone_max_fen: int
    bar_years: int


class Procedure(Value, frozen=True, kw_only=True):
    """How a claim is handled. `step_workdays` by step; working days are the caller's to count.

    A claim is decided within `decision_workdays` of a complete file, one found complex within `complex_workdays` (0:
    the plan gives no such time, domain 4.2); it can be reopened until `hard_limit_years`
    after its incident; sums above `report_above_fen` are reported to the committee.
    """

    step_workdays: dict[str, int]
    decision_workdays: int
    complex_workdays: int = 0
    hard_limit_years: int
    report_above_fen: int
    return_reasons: dict[str, str]
    papers: Papers
    urgency: Urgency
    objections: Objections
    auto_pay: AutoPay
    recovering: Recovering
