"""Settlements that the bureau took back: remembered by a keyed index, undone where they had been imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from chassis.execute import Session
from chassis.keyring import Keyring
from claims.domain.claim import CLAIM
from claims.domain.claim_commands import RejectClaim
from claims.domain.claim_stages import Absent, Approved, Paid, Refused
from claims.domain.entitlement import ENTITLEMENT, ReleaseIncident
from claims.domain.match_task import MATCH_TASK, ReverseSettlement, match_claim_id, settlement_key
from claims.domain.plan import Plan
from claims.domain.recovery import RECOVERY, OpenRecovery, Recovery, Unopened
from contracts.claims.matching import SettlementReversed
from contracts.claims.process import RecoveryOpened
from contracts.claims.v1 import ClaimApproved

SCOPE = "settlement-reversed"
"""The reservation scope and the purpose of the keyed index: an original in a later file is cancelled too."""

WITHDRAWN = "RJ_WITHDRAWN"
REVERSED = "REVERSED"
BUREAU = "bureau"
"""Whose act the end of such a claim is: neither the machine's that opened it nor a reviewer's."""


def reversal_key(keyring: Keyring, setl_id: str) -> bytes:
    """The keyed index of a settlement number. Needs `ensure_purpose(SCOPE)`."""
    return keyring.blind_index_now(SCOPE, setl_id)


async def reversed_among(session: Session, setl_ids: Sequence[str]) -> set[str]:
    """Which of the settlements any file has taken back."""
    if not setl_ids:
        return set()
    keys = {reversal_key(session.keyring, setl_id): setl_id for setl_id in setl_ids}
    return {keys[key] for key in await session.reserved(SCOPE, list(keys))}


async def take_back(
    session: Session, plan: Plan, import_id: str, setl_ids: Sequence[str], imported: Mapping[str, str]
) -> int:
    """Remember reversals of members' settlements, and undo those that were imported before (number: their member).

    An open claim of such a settlement is refused as withdrawn; of a granted one the money is to come back (6.5).
    Answers how many were undone; reservations are written with an event of the caller's.
    """
    session.bulk = True
    for setl_id in dict.fromkeys(setl_ids):
        session.reserve(SCOPE, reversal_key(session.keyring, setl_id), SCOPE)
    keys = {setl_id: settlement_key(plan.code, setl_id) for setl_id in imported}
    await session.load_many(CLAIM, [match_claim_id(key) for key in keys.values()])
    await session.load_many(MATCH_TASK, list(keys.values()))
    return sum([await _undo(session, plan, import_id, setl_id, person_id) for setl_id, person_id in imported.items()])


async def _undo(session: Session, plan: Plan, import_id: str, setl_id: str, person_id: str) -> bool:
    key = settlement_key(plan.code, setl_id)
    claim_id = match_claim_id(key)
    claim = await session.load(CLAIM, claim_id)
    granted = isinstance(claim, Approved | Paid)
    taken_back = SettlementReversed(
        plan_code=plan.code,
        setl_id=setl_id,
        import_id=import_id,
        person_id=person_id,
        claim_id="" if isinstance(claim, Absent) else claim_id,
        paid=granted,
    )
    if not await session.decide(MATCH_TASK, key, ReverseSettlement(taken_back)):
        return False
    if isinstance(claim, Absent):
        return True
    await session.decide(ENTITLEMENT, f"{plan.code}-{person_id}", ReleaseIncident(plan.code, person_id, claim_id))
    if isinstance(claim, Approved | Paid):
        approved = (claim if isinstance(claim, Approved) else claim.granted).approved
        await _ask_back(session, plan, approved)
    elif not isinstance(claim, Refused):
        text = plan.refusals[WITHDRAWN]
        await session.decide(CLAIM, claim_id, RejectClaim(BUREAU, WITHDRAWN, text.rule, text.text))
    return True


async def _ask_back(session: Session, plan: Plan, approved: ClaimApproved) -> None:
    """All that was granted: a corrected settlement opens a claim of its own, so that the member owes the difference."""
    recovery: Recovery = await session.load(RECOVERY, approved.claim_id)
    if not isinstance(recovery, Unopened):
        # The head has asked money of this claim back before.
        return
    rules, amount_fen = plan.procedure.recovering, approved.total_fen
    opened = RecoveryOpened(
        recovery_id=approved.claim_id,
        claim_id=approved.claim_id,
        claim_no=approved.claim_no,
        person_id=approved.person_id,
        plan_code=approved.plan_code,
        org_path=approved.org_path,
        amount_fen=amount_fen,
        reason=REVERSED,
        note=None,
        due_on=(session.today + timedelta(days=rules.notice_days)).isoformat(),
        by=BUREAU,
        payee_ids=tuple(payee.payee_id for payee in approved.payees),
    )
    command = OpenRecovery(opened, amount_fen, rules.write_off_alone_max_fen)
    await session.decide(RECOVERY, approved.claim_id, command)
