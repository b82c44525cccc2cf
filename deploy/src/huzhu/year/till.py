"""Once a week finance pays what has been approved: maker, checker and signer; returns are corrected by their payees."""

from __future__ import annotations

import asyncio
import time
from datetime import date
from functools import partial
from typing import Any

from huzhu.demo.cast import card
from huzhu.demo.gateway import PROVINCE, StepFailed
from huzhu.demo.story import PLAN
from huzhu.year.agenda import Agenda, Hour, later
from huzhu.year.crowd import Crowd, Refusal
from huzhu.year.filing import drawing
from huzhu.year.incidence import Case

BATCHES_MAX = 30
"""So many batches are drafted in one round at most."""
DRAFT_ATTEMPTS_MAX = 300
SETTLE_WAIT_S_MAX = 180.0
POLL_S = 0.1
PAGE = 200
COMMITTEE, CONFIRMER = "committee-1", "accounts-1"
"""Who agrees to large sums, and who writes a corrected number again: neither grants, neither pays."""
CORRECTION_DAYS = (2, 12)
SAME_ACCOUNT = ("BANK_SYSTEM",)
ATTEMPTS_OF_THE_BANK = 2
"""What the bank is to blame for is sent again as it is, once; then the office asks the payee for another card."""


class Till:
    """The payment rounds of the year."""

    def __init__(self, crowd: Crowd, agenda: Agenda, by_claim: dict[str, Case]) -> None:
        """`by_claim` knows whose claim a payout is."""
        self._crowd = crowd
        self._agenda = agenda
        self._by_claim = by_claim
        self._asked: set[str] = set()
        self.batches = 0

    async def pay(self, day: date) -> None:
        """Everything payable goes out in batches; the day is not over before the bank has answered."""
        sent = 0
        for _ in range(BATCHES_MAX):
            drafted = await self._draft()
            if drafted is None:
                break
            for payout_id in drafted["waiting"]:
                # Above a limit: the committee agrees, and the next batch takes it.
                await self._crowd.post(f"payments/payouts/{payout_id}/approval", None, "supervisor", sub=COMMITTEE)
            if not drafted["batch_id"]:
                continue
            for step, sub in (("check", "finance-2"), ("sign", "finance-3")):
                await self._crowd.post(f"payments/batches/{drafted['batch_id']}/{step}", None, "finance", sub=sub)
            sent += 1
        self.batches += sent
        if sent:
            await self._until_answered()
            await self._ask_for_accounts(day)

    async def _draft(self) -> dict[str, Any] | None:
        """Everything payable, or None when there is nothing; the list of it may lag behind the batch before."""
        for _ in range(DRAFT_ATTEMPTS_MAX):
            try:
                body = {"plan_code": PLAN}
                drafted: dict[str, Any] = await self._crowd.post("payments/batches", body, "finance", sub="finance-1")
            except Refusal as refused:
                if refused.code == "batch-empty":
                    return None
                if refused.code != "payout-in-batch":
                    raise
                await asyncio.sleep(POLL_S)
            else:
                return drafted
        raise StepFailed("The list of what is payable does not follow the batches.")

    async def _until_answered(self) -> None:
        deadline = time.monotonic() + SETTLE_WAIT_S_MAX
        while True:
            open_ones = [await self._page(state, 1) for state in ("batched", "unknown")]
            if not any(open_ones):
                return
            if time.monotonic() > deadline:
                raise StepFailed("The bank's answers to a batch: not in time.")
            await asyncio.sleep(POLL_S)

    async def _page(self, state: str, limit: int = PAGE) -> list[dict[str, Any]]:
        path = f"payments/payouts?state={state}&limit={limit}"
        page = await self._crowd.get(path, "finance", PROVINCE, "finance-1")
        found: list[dict[str, Any]] = page["items"]
        return found

    async def _ask_for_accounts(self, day: date) -> None:
        """Each payee whose money came back names another account some days later."""
        for payout in await self._page("returned"):
            again = payout["reason"] in SAME_ACCOUNT and payout["attempt"] < ATTEMPTS_OF_THE_BANK
            if again or payout["payout_id"] in self._asked:
                continue
            self._asked.add(payout["payout_id"])
            case = self._by_claim[payout["claim_id"]]
            days = drawing(case, f"correction-{payout['attempt']}").randint(*CORRECTION_DAYS)
            self._agenda.put(later(day, days), Hour.MORNING, partial(self._correct, case, payout))

    async def _correct(self, case: Case, payout: dict[str, Any], day: date) -> None:  # noqa: ARG002 - told its day
        draw = drawing(case, f"account-{payout['payout_id']}-{payout['attempt']}")
        account = {"account_name": case.member.name, "card_no": card(draw)}
        path = f"payments/payouts/{payout['payout_id']}/account"
        await self._crowd.post(path, account, "member", case.org, payout["payee_id"])
        again = {"card_no": account["card_no"]}
        await self._crowd.post(f"{path}/confirm", again, "office_rechecker", PROVINCE, CONFIRMER)
        self._asked.remove(payout["payout_id"])
