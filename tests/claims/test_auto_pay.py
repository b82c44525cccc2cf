"""Matched stays that are paid by themselves (domain 6.1), and what leaves each of them to people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import pytest

from chassis.clock import new_id
from claims.api.filing import ACCOUNT_FIELD
from claims.api.plans import DIGESTS
from claims.domain.entitlement import ENTITLEMENT, BarPerson
from claims.domain.flag import CARD_SHARED, FLAG, RaiseFlag, flag_id_of
from claims.domain.match_task import match_claim_id, settlement_key
from claims.domain.reviews import sampled
from contracts.claims.flags import ClaimFlagged, FlagCleared
from contracts.claims.matching import MatchesAnnounced
from contracts.claims.process import PayeesConfirmed, RecoveryOpened, ReviewSampled
from contracts.claims.v1 import BenefitsAwarded, ClaimApproved, ClaimFiled
from contracts.enrolment.batches import NameConflictFound, NameConflictResolved
from contracts.enrolment.people import ConsentGiven, ConsentWithdrawn
from contracts.enrolment.v1 import DeathRecorded
from contracts.person import Account
from tests.claims.bureau_house import UNION, Bureau, file_of, row
from tests.claims.house import filing, returned, settled
from tests.claims.material import PLAN, sealed

ID = "620725198801010016"
STAY = row("S1", ID, "甲乙")
LARGE = row("S1", ID, "甲乙", inscp_scp_amt="30000.00", fund_pay_sumamt="10000.00", psn_pay="20000.00")
SIGNED_BY = ("head", "committee")


def sampled_setl(*, picked: bool) -> str:
    """A settlement number whose claim the plan's share picks, or leaves out."""
    percent = PLAN.procedure.auto_pay.sampling_percent
    numbers = (f"S{number}" for number in range(1_000))
    return next(one for one in numbers if sampled(match_claim_id(settlement_key(PLAN.code, one)), percent) == picked)


async def signed(bureau: Bureau) -> None:
    """Both sign the rules in use."""
    body = {"rules_sha256": DIGESTS[PLAN.code, PLAN.version]}
    for sub, role in zip(SIGNED_BY, ("office_head", "supervisor"), strict=True):
        path = f"/plans/{PLAN.code}/versions/{PLAN.version}/sign"
        answer = await bureau.house.post(path, body, sub, role)
        assert answer.status_code == 200, answer.text


async def consented(bureau: Bureau, person_id: str) -> None:
    given = ConsentGiven(person_id=person_id, purpose="AUTO_PAY", given_on="2022-01-01", by=person_id)
    await bureau.house.world.feed("enrolment", given, f"consent-{person_id}")


async def paid_before(bureau: Bureau, person_id: str) -> ClaimApproved:
    """A stay in March that was claimed on paper and has been paid to the member's own card."""
    house = bureau.house
    await house.cover(UNION, person_id)
    incident = {"kind": "INPATIENT", "decisive_on": "2022-03-01", "discharged_on": "2022-03-05"}
    claim_id = await house.filed(filing(person_id, "OFFICE_COUNTER", incident=incident), "counter", "office_reviewer")
    await house.decide(claim_id)
    await house.pay(claim_id)
    return await house.approved(claim_id)


def paying(bureau: Bureau) -> None:
    """The plan pays by itself."""
    for key, plan in bureau.plans.items():
        if plan.matching is not None:
            bureau.plans[key] = msgspec.structs.replace(
                plan, matching=msgspec.structs.replace(plan.matching, mode="AUTO_PAY")
            )


async def ready(bureau: Bureau) -> str:
    """A member to whom everything applies."""
    person_id = bureau.registry.add(ID, "甲乙")
    paying(bureau)
    await signed(bureau)
    await consented(bureau, person_id)
    await paid_before(bureau, person_id)
    return person_id


def match_of(setl_id: str) -> str:
    return match_claim_id(settlement_key(PLAN.code, setl_id))


async def by_itself(bureau: Bureau) -> list[ClaimApproved]:
    return [one for one in await bureau.events(ClaimApproved) if one.reviewed_by == SIGNED_BY]


async def test_a_matched_stay_is_granted_with_its_opening_to_the_card_that_was_paid_before(bureau: Bureau) -> None:
    person_id = await ready(bureau)
    (before,) = await bureau.events(ClaimApproved)
    view = await bureau.imported(file_of([STAY]))
    assert (view["by_result"], view["opened"], view["computed_fen"]) == ({"EXACT_NEW": 1}, 1, 72_000)
    (approved,) = await by_itself(bureau)
    assert (approved.total_fen, approved.payees, approved.person_id) == (72_000, before.payees, person_id)
    account = approved.payees[0].account
    keyring = bureau.house.world.context.keyring
    assert (await keyring.open(account, Account, subject=person_id, field=ACCOUNT_FIELD)).account_name == "甲乙"
    assert [one.claim_id for one in await bureau.events(BenefitsAwarded)][-1] == approved.claim_id
    (confirmed,) = await bureau.events(PayeesConfirmed)
    assert (confirmed.claim_id, confirmed.by) == (approved.claim_id, "system")


async def test_who_is_paid_by_itself_is_not_asked_for_a_card(bureau: Bureau) -> None:
    await ready(bureau)
    await bureau.imported(file_of([STAY]))
    assert await bureau.events(MatchesAnnounced) == []


async def test_a_file_that_comes_twice_pays_once(bureau: Bureau) -> None:
    await ready(bureau)
    await bureau.imported(file_of([STAY]))
    again = await bureau.imported(file_of([STAY, row("S2", "620725197001010011", "丙")]))
    assert again["by_result"] == {"ALREADY_CLAIMED": 1, "NOT_COVERED": 1}
    (approved,) = await by_itself(bureau)
    await bureau.house.pay(approved.claim_id)
    last = await bureau.imported(file_of([STAY, row("S3", "620725197001010011", "丙")]))
    assert last["by_result"] == {"ALREADY_PAID": 1, "NOT_COVERED": 1}
    assert len(await by_itself(bureau)) == 1


@pytest.mark.parametrize("arrived", [True, False])
async def test_what_was_granted_for_a_settlement_that_is_taken_back_is_asked_back_once(
    bureau: Bureau, arrived: bool
) -> None:
    await ready(bureau)
    await bureau.imported(file_of([STAY]))
    (approved,) = await by_itself(bureau)
    if arrived:
        await bureau.house.pay(approved.claim_id)
    gone = {**STAY, "refd_setl_flag": "1"}
    corrected = row("S9", ID, "甲乙", psn_pay="3000.00")
    await bureau.imported(file_of([gone, corrected]))
    (opened,) = await bureau.events(RecoveryOpened)
    assert (opened.claim_id, opened.amount_fen, opened.reason) == (approved.claim_id, 72_000, "REVERSED")
    first, second = await by_itself(bureau)
    assert (first, second.claim_id, second.total_fen) == (approved, match_of("S9"), 72_000)
    await bureau.imported(file_of([gone, corrected, row("S8", "620725197001010011", "丙")]))
    assert len(await bureau.events(RecoveryOpened)) == 1


@pytest.mark.parametrize("picked", [True, False])
async def test_the_plans_share_of_them_waits_for_a_later_look(bureau: Bureau, picked: bool) -> None:
    await ready(bureau)
    await bureau.imported(file_of([row(sampled_setl(picked=picked), ID, "甲乙")]))
    (approved,) = await by_itself(bureau)
    assert [one.claim_id for one in await bureau.events(ReviewSampled)] == ([approved.claim_id] if picked else [])


async def card_unknown(bureau: Bureau, person_id: str) -> None:
    paying(bureau)
    await signed(bureau)
    await consented(bureau, person_id)


async def card_approved_only(bureau: Bureau, person_id: str) -> None:
    await card_unknown(bureau, person_id)
    await bureau.house.cover(UNION, person_id)
    incident = {"kind": "INPATIENT", "decisive_on": "2022-03-01", "discharged_on": "2022-03-05"}
    asked = filing(person_id, "OFFICE_COUNTER", incident=incident)
    await bureau.house.decide(await bureau.house.filed(asked, "counter", "office_reviewer"))


async def card_sent_money_back(bureau: Bureau, person_id: str) -> None:
    await card_unknown(bureau, person_id)
    before = await paid_before(bureau, person_id)
    (one,) = before.lines
    payout = settled(before, one.line_id, one.benefit_code, person_id, one.amount_fen)
    await bureau.house.react(returned(payout, after_booking=True))
    await bureau.house.react(msgspec.structs.replace(payout, attempt=2, bank_reference="r2"))
    seen = await bureau.house.get(f"/claims/{before.claim_id}")
    assert seen.json()["claim"]["state"] == "PAID", "to an account that payments know, and claims do not"


async def consent_missing(bureau: Bureau, person_id: str) -> None:
    paying(bureau)
    await signed(bureau)
    await paid_before(bureau, person_id)


async def consent_withdrawn(bureau: Bureau, person_id: str) -> None:
    await card_unknown(bureau, person_id)
    await paid_before(bureau, person_id)
    gone = ConsentWithdrawn(person_id=person_id, purpose="AUTO_PAY", withdrawn_on="2022-06-01", by=person_id)
    await bureau.house.world.feed("enrolment", gone, f"consent-{person_id}")


async def consent_to_something_else(bureau: Bureau, person_id: str) -> None:
    await consent_missing(bureau, person_id)
    other = ConsentGiven(person_id=person_id, purpose="MESSAGES", given_on="2022-01-01", by=person_id)
    await bureau.house.world.feed("enrolment", other, f"consent-{person_id}")


async def one_signature(bureau: Bureau, person_id: str) -> None:
    paying(bureau)
    body = {"rules_sha256": DIGESTS[PLAN.code, PLAN.version]}
    path = f"/plans/{PLAN.code}/versions/{PLAN.version}/sign"
    assert (await bureau.house.post(path, body, "head", "office_head")).status_code == 200
    await consented(bureau, person_id)
    await paid_before(bureau, person_id)


async def flagged(bureau: Bureau, person_id: str) -> None:
    await card_unknown(bureau, person_id)
    before = await paid_before(bureau, person_id)
    await raise_flag(bureau, before)


async def raise_flag(bureau: Bureau, claim: ClaimApproved) -> None:
    flag_id = flag_id_of(claim.claim_id, CARD_SHARED)
    raised = ClaimFlagged(
        flag_id=flag_id, claim_id=claim.claim_id, signal=CARD_SHARED, person_id=claim.person_id,
        org_path=claim.org_path, filed_by="counter", related=(), raised_on="2022-06-01",
    )  # fmt: skip
    await bureau.house.world.context.executor.execute(FLAG, flag_id, RaiseFlag(raised))


async def barred_for_fraud(bureau: Bureau, person_id: str) -> None:
    await card_unknown(bureau, person_id)
    before = await paid_before(bureau, person_id)
    command = BarPerson(PLAN.code, person_id, before.claim_id, "2025-06-01", "office")
    await bureau.house.world.context.executor.execute(ENTITLEMENT, f"{PLAN.code}-{person_id}", command)


async def held(bureau: Bureau, person_id: str) -> None:
    await card_unknown(bureau, person_id)
    await paid_before(bureau, person_id)
    found = NameConflictFound(
        person_id=person_id,
        plan_code=PLAN.code,
        batch_id="b2",
        row_no=1,
        org_path="620000",
        identity=sealed(person_id, "identity"),
    )
    await bureau.house.world.feed("enrolment", found, f"name_conflict-{person_id}")


async def dead(bureau: Bureau, person_id: str) -> None:
    await card_unknown(bureau, person_id)
    await paid_before(bureau, person_id)
    died = DeathRecorded(person_id=person_id, died_on="2022-06-01")
    await bureau.house.world.feed("enrolment", died, f"person-{person_id}")


async def other_mode(bureau: Bureau, person_id: str) -> None:
    await signed(bureau)
    await consented(bureau, person_id)
    await paid_before(bureau, person_id)


MISSING: list[Callable[[Bureau, str], Awaitable[None]]] = [
    card_unknown,
    card_approved_only,
    card_sent_money_back,
    consent_missing,
    consent_withdrawn,
    consent_to_something_else,
    one_signature,
    flagged,
    held,
    dead,
    other_mode,
]


@pytest.mark.parametrize("missing", MISSING, ids=lambda one: one.__name__)
async def test_where_anything_is_missing_the_claim_is_opened_and_waits(
    bureau: Bureau, missing: Callable[[Bureau, str], Awaitable[None]]
) -> None:
    person_id = bureau.registry.add(ID, "甲乙")
    await missing(bureau, person_id)
    view = await bureau.imported(file_of([STAY]))
    assert (view["by_result"], view["opened"]) == ({"EXACT_NEW": 1}, 1)
    assert await by_itself(bureau) == []
    filed = (await bureau.events(ClaimFiled))[-1]
    assert (filed.channel, filed.payees) == ("DATA_MATCH", ())
    (announced,) = await bureau.events(MatchesAnnounced)
    assert [one.claim_id for one in announced.matches] == [filed.claim_id]


@pytest.mark.parametrize("stay", [LARGE, row("S1", ID, "甲乙", dise_no="S72.000")], ids=["large", "lead"])
async def test_a_large_sum_and_a_lead_are_a_persons_to_decide(bureau: Bureau, stay: dict[str, str]) -> None:
    await ready(bureau)
    view = await bureau.imported(file_of([stay]))
    assert view["opened"] == 1
    assert await by_itself(bureau) == []


async def test_nothing_is_paid_to_whom_a_fraud_bars(bureau: Bureau) -> None:
    await barred_for_fraud(bureau, bureau.registry.add(ID, "甲乙"))
    assert (await bureau.imported(file_of([STAY])))["opened"] == 0
    assert await by_itself(bureau) == []


async def test_a_cleared_flag_and_a_resolved_name_bar_nothing(bureau: Bureau) -> None:
    person_id = bureau.registry.add(ID, "甲乙")
    await held(bureau, person_id)
    resolved = NameConflictResolved(person_id=person_id, right="REGISTERED", reason="card seen", by="clerk")
    await bureau.house.world.feed("enrolment", resolved, f"name_conflict-{person_id}")
    (before,) = await bureau.events(ClaimApproved)
    await raise_flag(bureau, before)
    flag_id = flag_id_of(before.claim_id, CARD_SHARED)
    answer = await bureau.house.post(f"/flags/{flag_id}/clear", {"reason": "同一户口"}, new_id(), "office_head")
    assert answer.status_code == 200, answer.text
    assert len(await bureau.events(FlagCleared)) == 1
    await bureau.imported(file_of([STAY]))
    assert len(await by_itself(bureau)) == 1
