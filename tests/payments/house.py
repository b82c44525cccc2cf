"""Payments with a log, read models, a keyring and a bank of its own, without the road between services."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import httpx
import msgspec

from chassis.clock import FixedClock, new_id
from chassis.context import Context
from chassis.execute import Executor, Session
from chassis.keyring import Keyring
from chassis.log import Log, Recorded
from chassis.projecting import Projecting
from chassis.projections import Reads
from chassis.web.app import create_app
from contracts.catalog import CATALOG
from contracts.claims.process import AdvanceGranted, RecoveryReceived
from contracts.claims.relief import ReliefGranted
from contracts.claims.v1 import BenefitLine, ClaimApproved, Payee
from contracts.enrolment.v1 import DonationReceived
from contracts.envelope import Actor, RawEnvelope
from contracts.payments.v1 import BatchDrafted, BatchSigned
from contracts.person import Account
from payments import api, inbox
from payments.bank.http import HttpBank
from payments.domain.payout_stages import CLAIM_ACCOUNT_FIELD
from payments.settings import Settings
from payments.workers.following import query_returns
from payments.workers.sending import send_batch
from payments.workers.statement import query_payout, read_messages

from .synthetic import PLAN

START = datetime(2022, 6, 1, 1, 0, tzinfo=UTC)
COUNTY = "620000.620700.620725"
GOOD_CARD = "622848000000123456"
WRONG_NAME_CARD = "622848000000990001"


class ByHeader:
    """Reads the actor from the header as the test wrote it."""

    async def verify(self, header_value: str) -> Actor:
        return msgspec.json.decode(base64.b64decode(header_value.removeprefix("Bearer ")), type=Actor)


def bearer(sub: str, role: str = "finance", org_path: str = "620000") -> dict[str, str]:
    actor = Actor(sub=sub, org=org_path.rpartition(".")[2], org_path=org_path, roles=(role,))
    return {"Authorization": "Bearer " + base64.b64encode(msgspec.json.encode(actor)).decode()}


@dataclass
class House:
    """One service at work."""

    context: Context
    web: httpx.AsyncClient
    bank: HttpBank
    bank_client: httpx.AsyncClient
    clock: FixedClock
    following: asyncio.Task[None]
    claims: int = 0
    last_approval: ClaimApproved | None = None

    async def react(self, source: str, event: Any, actor_sub: str = "head") -> None:
        """An event of a neighbour arrives."""
        header = RawEnvelope(
            specversion="1.0",
            id=new_id(),
            source=f"/huzhu/{source}",
            type="x",
            subject="x",
            time=self.clock.now().isoformat(),
            datacontenttype="application/json",
            streamversion=1,
            actorsub=actor_sub,
            actororg="620000",
            actorpath="620000",
            actorroles="office_head",
            data=msgspec.Raw(b"{}"),
        )
        recorded = Recorded(1, header, event)
        reaction = inbox.REACTIONS[source][type(event)]

        async def work(session: Session) -> None:
            await reaction(recorded, session)

        await self.context.executor.run(work, cause=recorded)

    @property
    def patience(self) -> timedelta:
        """How long a payout may be silent."""
        return timedelta(seconds=self.context.settings.silent_after_s)

    async def donate(self, amount_fen: int) -> str:
        """A donor gives; the donation's id, which is the reference of its money at the bank."""
        donation = DonationReceived(
            donation_id=new_id(),
            plan_code=PLAN,
            plan_version=1,
            donor="donor",
            seats=10,
            amount_fen=amount_fen,
            received_on="2022-01-01",
            period_start="2022-01-01",
            period_end="2023-01-01",
        )
        await self.react("enrolment", donation)
        return donation.donation_id

    async def approve(
        self, amount_fen: int, *cards: str, shares: tuple[int, ...] = (100,), person_id: str = ""
    ) -> list[str]:
        """A claim with one line is approved, of a new member if none is named; the ids of its payouts."""
        self.claims += 1
        claim_id = new_id()
        payees = tuple([await self._payee(share, card) for share, card in zip(shares, cards, strict=True)])
        line = BenefitLine(
            line_id=f"{claim_id}-1",
            benefit_code="CRITICAL_ILLNESS",
            computed_fen=amount_fen,
            cap_cut_fen=0,
            amount_fen=amount_fen,
            trace=(),
        )
        approved = ClaimApproved(
            claim_id=claim_id,
            claim_no=f"2022-{self.claims:04d}",
            person_id=person_id or payees[0].payee_id,
            plan_code=PLAN,
            plan_version=1,
            org_path=COUNTY,
            lines=(line,),
            payees=payees,
            total_fen=amount_fen,
            approved_on="2022-06-01",
            reviewed_by=("reviewer", "rechecker"),
        )
        await self.react("claims", approved)
        self.last_approval = approved
        return [f"{claim_id}-1-{payee.payee_id}" for payee in payees]

    async def advance(self, amount_fen: int, total_fen: int, *cards: str, shares: tuple[int, ...] = (100,)) -> str:
        """A part of a line is granted ahead; the claim's id. `decide_advanced` grants the line."""
        self.claims += 1
        claim_id = new_id()
        payees = tuple([await self._payee(share, card) for share, card in zip(shares, cards, strict=True)])
        granted = AdvanceGranted(
            claim_id=claim_id,
            claim_no=f"2022-{self.claims:04d}",
            person_id=payees[0].payee_id,
            plan_code=PLAN,
            plan_version=1,
            org_path=COUNTY,
            line_id=f"{claim_id}.CRITICAL_ILLNESS",
            benefit_code="CRITICAL_ILLNESS",
            amount_fen=amount_fen,
            payees=payees,
            granted_on="2022-06-01",
            reviewed_by=("filer", "head"),
        )
        await self.react("claims", granted)
        line = BenefitLine(
            line_id=granted.line_id,
            benefit_code=granted.benefit_code,
            computed_fen=total_fen,
            cap_cut_fen=0,
            amount_fen=total_fen,
            trace=(),
            advanced_fen=min(amount_fen, total_fen),
        )
        self.last_approval = ClaimApproved(
            claim_id=claim_id,
            claim_no=granted.claim_no,
            person_id=granted.person_id,
            plan_code=PLAN,
            plan_version=1,
            org_path=COUNTY,
            lines=(line,),
            payees=payees,
            total_fen=total_fen,
            approved_on="2022-06-02",
            reviewed_by=("filer", "head", "reviewer", "rechecker"),
        )
        return claim_id

    async def decide_advanced(self) -> None:
        """The claim of the last advance is approved."""
        assert self.last_approval is not None
        await self.react("claims", self.last_approval)

    async def recover(self, amount_fen: int, receipt_id: str = "r1", fund: str = "pool") -> None:
        """Wrongly paid money came back to the fund that had paid it."""
        received = RecoveryReceived(
            recovery_id="c1",
            claim_id="c1",
            plan_code=PLAN,
            receipt_id=receipt_id,
            amount_fen=amount_fen,
            left_fen=0,
            by="finance",
            fund=fund,
        )
        await self.react("claims", received)

    async def relieve(self, amount_fen: int, *cards: str, shares: tuple[int, ...] = (100,)) -> list[str]:
        """Relief is granted; the ids of its payouts."""
        relief_id = new_id()
        payees = tuple([await self._payee(share, card) for share, card in zip(shares, cards, strict=True)])
        granted = ReliefGranted(
            relief_id=relief_id,
            relief_no="RL22-1",
            person_id=payees[0].payee_id,
            plan_code=PLAN,
            plan_version=1,
            org_path=COUNTY,
            kind="RELIEF_HARDSHIP",
            payees=payees,
            amount_fen=amount_fen,
            exceptional=False,
            note=None,
            granted_on="2022-06-01",
            meeting_id="m-1",
            decided_by=("one", "two"),
            reviewed_by=("filer", "county", "city", "one", "two"),
        )
        await self.react("claims", granted, actor_sub="one")
        return [f"{relief_id}.RELIEF_HARDSHIP-{payee.payee_id}" for payee in payees]

    async def donate_relief(self, amount_fen: int, reference: str = "R1", sub: str = "teller") -> httpx.Response:
        """Somebody gives to the relief fund."""
        body = {
            "plan_code": PLAN,
            "reference": reference,
            "donor": "某公司",
            "amount_fen": amount_fen,
            "received_on": "2022-05-31",
        }
        return await self.post("/relief-fund/donations", body, sub)

    async def _payee(self, share: int, card: str) -> Payee:
        payee_id = new_id()
        account = Account(account_name="name", card_no=card)
        sealed = await self.context.keyring.seal(
            account, subject=payee_id, category="bank", decision_id=new_id(), field=CLAIM_ACCOUNT_FIELD
        )
        return Payee(
            payee_id=payee_id,
            relation="self",
            share_percent=share,
            account=sealed,
            account_tail=card[-4:],
            contact=None,
            name_matches=True,
        )

    async def post(self, path: str, body: object, sub: str, **who: str) -> httpx.Response:
        headers = {**bearer(sub, **who), "Idempotency-Key": new_id()}
        return await self.web.post(path, json=body, headers=headers)

    async def get(self, path: str, sub: str = "reader", **who: str) -> Any:
        """What a reader sees once everything written can be read."""
        headers = {**bearer(sub, **who), "If-Log-Position": str(await self.context.log.head())}
        answer = await self.web.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def settled_reads(self) -> None:
        await self.context.projecting.wait_for(await self.context.log.head())

    async def correct(self, payout_id: str, card: str, sub: str, **who: str) -> httpx.Response:
        """Somebody names another account, a clerk of the county confirms it, and its cooling period passes."""
        body = {"account_name": "name", "card_no": card}
        named = await self.post(f"/payouts/{payout_id}/account", body, sub, **who)
        assert named.status_code == 200, named.text
        again = {"card_no": card}
        path = f"/payouts/{payout_id}/account/confirm"
        confirmed = await self.post(path, again, "confirmer", role="county_clerk", org_path=COUNTY)
        assert confirmed.status_code == 200, confirmed.text
        self.clock.advance(timedelta(hours=self.context.settings.account_cooling_h))
        return named

    async def sign_all(self, fund: str = "pool") -> str:
        """Maker, checker and signer release everything payable of a fund; the batch's id."""
        await self.settled_reads()
        drafted = await self.post("/batches", {"plan_code": PLAN, "fund": fund}, "maker")
        assert drafted.status_code == 201, drafted.text
        batch_id: str = drafted.json()["batch_id"]
        for step, sub in (("check", "checker"), ("sign", "signer")):
            answer = await self.post(f"/batches/{batch_id}/{step}", None, sub)
            assert answer.status_code == 200, answer.text
        await self.settled_reads()
        return batch_id

    async def signed_event(self, batch_id: str) -> Recorded:
        history = await self.context.log.load(f"batch-{batch_id}")
        return next(one for one in history if isinstance(one.event, BatchSigned))

    async def send(self, batch_id: str) -> None:
        await send_batch(await self.signed_event(batch_id), self.context)

    async def lose_patience(self, batch_id: str) -> None:
        """The payouts of a batch have been silent for too long, and are asked about."""
        batch = await self.context.log.load(f"batch-{batch_id}")
        drafted = next(one.event for one in batch if isinstance(one.event, BatchDrafted))
        for payout_id in drafted.payout_ids:
            await self.query(payout_id)

    async def take_in_statement(self) -> None:
        await self.settled_reads()

        async def work(session: Session) -> None:
            await read_messages(session, self.bank, self.context)

        await self.context.executor.run(work)

    async def query(self, payout_id: str) -> None:
        async def work(session: Session) -> None:
            await query_payout(payout_id, session, self.bank)

        await self.context.executor.run(work)

    async def ask_again(self) -> None:
        """What the bank's own failure sent back on an earlier day is asked about."""
        await self.settled_reads()
        await query_returns(self.context)

    async def misbehave(self, **fault: object) -> None:
        (await self.bank_client.post("/behaviour", json=fault)).raise_for_status()

    async def bookings(self) -> list[dict[str, int]]:
        """The bank's own book: the oracle."""
        return list((await self.bank_client.get("/ledger")).json().values())

    async def hits(self, kind: str) -> int:
        faults = (await self.bank_client.get("/behaviour")).json()
        return sum(fault["hits"] for fault in faults if fault["kind"] == kind)


async def build(
    url: str,
    keyring: Keyring,
    bank_url: str,
    documents: Path,
    projections: Any,
    clock: FixedClock,
    spoken: Literal["iso20022", "csv"] = "iso20022",
) -> House:
    log = await Log.open(url, service="payments", catalog=CATALOG)
    projecting = Projecting(log, projections)
    await projecting.prepare()
    following = asyncio.create_task(projecting.follow())
    reads = Reads.open(url)
    http = httpx.AsyncClient()
    context = Context(
        service="payments",
        settings=Settings(bank_url=bank_url, documents=str(documents), bank_timeout_s=2.0, bank_format=spoken),
        log=log,
        executor=Executor(log, clock, keyring, reads),
        reads=reads,
        keyring=keyring,
        clock=clock,
        projecting=projecting,
        verifier=ByHeader(),  # type: ignore[arg-type]
        http=http,
    )
    transport = httpx.ASGITransport(create_app(context, api.ROUTES))  # type: ignore[arg-type]
    web = httpx.AsyncClient(transport=transport, base_url="http://payments")
    bank = HttpBank(http, bank_url, 2.0, spoken)
    return House(context, web, bank, httpx.AsyncClient(base_url=bank_url, timeout=5.0), clock, following)


async def close(house: House) -> None:
    house.following.cancel()
    await asyncio.gather(house.following, return_exceptions=True)
    await house.context.log.close()
    await house.context.reads.close()
    await house.context.http.aclose()
    await house.web.aclose()
    await house.bank_client.aclose()
