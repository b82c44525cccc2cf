"""Events of payments about the funds: how much of them is used, and requests for more."""

from __future__ import annotations

from contracts.envelope import Event, Upcaster


class FundAlertRaised(Event, frozen=True, kw_only=True):
    """So much of a fund is used that somebody has to know (domain 7.2). Stream `fund-<plan>.<fund>`.

    `percent` is the threshold; `used_fen` is paid and payable, `contribution_fen` what was given less what the plan
    sets aside of it. Once for each threshold, and again only after the
    fund had grown by a donation and its use had fallen below the threshold.
    """

    plan_code: str
    fund: str
    percent: int
    used_fen: int
    contribution_fen: int


class FundEased(Event, frozen=True, kw_only=True):
    """A donation brought the use of a fund below thresholds that had been told. Stream `fund-<plan>.<fund>`.

    `percent` is the highest threshold still reached, 0 below all: those above it count as not told.
    """

    plan_code: str
    fund: str
    percent: int
    used_fen: int
    contribution_fen: int


class TopUpRequested(Event, frozen=True, kw_only=True):
    """A fund is used up: the head and the donor are asked for more; nothing is refused (domain 7.2).

    Stream `fund-<plan>.<fund>`. `request_no` counts from 1; `missing_fen` is what is used beyond what was given.
    """

    plan_code: str
    fund: str
    request_no: int
    used_fen: int
    contribution_fen: int
    missing_fen: int


class TopUpAnswered(Event, frozen=True, kw_only=True):
    """A person answered a request for more: TOPPED_UP or DECLINED, with a reason. Stream `fund-<plan>.<fund>`.

    It moves no money: a donation does.
    """

    plan_code: str
    fund: str
    request_no: int
    outcome: str
    reason: str
    by: str


EVENTS: dict[str, type[Event]] = {
    "payments.fund-alert-raised.v1": FundAlertRaised,
    "payments.fund-eased.v1": FundEased,
    "payments.top-up-requested.v1": TopUpRequested,
    "payments.top-up-answered.v1": TopUpAnswered,
}
UPCASTERS: dict[str, Upcaster] = {}
