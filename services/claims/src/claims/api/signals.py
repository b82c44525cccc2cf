"""Signals of fraud (domain 4.10), looked for when a claim is filed: they raise flags and refuse nothing.

Card numbers and papers are found again by a keyed index in the reservations, never by an event.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from chassis.execute import Session
from claims.domain.claim import CLAIM
from claims.domain.claim_stages import Absent, Approved, Paid
from claims.domain.entitlement import ENTITLEMENT
from claims.domain.flag import (
    CARD_SCOPE,
    CARD_SHARED,
    DEATH_BEFORE_COVER,
    EARLY_CLAIM,
    FLAG,
    GUARDIAN_PAID,
    NAME_MISMATCH,
    PAPER_REPEATED,
    READING_EDITED,
    RELATED_MAX,
    UNIT_ACCIDENTS,
    RaiseFlag,
    flag_id_of,
)
from claims.domain.payees import GUARDIAN
from claims.domain.plan import Plan
from claims.domain.relief_plan import SignalRules
from claims.domain.reviews import UNION_CODE_LENGTH
from claims.projections import deceased, documents, unit_accidents
from claims.projections.covers import CoverRow
from contracts.claims.flags import ClaimFlagged
from contracts.claims.v1 import ClaimFiled, Payee

PAPER_SCOPE = "claim-paper"
"""Reservations: a paper's digest to the claim that had it first."""


async def raise_signals(session: Session, plan: Plan, filed: ClaimFiled, cover: CoverRow, cards: Sequence[str]) -> None:
    """Everything that a filing shows; `cards` are its payees' card numbers in plain."""
    rules = plan.signals
    if rules is None:
        return
    await note_papers(session, filed, [document.sha256 for document in filed.documents])
    await note_payees(session, rules, filed, filed.payees, cards)
    async with session.reads.connection() as c:
        died_on = filed.incident.died_on or await deceased.died_on(c, filed.person_id)
    if died_on and died_on < cover.effective_on:
        await flag(session, filed, DEATH_BEFORE_COVER)
    incidents = (await session.load(ENTITLEMENT, f"{plan.code}-{filed.person_id}")).incidents
    days = (date.fromisoformat(filed.incident.decisive_on) - date.fromisoformat(cover.effective_on)).days
    if len(incidents) <= 1 and 0 <= days < rules.early_days:
        await flag(session, filed, EARLY_CLAIM)
    await _unit_accidents(session, rules, filed)


async def note_payees(
    session: Session, rules: SignalRules, filed: ClaimFiled, payees: Sequence[Payee], cards: Sequence[str]
) -> None:
    """Look at accounts that were named for a claim, at filing or later."""
    if not all(payee.name_matches for payee in payees):
        await flag(session, filed, NAME_MISMATCH)
    if any(payee.relation == GUARDIAN for payee in payees):
        await flag(session, filed, GUARDIAN_PAID)
    for card in dict.fromkeys(cards):
        others = await _others_with_card(session, rules, filed, card)
        if others:
            await flag(session, filed, CARD_SHARED, others)
            for claim_id in others:
                await _flag_claim(session, claim_id, CARD_SHARED, [filed.claim_id])


async def note_papers(session: Session, filed: ClaimFiled, digests: Sequence[str]) -> None:
    """Look at papers that were handed in with a claim, at filing or later."""
    async with session.reads.connection() as c:
        keys = {picture.encode() for picture in await documents.pictures(c, digests)}
        edited = await documents.edited_among(c, filed.person_id, digests)
    if edited:
        await flag(session, filed, READING_EDITED)
    held = await session.reserved(PAPER_SCOPE, sorted(keys))
    for key in sorted(keys - held.keys()):
        session.reserve(PAPER_SCOPE, key, filed.claim_id)
    others = sorted({owner for owner in held.values() if owner != filed.claim_id})
    if others:
        await flag(session, filed, PAPER_REPEATED, others)


async def note_reading(session: Session, person_id: str, picture: str, claim_id: str) -> None:
    """What a machine had read from a paper was changed: a signal on the claim that it was handed in for, or names it.

    `picture` is the first document of the picture; a claim that comes later is looked at when it is filed.
    """
    owner = (await session.reserved(PAPER_SCOPE, [picture.encode()])).get(picture.encode(), "")
    for one in dict.fromkeys((claim_id, owner)):
        claim = await session.load(CLAIM, one) if one else Absent()
        if isinstance(claim, Absent | Approved | Paid) or claim.filed.person_id != person_id:
            continue
        await flag(session, claim.filed, READING_EDITED)


async def flag(session: Session, filed: ClaimFiled, signal: str, related: Sequence[str] = ()) -> None:
    """Raise a flag on a claim; one that was raised before stays as it was judged."""
    flagged = ClaimFlagged(
        flag_id=flag_id_of(filed.claim_id, signal),
        claim_id=filed.claim_id,
        signal=signal,
        person_id=filed.person_id,
        org_path=filed.org_path,
        filed_by=filed.by,
        related=tuple(related[:RELATED_MAX]),
        raised_on=session.today.isoformat(),
    )
    await session.decide(FLAG, flagged.flag_id, RaiseFlag(flagged))


async def _others_with_card(session: Session, rules: SignalRules, filed: ClaimFiled, card: str) -> list[str]:
    """The claims of other people with this card, when there are more people than the plan finds usual."""
    await session.keyring.ensure_purpose(CARD_SCOPE)
    slots = [session.keyring.blind_index_now(CARD_SCOPE, f"{slot}|{card}") for slot in range(rules.card_people_max + 1)]
    held = await session.reserved(CARD_SCOPE, slots)
    owners = dict(owner.split(" ") for owner in held.values())
    if filed.person_id not in owners:
        free = next((slot for slot in slots if slot not in held), None)
        if free is not None:
            session.reserve(CARD_SCOPE, free, f"{filed.person_id} {filed.claim_id}")
    others = [claim_id for person_id, claim_id in owners.items() if person_id != filed.person_id]
    return others if len(others) >= rules.card_people_max else []


async def _flag_claim(session: Session, claim_id: str, signal: str, related: Sequence[str]) -> None:
    match await session.load(CLAIM, claim_id):
        case Absent() | Approved() | Paid():
            # What is decided is told by the new claim's flag, which names it.
            return
        case claim:
            await flag(session, claim.filed, signal, related)


async def _unit_accidents(session: Session, rules: SignalRules, filed: ClaimFiled) -> None:
    """Many accidents of one union in few days; a county's members without a union of their own are no cluster."""
    if filed.incident.kind != unit_accidents.ACCIDENT:
        return
    if len(filed.org_path.rpartition(".")[2]) != UNION_CODE_LENGTH:
        return
    day, span = date.fromisoformat(filed.incident.decisive_on), timedelta(days=rules.unit_days)
    async with session.reads.connection() as c:
        first, last = (day - span).isoformat(), (day + span).isoformat()
        others = await unit_accidents.between(
            c, filed.org_path, first, last, max(RELATED_MAX, rules.unit_accidents_min)
        )
    if len(others) + 1 >= rules.unit_accidents_min:
        await flag(session, filed, UNIT_ACCIDENTS, others)
