"""A fund that runs low, a request for more, a call to make: told once to those it concerns, at the province."""

from __future__ import annotations

from contracts.envelope import Event
from contracts.payments.fund import FundAlertRaised, TopUpRequested
from contracts.payments.owing import OfficeCallRequested
from tests.notify.house import House

ALERT = FundAlertRaised(plan_code="P", fund="POOL", percent=85, used_fen=850, contribution_fen=1_000)
MORE = TopUpRequested(plan_code="P", fund="POOL", request_no=1, used_fen=1_100, contribution_fen=1_000, missing_fen=100)
CALL = OfficeCallRequested(
    payout_id="line-1.payee", claim_id="c", claim_no="GS-1", person_id="p", payee_id="p", attempt=3, reason="LIMIT"
)


async def told(house: House, role: str) -> list[str]:
    async with house.world.client(role) as client:
        return [one["kind"] for one in (await client.get("/notices")).json()["notices"]]


async def feed(house: House, event: Event, stream: str) -> None:
    await house.world.feed("payments", event, stream)
    await house.world.settled()


async def test_alerts_and_requests_are_told_to_head_finance_and_supervisor(house: House) -> None:
    await feed(house, ALERT, "fund-P.POOL")
    await feed(house, MORE, "fund-P.POOL")
    for role in ("office_head", "finance", "supervisor"):
        assert {"top-up-request", "pool-alert"} <= set(await told(house, role))
    assert not {"top-up-request", "pool-alert"} & set(await told(house, "office_reviewer"))


async def test_a_call_to_make_is_told_to_the_office_without_the_payee(house: House) -> None:
    await feed(house, CALL, "payout-line-1.payee")
    assert "office-call" in await told(house, "office_reviewer")
    assert "office-call" not in await told(house, "finance")
    async with house.world.client("office_head") as client:
        answer = (await client.get("/notices")).json()["notices"]
    [notice] = [one for one in answer if one["kind"] == "office-call"]
    assert notice["facts"] == {"claim_no": "GS-1", "payout_id": "line-1.payee", "reason": "LIMIT"}
