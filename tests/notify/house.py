"""Notify with an SMS provider in the same process, and people whom others' events are about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import msgspec
from litestar import Litestar

from chassis.clock import new_id
from chassis.context import Context
from chassis.log import Recorded
from chassis.sweep import Sweeps
from chassis.worker import Jobs, Worker
from contracts.claims.v1 import ClaimFiled, Incident, Payee
from contracts.enrolment.v1 import PersonRegistered
from contracts.envelope import Sealed
from contracts.health_checkup.v1 import ResultsRecorded
from contracts.notify.v1 import MessageFailed, MessageQueued
from contracts.payments.v1 import PayoutSettled
from contracts.person import Contact, OpenId
from notify import workers
from notify.domain.binding import BINDING, BindWechat
from notify.domain.message import MESSAGE
from notify.projections import wechat_bindings
from notify.workers import approving, receipts, sending
from simulators.sms.app import make_app
from tests.world import World

OPAQUE = Sealed(suite="A256GCM", s="someone", k="health", v=1, e="d", c="AAAA")
CONTACT_FIELD = "enrolment.person-registered.v1/contact"
ATTEMPTS_MAX = 5
KEY_ID, SECRET = "key-of-tests", "secret-of-tests"
PROVIDERS = {
    "sms_url": "http://sms.test",
    "sms_key_id": KEY_ID,
    "sms_key_secret": SECRET,
    "wechat_url": "http://sms.test/wechat",
    "wechat_app_secret": SECRET,
}
NUMBERS = count(1)
CLAIMANT_FIELD = "claims.claim-filed.v1/contact"


@dataclass
class House:
    """The service, the provider, and a worker that waits no longer than it must."""

    world: World
    provider: Litestar
    context: Context
    lanes: dict[type[Any], Jobs]

    member: str = ""
    heir: str = ""
    mobile: str = ""
    heirs_mobile: str = ""
    claim: str = ""
    payout: str = ""

    def for_new_people(self) -> House:
        """The same service, other people: numbers that no operator gives out."""
        number = next(NUMBERS)
        return replace(
            self,
            member=new_id(),
            heir=new_id(),
            mobile=f"100{number:04}0001",
            heirs_mobile=f"100{number:04}0002",
            claim=new_id(),
            payout=new_id(),
        )

    @property
    def paid(self) -> str:
        """The message of the first payout's first attempt."""
        return f"paid-{self.payout}-1-{self.member}"

    async def register(self, name: str = "某某某", *, with_mobile: bool = True) -> None:
        contact = await self.seal(self.member, name, self.mobile, CONTACT_FIELD) if with_mobile else None
        event = PersonRegistered(person_id=self.member, identity=OPAQUE, contact=contact, sex="M", birth_year=1980)
        await self.world.feed("enrolment", event, f"person-{self.member}")

    async def seal(self, person_id: str, name: str, mobile: str, field: str) -> Sealed:
        return await self.context.keyring.seal(
            Contact(name=name, mobile=mobile), subject=person_id, category="contact", decision_id="d", field=field
        )

    async def file(self, *payees: Payee, died_on: str = "") -> Recorded:
        event = ClaimFiled(
            claim_id=self.claim,
            claim_no="GS2022000123",
            person_id=self.member,
            plan_code="GS-NEF-2022",
            plan_version=1,
            channel="MOBILE",
            org_path="620000.620600.620621",
            incident=Incident(kind="ACCIDENT", decisive_on="2022-02-01", died_on=died_on),
            facts=OPAQUE,
            documents=(),
            payees=payees or (self.payee(),),
            urgent=False,
            filed_on="2022-03-01",
            steps=(),
            by="agent-1",
        )
        return await self.world.feed("claims", event, f"claim-{self.claim}")

    def payee(self, payee_id: str = "", share: int = 100, contact: Sealed | None = None) -> Payee:
        return Payee(
            payee_id=payee_id or self.member,
            relation="SELF" if payee_id in {"", self.member} else "SPOUSE",
            share_percent=share,
            account=OPAQUE,
            account_tail="1234",
            contact=contact,
            name_matches=True,
        )

    async def settle(self, *, payee_id: str = "", attempt: int = 1, amount_fen: int = 15_000_000) -> Recorded:
        event = PayoutSettled(
            payout_id=self.payout,
            claim_id=self.claim,
            claim_no="GS2022000123",
            person_id=self.member,
            payee_id=payee_id or self.member,
            plan_code="GS-NEF-2022",
            benefit_code="ACCIDENT_DEATH",
            amount_fen=amount_fen,
            account_tail="1234",
            attempt=attempt,
            bank_reference="b-1",
            settled_on="2022-03-01",
            transfers=(),
        )
        return await self.world.feed("payments", event, f"payout-{self.payout}")

    async def history(self, message_id: str) -> list[Any]:
        return [recorded.event for recorded in await self.context.log.load(MESSAGE.stream(message_id))]

    async def queued(self) -> list[MessageQueued]:
        """Everything owed to this test's people."""
        events = [event for event in await self.world.events() if isinstance(event, MessageQueued)]
        return [event for event in events if event.recipient_id in {self.member, self.heir}]

    async def work(self, message_id: str) -> None:
        """Every attempt at the released message until its job is done or parked."""
        if isinstance((await self.history(message_id))[-1], MessageQueued):
            await self.sweep("release-bulk")
        recorded = await self.context.log.load(MESSAGE.stream(message_id))
        released = [one for one in recorded if isinstance(one.event, sending.RELEASES)][-1]
        await self.world.settled()
        for _ in range(ATTEMPTS_MAX + 2):
            if await self.lanes[type(released.event)].attempt(released.position, woken=True) is None:
                return
        raise AssertionError("The job never ended.")

    async def bind(self, openid: str) -> None:
        """The member follows the service account."""
        sealed = await self.context.keyring.seal(
            OpenId(openid=openid),
            subject=self.member,
            category="contact",
            decision_id="d",
            field=wechat_bindings.FIELD,
        )
        await self.context.executor.execute(BINDING, self.member, BindWechat(self.member, sealed, "c"))
        await self.world.settled()

    async def report(self) -> str:
        """A report of a check-up is ready: the message goes by WeChat first."""
        event = ResultsRecorded(
            exam_id=self.claim,
            person_id=self.member,
            stop_id="s1",
            campaign="2022",
            package="BASIC.v1",
            examined_on="2022-03-01",
            measurements=OPAQUE,
            items=1,
            abnormal=0,
        )
        await self.world.feed("health_checkup", event, f"exam-{self.claim}")
        return f"report-{self.claim}-{self.member}"

    async def collect(self, message_id: str) -> None:
        """Ask for the receipt of a message to the member."""
        await receipts.collect({message_id: self.member}, self.context)

    async def send(self, released: Recorded, context: Context | None = None) -> None:
        """Run the worker once; what is to be tried again is raised."""
        for error in (await sending.send([released], context or self.context)).values():
            raise error

    def failed(self, code: str, receipt: str = "") -> MessageFailed:
        """How the message about the payout to the member fails."""
        return MessageFailed(message_id=self.paid, code=code, recipient_id=self.member, receipt=receipt)

    async def release_due(self) -> int:
        """One turn of the sweep that ends the quiet hours."""
        await self.world.settled()
        return await self.sweep("release")

    async def sweep(self, name: str) -> int:
        """One turn of a sweep."""
        await self.world.settled()
        # A lease lasts longer than a test: what is due again is taken up again.
        await self.context.log.pool.execute("delete from sweep_lease where sweep = $1", name)
        [sweep] = [one for one in workers.SWEEPS if one.name == name]
        return await Sweeps(workers.SWEEPS, self.context.executor, self.world.clock).once(sweep)

    async def behave(self, **behaviour: object) -> None:
        answer = await self.context.http.post("http://sms.test/behaviour", json=behaviour)
        assert answer.status_code == 200

    async def wechat_behaves(self, **behaviour: object) -> None:
        answer = await self.context.http.post("http://sms.test/wechat/behaviour", json=behaviour)
        assert answer.status_code == 200

    async def notices(self, openid: str) -> list[dict[str, Any]]:
        """What WeChat was given for one account."""
        answer = await self.context.http.get("http://sms.test/wechat/notices", params={"openid": openid})
        return answer.json()

    async def arrived(self) -> list[dict[str, Any]]:
        """What reached this test's phones."""
        messages = (await self.context.http.get("http://sms.test/messages")).json()["messages"]
        return [message for message in messages if message["mobile"] in {self.mobile, self.heirs_mobile}]

    async def close(self) -> None:
        await self.context.http.aclose()
        for close in self.provider.on_shutdown:
            close()


async def open_house(world: World, folder: Path, **settings: Any) -> House:
    """Every text approved, as after a first day."""
    provider = make_app(folder, {KEY_ID: SECRET}, SECRET)
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app=provider), base_url="http://sms.test")
    context = replace(world.context, http=http, settings=msgspec.structs.replace(world.context.settings, **settings))
    house = House(world, provider, context, {worker.event: Jobs(_eager(worker), context) for worker in workers.WORKERS})
    await approving.submit_and_review(context)
    await world.settled()
    return house


def _eager(worker: Worker) -> Worker:
    return replace(worker, retry_delay_ms=0, attempts_max=ATTEMPTS_MAX)
