"""What a year of claims would have come to under other rules: recomputed from what was filed and decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from claims.domain.benefits import Application, Assessment, Award, Cover, Refusal, assess, grant
from claims.domain.incident import incident_key
from claims.domain.plan import Plan
from contracts.claims.v1 import BenefitLine, ClaimApproved, ClaimFiled, ClaimRejected, SpecialDecisionMade
from contracts.envelope import Event
from contracts.person import Facts


@dataclass(frozen=True)
class PastClaim:
    """A decided claim: what was filed, what a person decided; `position` orders decisions in the log.

    `granted` are the lines approved, `special` the benefits among them that a special decision granted, `refused`
    the reason of a refusal. `facts` is None when the person's data have been erased.
    """

    filed: ClaimFiled
    position: int
    granted: tuple[BenefitLine, ...]
    special: frozenset[str]
    refused: str
    facts: Facts | None = None


@dataclass(frozen=True)
class Difference:
    """One claim, before and after, in fen; `why` are the refusals and caps that it meets under the other rules."""

    claim_id: str
    claim_no: str
    before_fen: int
    after_fen: int
    why: tuple[str, ...]


@dataclass(frozen=True)
class Recomputed:
    """A person's decided claims under the other rules, in the order of the decisions; `erased` are left out."""

    differences: tuple[Difference, ...]
    erased: tuple[str, ...]


def past_claim(history: Iterable[tuple[int, Event]]) -> PastClaim | None:
    """A claim's stream, (position, event), as it was decided last; None while it is open."""
    filed: ClaimFiled | None = None
    special: frozenset[str] = frozenset()
    decided: PastClaim | None = None
    for position, event in history:
        match event:
            case ClaimFiled():
                filed = event
            case SpecialDecisionMade(benefit_code=code):
                special |= {code}
            case ClaimApproved(lines=lines) if filed:
                chosen = special & {line.benefit_code for line in lines}
                decided = PastClaim(filed, position, lines, chosen, "")
            case ClaimRejected(reason=reason) if filed:
                decided = PastClaim(filed, position, (), frozenset(), reason)
            case _:
                pass
    return decided


def recompute(
    claims: Iterable[PastClaim], cover: Cover | None, plan: Plan, was: Callable[[PastClaim], Plan]
) -> Recomputed:
    """One person's claims, judged in the order of their decisions, each with what the earlier ones take from the caps.

    `was` gives the rules a claim was decided by. What a person refused for a reason that the rules did not give
    (false papers, a withdrawal) stays refused; what a special decision granted stays granted, by the other rules.
    """
    before: tuple[Award, ...] = ()
    after: tuple[Award, ...] = ()
    differences: list[Difference] = []
    erased: list[str] = []
    for claim in sorted(claims, key=lambda one: one.position):
        if claim.facts is None:
            # What was granted is kept in the caps of both: it is known, only its reasons are not.
            erased.append(claim.filed.claim_id)
            before, after = before + _awards(claim, claim.granted), after + _awards(claim, claim.granted)
            continue
        then = assess(_application(claim, was(claim), cover, before, claim.facts))
        kept = bool(claim.refused) and claim.refused not in {one.code for one in then.refusals}
        answer = Assessment((), ()) if kept else _judged(claim, plan, cover, after, claim.facts)
        differences.append(_difference(claim, answer))
        before, after = before + _awards(claim, claim.granted), after + _awards(claim, answer.lines)
    return Recomputed(tuple(differences), tuple(erased))


def _judged(claim: PastClaim, plan: Plan, cover: Cover | None, awarded: tuple[Award, ...], facts: Facts) -> Assessment:
    application = _application(claim, plan, cover, awarded, facts)
    answer = assess(application)
    lines, refusals = list(answer.lines), list(answer.refusals)
    for code in sorted(claim.special - {line.benefit_code for line in lines}):
        line = grant(application, code, lines)
        refusals = [one for one in refusals if one.benefit_code != code]
        if isinstance(line, Refusal):
            refusals.append(line)
        else:
            lines.append(line)
    return Assessment(tuple(lines), tuple(refusals))


def _application(
    claim: PastClaim, plan: Plan, cover: Cover | None, awarded: tuple[Award, ...], facts: Facts
) -> Application:
    filed = claim.filed
    return Application(
        claim_id=filed.claim_id,
        plan=plan,
        cover=cover,
        incident=filed.incident,
        facts=facts,
        filed_on=date.fromisoformat(filed.filed_on),
        awarded=awarded,
    )


def _difference(claim: PastClaim, answer: Assessment) -> Difference:
    caps = [f"{line.benefit_code} {cap}" for line in answer.lines for cap in line.cap_reasons]
    return Difference(
        claim_id=claim.filed.claim_id,
        claim_no=claim.filed.claim_no,
        before_fen=sum(line.amount_fen for line in claim.granted),
        after_fen=sum(line.amount_fen for line in answer.lines),
        why=(*(f"{one.benefit_code} {one.code}" for one in answer.refusals), *caps),
    )


def _awards(claim: PastClaim, lines: Iterable[BenefitLine]) -> tuple[Award, ...]:
    key = incident_key(claim.filed.incident)
    return tuple(Award(claim.filed.claim_id, key, line.benefit_code, line.amount_fen) for line in lines)
