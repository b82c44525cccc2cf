"""A fund's alerts and requests, and calls for the office to make: told to officers in the app (domain 7.1, 7.2)."""

from __future__ import annotations

from chassis.execute import Session
from chassis.log import Recorded
from chassis.tail.reactions import Reaction
from contracts.envelope import Event
from contracts.organization import path_of
from contracts.payments.fund import FundAlertRaised, TopUpRequested
from contracts.payments.owing import OfficeCallRequested
from notify.domain.notice import NOTICE, PostNotice

POOL_ALERT, TOP_UP, OFFICE_CALL = "pool-alert", "top-up-request", "office-call"
PROVINCE = path_of("620000")
FUND_ROLES = ("office_head", "finance", "supervisor")
"""Head, finance and supervisor hear of a fund (domain 9.3)."""
CALL_ROLES = ("office_reviewer", "office_head")


async def on_fund_alert_raised(recorded: Recorded, session: Session) -> None:
    """So much of a fund is used."""
    event = recorded.event
    assert isinstance(event, FundAlertRaised)
    facts = (
        ("plan", event.plan_code), ("fund", event.fund), ("percent", str(event.percent)),
        ("used_fen", str(event.used_fen)), ("contribution_fen", str(event.contribution_fen)),
    )  # fmt: skip
    await _post(session, recorded, POOL_ALERT, FUND_ROLES, facts)


async def on_top_up_requested(recorded: Recorded, session: Session) -> None:
    """A fund is used up; nothing is refused, and somebody has to ask the donor."""
    event = recorded.event
    assert isinstance(event, TopUpRequested)
    facts = (
        ("plan", event.plan_code), ("fund", event.fund), ("request_no", str(event.request_no)),
        ("missing_fen", str(event.missing_fen)),
    )  # fmt: skip
    await _post(session, recorded, TOP_UP, FUND_ROLES, facts)


async def on_office_call_requested(recorded: Recorded, session: Session) -> None:
    """A payee cannot be reached by money: the office phones."""
    event = recorded.event
    assert isinstance(event, OfficeCallRequested)
    facts = (("claim_no", event.claim_no), ("payout_id", event.payout_id), ("reason", event.reason))
    await _post(session, recorded, OFFICE_CALL, CALL_ROLES, facts)


async def _post(
    session: Session, recorded: Recorded, kind: str, roles: tuple[str, ...], facts: tuple[tuple[str, str], ...]
) -> None:
    notice_id = f"{kind}-{recorded.position}"
    command = PostNotice(notice_id, kind, roles, PROVINCE, facts, session.today.isoformat())
    await session.decide(NOTICE, notice_id, command)


REACTIONS: dict[type[Event], Reaction] = {
    FundAlertRaised: on_fund_alert_raised,
    TopUpRequested: on_top_up_requested,
    OfficeCallRequested: on_office_call_requested,
}
