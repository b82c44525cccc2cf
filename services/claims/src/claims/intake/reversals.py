"""Settlements that the bureau took back: remembered by a keyed index, undone where they had been imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

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
EARLIER = "settlement-reversed-earlier"
"""The scope of reversals with a number of their own that took back a settlement of an earlier file."""
EARLY = "settlement-reversed-early"
"""The scope of visits that a reversal with a number of its own took back before any file brought the settlement."""
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


class Named(NamedTuple):
    """A reversal that names a member, or one of several; `own`: no other row of its file carries its number.

    `alone`: nor does it cancel a row of its file by visit and total.
    """

    setl_id: str
    visit_key: str
    people: frozenset[str]
    own: bool
    alone: bool


class Imported(NamedTuple):
    """What earlier files have brought: members by settlement number, and settlements of one visit and total."""

    owners: Mapping[str, str]
    of_visits: Sequence[tuple[str, str, str]]


async def took_earlier(session: Session, setl_ids: Sequence[str]) -> set[str]:
    """Which of the reversals have taken back a settlement of an earlier file."""
    keys = {reversal_key(session.keyring, setl_id): setl_id for setl_id in setl_ids}
    return {keys[key] for key in await session.reserved(EARLIER, list(keys))} if keys else set()


async def doubted_among(session: Session, import_id: str, visit_keys: Sequence[str]) -> set[str]:
    """Which of the visits were taken back by another file before it was known what: a person looks at their rows."""
    keys = {reversal_key(session.keyring, one): one for one in visit_keys if one}
    held = await session.reserved(EARLY, list(keys)) if keys else {}
    return {keys[key] for key, owner in held.items() if owner != import_id}


async def _await_originals(session: Session, import_id: str, visit_keys: Sequence[str]) -> None:
    """Remember visits whose settlement is yet to come; the first file that took one back stays its owner."""
    keys = list(dict.fromkeys(reversal_key(session.keyring, one) for one in visit_keys))
    held = await session.reserved(EARLY, keys) if keys else {}
    for key in keys:
        if key not in held:
            session.reserve(EARLY, key, import_id)


async def take_back(session: Session, plan: Plan, import_id: str, reversals: Sequence[Named], before: Imported) -> int:
    """Remember reversals of members' settlements, and undo what was imported before.

    An open claim of such a settlement is refused as withdrawn; of a granted one the money is to come back (6.5).
    Answers how many were undone; reservations are written with an event of the caller's.
    """
    session.bulk = True
    originals, left = await _originals(session, reversals, before)
    await _await_originals(session, import_id, [one.visit_key for one in left if one.alone])
    for reversal, (setl_id, _) in originals.items():
        session.reserve(EARLIER, reversal_key(session.keyring, reversal), SCOPE)
        # The original may be told again in a later file.
        session.reserve(SCOPE, reversal_key(session.keyring, setl_id), SCOPE)
    for setl_id in dict.fromkeys(one.setl_id for one in reversals):
        session.reserve(SCOPE, reversal_key(session.keyring, setl_id), SCOPE)
    imported = {**before.owners, **dict(originals.values())}
    keys = {setl_id: settlement_key(plan.code, setl_id) for setl_id in imported}
    await session.load_many(CLAIM, [match_claim_id(key) for key in keys.values()])
    await session.load_many(MATCH_TASK, list(keys.values()))
    return sum([await _undo(session, plan, import_id, setl_id, person_id) for setl_id, person_id in imported.items()])


async def _originals(
    session: Session, reversals: Sequence[Named], before: Imported
) -> tuple[dict[str, tuple[str, str]], list[Named]]:
    """Reversals with numbers of their own: the earlier settlement of the same visit, total and member of each.

    With them those that find none. Only where a reversal is seen for the first time: when it comes again, what stands
    there is the corrected one.
    """
    left = list(before.of_visits)
    first = [one for one in reversals if one.own and one.visit_key and one.setl_id not in before.owners]
    seen = await reversed_among(session, [one.setl_id for one in first])
    originals: dict[str, tuple[str, str]] = {}
    without = []
    for one in first:
        fits = (entry for entry in left if entry[0] == one.visit_key and entry[2] in one.people)
        found = None if one.setl_id in seen or one.setl_id in originals else next(fits, None)
        if found is not None:
            left.remove(found)
            originals[one.setl_id] = (found[1], found[2])
        elif one.setl_id not in seen | originals.keys():
            without.append(one)
    return originals, without


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
