"""A town for a property test: payments, a bank in a process of its own, and people who do what they are asked to do."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from chassis.clock import FixedClock, steer
from chassis.worker import NotYet
from payments.bank.port import NoAnswer
from payments.domain.payout import end_to_end_id
from payments.workers.reconciling import reconcile

from .bank import free_port, running_bank
from .house import COUNTY, House
from .synthetic import PLAN

GIVEN_FEN = 10_000_000
ATTEMPTS_MAX = 12
DAYS_MAX = 12
"""So many days after the last fault everything has to be at rest."""
CARD = "622848000000"
FUNDS = ("pool", "relief")


class Street:
    """The bank's process: it can be killed and comes back at the same address, with the same folder."""

    def __init__(self, folder: Path, clock: FixedClock) -> None:
        self.folder, self.clock, self.port = folder, clock, free_port()
        self.clock_file = folder / "clock.json"
        folder.mkdir(parents=True)
        self.tell_time()
        self.stack = ExitStack()
        self.url = self.open()

    def open(self) -> str:
        running: AbstractContextManager[str] = running_bank(self.folder / "bank", self.port, self.clock_file)
        return self.stack.enter_context(running)

    def close(self) -> None:
        """Kill it."""
        self.stack.close()
        self.stack = ExitStack()

    def tell_time(self) -> None:
        """The bank's clock goes with the house's."""
        steer(self.clock_file, self.clock.now())


@dataclass
class Town:
    """Everybody; `owed` is what was granted, in fen, by payout."""

    house: House
    street: Street
    owed: dict[str, int] = field(default_factory=dict)
    purses: dict[str, str] = field(default_factory=dict)
    batches: list[str] = field(default_factory=list)
    cards: int = 0

    async def fund(self) -> None:
        """Both purses are filled, and the money lies at the bank."""
        await self.deposit(await self.house.donate(GIVEN_FEN))
        await self.house.donate_relief(GIVEN_FEN, "R1")
        await self.deposit("R1")

    async def deposit(self, reference: str) -> None:
        body = {"reference": reference, "amount_fen": GIVEN_FEN}
        (await self.house.bank_client.post("/entries", json=body)).raise_for_status()

    async def grant(self, fund: str, amount_fen: int, cards: list[str], shares: tuple[int, ...]) -> None:
        """A claim or relief is granted to as many payees as there are cards."""
        giving = self.house.approve if fund == "pool" else self.house.relieve
        for payout_id in await giving(amount_fen, *cards, shares=shares):
            (payout,) = await self._rows(payout_id)
            self.owed[payout_id] = payout["amount_fen"]
            self.purses[payout_id] = fund

    def card(self, suffix: str = "") -> str:
        """A card of its own, so that a fault can be meant for it; or one that the bank refuses."""
        self.cards += 1
        return f"{CARD}{suffix or f'{self.cards:06d}'}"

    async def payouts(self) -> list[dict[str, Any]]:
        page = await self.house.get("/payouts?limit=200")
        return list(page["items"])

    async def _rows(self, payout_id: str) -> list[dict[str, Any]]:
        return [(await self.house.get(f"/payouts/{payout_id}"))["payout"]]

    async def bank_does(self, work: Callable[[], Coroutine[Any, Any, None]]) -> bool:
        """Something that needs the bank; whether it answered."""
        try:
            await work()
        except (NoAnswer, NotYet):
            return False
        return True

    async def send(self, place: int) -> None:
        """The job of one batch runs, perhaps again."""
        if self.batches:
            batch_id = self.batches[place % len(self.batches)]
            await self.house.settled_reads()
            await self.bank_does(lambda: self.house.send(batch_id))

    async def give_up(self, place: int) -> None:
        """One batch has been silent for too long."""
        if self.batches:
            await self.house.lose_patience(self.batches[place % len(self.batches)])

    async def query(self) -> None:
        """Everything that is out is asked about."""
        for payout in await self.payouts():
            if payout["state"] in {"batched", "unknown"}:
                payout_id = payout["payout_id"]
                await self.bank_does(lambda payout_id=payout_id: self.house.query(payout_id))  # type: ignore[misc]

    async def ask_again(self) -> None:
        """What the bank's own failure sent back is asked about on a later day."""
        await self.bank_does(self.house.ask_again)

    async def read(self) -> None:
        """The bank's messages are taken in."""
        await self.bank_does(self.house.take_in_statement)

    async def compare(self) -> None:
        """Finished days are taken in, and three legs compared."""
        await self.house.settled_reads()

        async def work() -> None:
            await reconcile(self.house.context)

        await self.bank_does(work)
        await self.house.settled_reads()

    async def sleep(self) -> None:
        """The next morning."""
        self.house.clock.advance(timedelta(days=1))
        self.street.tell_time()

    async def restart(self) -> None:
        """The bank's process dies and comes back."""
        self.street.close()
        self.street.open()

    async def pay(self) -> None:
        """Three people sign what may be paid of each purse: first what is offered, then what a person has to name."""
        for fund in FUNDS:
            await self._sign({"plan_code": PLAN, "fund": fund})
        for payout in await self.payouts():
            # Also what is still out: somebody asks for it again, and has to be refused.
            if payout["state"] != "settled":
                fund = self.purses[payout["payout_id"]]
                body = {"plan_code": PLAN, "fund": fund, "payout_ids": [payout["payout_id"]]}
                await self._sign(body)

    async def _sign(self, body: dict[str, Any]) -> None:
        await self.house.settled_reads()
        drafted = await self.house.post("/batches", body, "maker")
        if drafted.status_code != 201:
            assert drafted.status_code in {409, 422}, drafted.text
            return
        batch_id = drafted.json()["batch_id"]
        for step, sub in (("check", "checker"), ("sign", "signer")):
            answer = await self.house.post(f"/batches/{batch_id}/{step}", None, sub)
            assert answer.status_code == 200, answer.text
        self.batches.append(batch_id)
        await self.house.settled_reads()

    async def correct(self, suffix: str = "") -> None:
        """Whoever has to name another account names one, and a second person confirms it."""
        for payout in await self.payouts():
            if payout["state"] == "returned":
                path, card = f"/payouts/{payout['payout_id']}/account", self.card(suffix)
                clerk = {"role": "county_clerk", "org_path": COUNTY}
                body = {"account_name": "name", "card_no": card}
                named = await self.house.post(path, body, "clerk", **clerk)
                assert named.status_code == 200, named.text
                confirmed = await self.house.post(f"{path}/confirm", {"card_no": card}, "second", **clerk)
                assert confirmed.status_code == 200, confirmed.text

    async def explain(self) -> None:
        """Two people of finance end every open item by what the bank's own book says."""
        for item in (await self.house.get("/reconciliation/open"))["items"]:
            path = f"/reconciliation/items/{item['item_id']}"
            for resolution in await self._words(item):
                body = {"resolution": resolution, "reason": "letter", "bank_reference": "L-1", "plan_code": PLAN,
                        "fund": item["fund"] or "pool"}  # fmt: skip
                if (await self.house.post(f"{path}/resolve", body, "one")).status_code == 200:
                    answer = await self.house.post(f"{path}/confirm", None, "two")
                    assert answer.status_code in {200, 409}, answer.text
                    if answer.status_code == 200:
                        break
                    await self.house.post(f"{path}/decline", {"reason": answer.json()["code"]}, "two")

    async def _words(self, item: dict[str, Any]) -> list[str]:
        """What may be said of an item, the likeliest first."""
        if not item["payout_id"]:
            return []  # A gift is on its way; it is matched when its day is taken in.
        if item["finding"] in {"unanswered", "contradicted"}:
            return ["paid" if await self.held_at(item["end_to_end_id"]) else "not_paid"]
        # What only the statement has was paid, and perhaps came back later; what only the ledger has was not.
        fitting = {("missing_here", "paid"): "paid", ("missing_at_bank", "paid"): "not_paid"}
        return [fitting.get((item["finding"], item["kind"]), "booked"), "booked"]

    async def held_at(self, end_to_end: str) -> int:
        one = (await self._book()).get(end_to_end, {"booked_fen": 0, "returned_fen": 0})
        return int(one["booked_fen"] - one["returned_fen"])

    async def _book(self) -> dict[str, dict[str, int]]:
        book: dict[str, dict[str, int]] = (await self.house.bank_client.get("/ledger")).json()
        return book

    async def arrived(self) -> dict[str, int]:
        """What the bank has moved to each payee and not taken back, in fen: the oracle."""
        book = await self._book()
        ids = {end_to_end_id(payout, attempt): payout for payout in self.owed for attempt in range(1, ATTEMPTS_MAX)}
        assert book.keys() <= ids.keys(), "The bank carried out nothing that was not asked for."
        arrived = dict.fromkeys(self.owed, 0)
        for one, moved in book.items():
            assert moved["bookings"] <= 1, "No order is carried out twice."
            arrived[ids[one]] += moved["booked_fen"] - moved["returned_fen"]
        return arrived

    async def nobody_has_more_than_their_own(self) -> None:
        """At every moment: no payee holds a payout twice, and the book balances."""
        for payout_id, fen in (await self.arrived()).items():
            assert fen in {0, self.owed[payout_id]}, f"{fen} fen arrived of {self.owed[payout_id]}."
        await self.books_balance()

    async def books_balance(self) -> None:
        check = await self.house.get(f"/ledger/check?plan_code={PLAN}")
        assert check["balanced"], check["problems"]
        assert check["debit_fen"] == check["credit_fen"]
        accounts = (await self.house.get(f"/ledger/accounts?plan_code={PLAN}"))["plans"][0]["accounts"]
        assert sum(one["balance_fen"] for one in accounts) == 0, "The trial balance."

    async def at_rest(self) -> bool:
        states = {one["state"] for one in await self.payouts()}
        return states == {"settled"} and not (await self.house.get("/reconciliation/open"))["items"]

    async def come_to_rest(self) -> None:
        """No more faults: jobs are released again, people do what they are asked to do, day after day, bounded."""
        (await self.house.bank_client.post("/behaviour/reset")).raise_for_status()
        for _ in range(DAYS_MAX):
            for place in range(len(self.batches)):
                await self.send(place)
            await self.query()
            await self.correct()
            await self.sleep()
            await self.read()
            await self.ask_again()
            await self.compare()
            await self.explain()
            await self.compare()
            if await self.at_rest():
                return
            await self.pay()
            await self.nobody_has_more_than_their_own()
