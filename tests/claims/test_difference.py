"""A settlement corrected after payment: the difference is asked back, or paid, and nothing else (domain 6.5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.domain.claim import CLAIM
from claims.domain.claim_commands import RecordPayoutArrived
from claims.domain.claim_stages import Paid
from claims.domain.recovery import RECOVERY, Closed, OffsetRecovery, OpenRecovery, Owed, RecordReceipt, kept_fen
from contracts.claims.process import RecoveryClosed, RecoveryOffset, RecoveryOpened
from contracts.claims.v1 import ClaimApproved, ClaimPaid
from tests.claims.bureau_house import Bureau, file_of, row
from tests.claims.house import filing
from tests.claims.material import line
from tests.claims.process_material import CONFIRMED, MATCHED, SPEC, automatic
from tests.claims.test_auto_pay import ID, STAY, by_itself, match_of, ready
from tests.claims.test_recovery import OPENED

GONE = {**STAY, "refd_setl_flag": "1"}


def worth(setl_id: str, yuan: int) -> dict[str, str]:
    """The stay again, with so much self-paid in scope: a fraction of it is the benefit."""
    return row(setl_id, ID, "甲乙", inscp_scp_amt=f"{5600 + yuan}.00", psn_pay=f"{yuan + 2000}.00")


@dataclass
class Books:
    """Claims of one stay, each correcting those before; what the bank has moved."""

    limit_fen: int
    claims: list[Any] = field(default_factory=list)
    recoveries: list[Any] = field(default_factory=list)
    paid_fen: int = 0
    received_fen: int = 0

    def grant(self, fen: int) -> None:
        """A corrected settlement worth `fen` is granted by itself, and paid."""
        number, had = len(self.claims), sum(kept_fen(one, ["p1"]) for one in self.recoveries)
        claim = CLAIM.initial
        granted = automatic(lines=(line("INPATIENT_MEDICAL", fen),), amount_fen_max=10**9, offset_fen=had)
        events = [MATCHED, CONFIRMED]
        for event in events:
            claim = CLAIM.evolve(claim, event)
        for event in CLAIM.decide(granted, claim):
            claim = CLAIM.evolve(claim, event)
            if isinstance(event, ClaimApproved):
                (one,) = event.lines
        left_fen = one.offset_fen
        for place, recovery in enumerate(self.recoveries):
            part = min(left_fen, kept_fen(recovery, ["p1"]))
            if part:
                self._at(place, OffsetRecovery(f"c{number}", part, self.limit_fen))
                left_fen -= part
        assert left_fen == 0
        rest_fen = one.amount_fen - one.advanced_fen
        if rest_fen:
            arrived = RecordPayoutArrived("payout", "INPATIENT_MEDICAL", "p1", rest_fen)
            for event in CLAIM.decide(arrived, claim):
                claim = CLAIM.evolve(claim, event)
        assert isinstance(claim, Paid)
        self.paid_fen += rest_fen
        self.claims.append(fen)

    def take_back(self) -> None:
        """The settlement of the last claim is taken back."""
        opened = msgspec.structs.replace(OPENED, amount_fen=self.claims[-1])
        self.recoveries.append(RECOVERY.initial)
        self._at(len(self.recoveries) - 1, OpenRecovery(opened, self.claims[-1], self.limit_fen))

    def receive(self, percent: int) -> None:
        """A part of everything asked back comes in."""
        for place, recovery in enumerate(self.recoveries):
            fen = recovery.left_fen * percent // 100 if isinstance(recovery, Owed) else 0
            if fen:
                self._at(place, RecordReceipt("finance", f"{place}-{self.received_fen}", fen))
                self.received_fen += fen

    def _at(self, place: int, command: Any) -> None:
        for event in RECOVERY.decide(command, self.recoveries[place]):
            self.recoveries[place] = RECOVERY.evolve(self.recoveries[place], event)


@given(
    st.lists(st.tuples(st.integers(1, 300_000), st.sampled_from([0, 0, 30, 100])), min_size=1, max_size=6),
    st.sampled_from([0, 5_000]),
)
def test_what_is_paid_less_what_comes_back_is_what_the_last_settlement_is_worth(
    settlements: list[tuple[int, int]], limit_fen: int
) -> None:
    books = Books(limit_fen)
    for number, (fen, percent) in enumerate(settlements):
        if number:
            books.take_back()
            books.receive(percent)
        books.grant(fen)
        asked = sum(one.left_fen for one in books.recoveries if isinstance(one, Owed))
        let_go = sum(one.kept_fen for one in books.recoveries if isinstance(one, Closed))
        assert books.paid_fen - books.received_fen == fen + asked + let_go
    books.receive(100)
    let_go = sum(one.kept_fen for one in books.recoveries if isinstance(one, Closed))
    assert books.paid_fen - books.received_fen == settlements[-1][0] + let_go


def test_what_was_had_before_is_spread_over_the_lines_in_their_order() -> None:
    lines = (line("INPATIENT_MEDICAL", 50_000), line("CRITICAL_ILLNESS", 40_000))
    command = automatic(lines=lines, offset_fen=60_000)
    (granted,) = [one for one in SPEC.given(MATCHED, CONFIRMED).when(command).events if isinstance(one, ClaimApproved)]
    assert [(one.advanced_fen, one.offset_fen) for one in granted.lines] == [(50_000, 50_000), (10_000, 10_000)]


@pytest.mark.parametrize(
    ("yuan", "rest_fen", "left_fen", "outcome"),
    [(3000, 18_000, 0, "RECOVERED"), (2400, 0, 0, "RECOVERED"), (1000, 0, 42_000, ""), (2300, 0, 3_000, "WRITTEN_OFF")],
)
async def test_a_stay_corrected_after_payment_pays_or_asks_back_the_difference(
    bureau: Bureau, yuan: int, rest_fen: int, left_fen: int, outcome: str
) -> None:
    await ready(bureau)
    await bureau.imported(file_of([STAY]))
    (first,) = await by_itself(bureau)
    await bureau.house.pay(first.claim_id)
    await bureau.imported(file_of([GONE]))
    await bureau.imported(file_of([worth("S9", yuan)]))
    second = (await by_itself(bureau))[-1]
    (granted,) = second.lines
    assert (second.claim_id, granted.amount_fen) == (match_of("S9"), yuan * 30)
    assert granted.amount_fen - granted.advanced_fen == rest_fen
    (counted,) = await bureau.events(RecoveryOffset)
    assert (counted.claim_id, counted.to_claim_id) == (first.claim_id, second.claim_id)
    assert (counted.amount_fen, counted.left_fen) == (min(72_000, granted.amount_fen), left_fen)
    assert [one.outcome for one in await bureau.events(RecoveryClosed)] == ([outcome] if outcome else [])
    paid = [one.claim_id for one in await bureau.events(ClaimPaid)]
    assert (second.claim_id in paid) is (rest_fen == 0)
    await bureau.house.pay(second.claim_id)
    assert [one.claim_id for one in await bureau.events(ClaimPaid)].count(second.claim_id) == 1


async def test_a_stay_claimed_anew_on_paper_pays_the_difference_by_peoples_hands(bureau: Bureau) -> None:
    person_id = await ready(bureau)
    await bureau.imported(file_of([STAY]))
    (first,) = await by_itself(bureau)
    await bureau.house.pay(first.claim_id)
    await bureau.imported(file_of([GONE]))
    incident = {"kind": "INPATIENT", "decisive_on": "2022-05-10", "discharged_on": "2022-05-20"}
    asked = filing(person_id, "OFFICE_COUNTER", incident=incident)
    claim_id = await bureau.house.filed(asked, "counter", "office_reviewer")
    await bureau.house.decide(claim_id)
    second = await bureau.house.approved(claim_id)
    (counted,) = await bureau.events(RecoveryOffset)
    assert (counted.to_claim_id, counted.amount_fen) == (claim_id, min(72_000, second.total_fen))
    assert sum(one.offset_fen for one in second.lines) == counted.amount_fen


async def test_a_correction_of_a_correction_counts_towards_the_last(bureau: Bureau) -> None:
    await ready(bureau)
    await bureau.imported(file_of([STAY]))
    await bureau.imported(file_of([GONE, worth("S9", 1000)]))
    await bureau.imported(file_of([{**worth("S9", 1000), "refd_setl_flag": "1"}, worth("S10", 2400)]))
    opened = [one.amount_fen for one in await bureau.events(RecoveryOpened)]
    assert opened == [72_000, 30_000]
    counted = [(one.amount_fen, one.left_fen) for one in await bureau.events(RecoveryOffset)]
    assert counted == [(30_000, 42_000), (42_000, 0), (30_000, 0)]
    assert [one.outcome for one in await bureau.events(RecoveryClosed)] == ["RECOVERED", "RECOVERED"]
