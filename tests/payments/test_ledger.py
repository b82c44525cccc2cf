"""Whatever a bank answers, money is neither made nor lost and no payout arrives twice (domain 12.10, 12.11)."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chassis.decider import Rejected
from contracts.payments.v1 import PayoutReturned, PayoutSettled, Transfer
from payments.domain import ledger
from payments.domain.payout import (
    PAYOUT,
    BatchPayout,
    MarkUnknown,
    Payout,
    PayoutCommand,
    PayoutEvent,
    RecordResult,
    Settled,
)
from payments.domain.payout_commands import (
    AskApproval,
    ConfirmAccount,
    EndDispute,
    GiveApproval,
    ProposeAccount,
    RecordQuery,
)

from .synthetic import PLAN, request, sealed

PAYOUTS = [f"line-{n}-payee-{n}" for n in range(2)]
AMOUNTS_FEN = {payout_id: 100 * (n + 1) for n, payout_id in enumerate(PAYOUTS)}
DONATED_FEN = 12_000


def balances(transfers: list[Transfer]) -> Counter[str]:
    """Debit minus credit of every account: an own reading of the book, beside the ledger's `movements`."""
    total: Counter[str] = Counter()
    for transfer in transfers:
        if transfer.kind in {"single", "post"}:
            total[transfer.debit] += transfer.amount_fen
            total[transfer.credit] -= transfer.amount_fen
    return total


class Bank(RuleBasedStateMachine):
    """A bank that answers anything, in any order, as often as it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.payouts: dict[str, Payout] = dict.fromkeys(PAYOUTS, PAYOUT.initial)
        self.book = list(ledger.donated("d-1", PLAN, DONATED_FEN))
        self.said: list[PayoutEvent] = []
        self.batches = self.items = 0
        self.given_fen = DONATED_FEN
        self.recovered_fen = 0
        for payout_id in PAYOUTS:
            self.tell(payout_id, request(payout_id=payout_id, amount_fen=AMOUNTS_FEN[payout_id]))

    def tell(self, payout_id: str, command: PayoutCommand) -> None:
        try:
            events = PAYOUT.decide(command, self.payouts[payout_id])
        except Rejected:
            return
        for event in events:
            self.payouts[payout_id] = PAYOUT.evolve(self.payouts[payout_id], event)
            self.said.append(event)
            self.book.extend(getattr(event, "transfers", ()))

    @rule(payout_id=st.sampled_from(PAYOUTS), amount_fen=st.sampled_from([100, 200, 999]))
    def approve_again(self, payout_id: str, amount_fen: int) -> None:
        self.tell(payout_id, request(payout_id=payout_id, amount_fen=amount_fen))

    @rule(amount_fen=st.integers(1, 500))
    def donate_more(self, amount_fen: int) -> None:
        self.book.extend(ledger.donated(f"d-{len(self.book)}", PLAN, amount_fen))
        self.given_fen += amount_fen

    @rule(amount_fen=st.integers(1, 50))
    def recover(self, amount_fen: int) -> None:
        self.book.extend(ledger.recovered("c-1", f"r-{len(self.book)}", PLAN, amount_fen))
        self.recovered_fen += amount_fen

    @rule(payout_id=st.sampled_from(PAYOUTS), by=st.sampled_from(["maker", "other"]))
    def ask_and_approve(self, payout_id: str, by: str) -> None:
        self.tell(payout_id, AskApproval(("PAYOUT",), "maker"))
        self.tell(payout_id, GiveApproval(by))

    @rule(payout_id=st.sampled_from(PAYOUTS), tail=st.sampled_from(["0001", "0004"]))
    def propose(self, payout_id: str, tail: str) -> None:
        """Named, and left waiting for a second person."""
        self.tell(payout_id, ProposeAccount(sealed(tail), tail, "payee-1"))

    @rule(payout_id=st.sampled_from(PAYOUTS))
    def batch(self, payout_id: str) -> None:
        self.batches += 1
        self.tell(payout_id, BatchPayout(f"b-{self.batches}"))

    @rule(payout_id=st.sampled_from(PAYOUTS), attempt=st.integers(1, 3))
    def ask(self, payout_id: str, attempt: int) -> None:
        self.tell(payout_id, RecordQuery(attempt, "2022-06-02"))

    @rule(payout_id=st.sampled_from(PAYOUTS), attempt=st.integers(1, 3), paid=st.booleans())
    def end_dispute(self, payout_id: str, attempt: int, *, paid: bool) -> None:
        """Two people say anything at all: it moves money at most once, and the book stays sound."""
        self.items += 1
        self.tell(payout_id, EndDispute(attempt, paid, "2022-06-02", f"i-{self.items}", "one", "two"))

    @rule(payout_id=st.sampled_from(PAYOUTS), outcome=st.sampled_from(["BOOKED", "REJECTED"]))
    def pay(self, payout_id: str, outcome: str) -> None:
        """The usual way, so that much of the time there is something to contradict."""
        self.correct(payout_id=payout_id, tail="0003")
        self.batch(payout_id=payout_id)
        self.answer(
            payout_id=payout_id,
            outcome=outcome,
            attempt=0,
            reason="NAME_MISMATCH",
            reference="r-1",
            wrong_amount=False,
        )

    @rule(payout_id=st.sampled_from(PAYOUTS), attempt=st.integers(1, 3))
    def stay_silent(self, payout_id: str, attempt: int) -> None:
        self.tell(payout_id, MarkUnknown(attempt))

    @rule(payout_id=st.sampled_from(PAYOUTS), tail=st.sampled_from(["0001", "0002"]))
    def correct(self, payout_id: str, tail: str) -> None:
        self.tell(payout_id, ProposeAccount(sealed(tail), tail, "payee-1"))
        self.tell(payout_id, ConfirmAccount("clerk", matches=True, usable_from="", today="2022-06-01", tries_max=5))

    @rule(
        payout_id=st.sampled_from(PAYOUTS),
        outcome=st.sampled_from(["BOOKED", "REJECTED", "RETURNED"]),
        attempt=st.sampled_from([0, 0, 0, 0, 1, 2]),
        reason=st.sampled_from(["NAME_MISMATCH", "BANK_SYSTEM"]),
        reference=st.sampled_from(["r-1", "r-2"]),
        wrong_amount=st.sampled_from([False] * 9 + [True]),
    )
    def answer(
        self, payout_id: str, outcome: str, attempt: int, reason: str, reference: str, *, wrong_amount: bool
    ) -> None:
        current = getattr(self.payouts[payout_id], "attempt", 0)
        amount_fen = AMOUNTS_FEN[payout_id] + wrong_amount
        command = RecordResult(attempt or current, outcome, amount_fen, reference, "2022-06-01", reason)
        self.tell(payout_id, command)
        before = len(self.said)
        self.tell(payout_id, command)
        assert len(self.said) == before, "An answer told twice is one fact."

    @invariant()
    def the_book_is_sound(self) -> None:
        waiting = ledger.verify(self.book)
        in_flight = [one for one in self.payouts.values() if type(one).__name__ in {"Batched", "Unknown"}]
        assert len(waiting) == len(in_flight), "Every pending is resolved once, and only by a final answer."

    @invariant()
    def money_is_neither_made_nor_lost(self) -> None:
        total = balances(self.book)
        assert sum(total.values()) == 0
        settled = sum(event.amount_fen for event in self.said if isinstance(event, PayoutSettled))
        back = sum(event.amount_fen for event in self.said if isinstance(event, PayoutReturned) and event.after_booking)
        assert total[ledger.account(PLAN, ledger.POOL.cash)] == self.given_fen - settled + back + self.recovered_fen
        arrived = sum(AMOUNTS_FEN[name] for name, one in self.payouts.items() if isinstance(one, Settled))
        assert settled - back == arrived, "What has left the pool is what has arrived, each payout once."
        owed = sum(AMOUNTS_FEN.values()) - arrived
        assert -total[ledger.account(PLAN, ledger.POOL.payable)] == owed
        assert total[ledger.account(PLAN, ledger.POOL.clearing)] == 0
        assert total[ledger.account(PLAN, ledger.POOL.suspense)] == 0

    @invariant()
    def balances_are_the_sum_of_movements(self) -> None:
        moved: Counter[str] = Counter()
        for transfer in self.book:
            for movement in ledger.movements(transfer):
                moved[movement.account] += movement.debit_fen - movement.credit_fen
        assert +moved == +balances(self.book)


Bank.TestCase.settings = settings(
    max_examples=80, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestBank = Bank.TestCase


def test_a_transfer_of_nothing_cannot_be_written() -> None:
    with pytest.raises(ledger.BrokenTransfer):
        ledger.donated("d-1", PLAN, 0)


def test_a_pending_resolved_twice_breaks_the_book() -> None:
    book = [*ledger.reserved("p", 1, PLAN, 5), *ledger.settled("p", 1, PLAN, 5), *ledger.refused("p", 1, PLAN, 5)]
    with pytest.raises(ledger.BrokenTransfer, match="resolves no open pending"):
        ledger.verify(book)


def test_an_entry_written_twice_breaks_the_book() -> None:
    with pytest.raises(ledger.BrokenTransfer, match="twice"):
        ledger.verify(ledger.donated("d-1", PLAN, 5) * 2)


def test_a_settlement_moves_the_pools_cash_and_what_is_payable() -> None:
    book = [*ledger.approved("p", PLAN, "SUDDEN_DEATH", 5), *ledger.reserved("p", 1, PLAN, 5)]
    total = balances([*book, *ledger.settled("p", 1, PLAN, 5)])
    assert {name: fen for name, fen in total.items() if fen} == {
        f"{PLAN}:expense:claims:SUDDEN_DEATH": 5,
        f"{PLAN}:pool:cash": -5,
    }
