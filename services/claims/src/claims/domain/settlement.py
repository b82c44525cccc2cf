"""What the rules make of a covered person's settlement: one result code, and what would be paid (domain 6.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from claims.domain.benefits import Application, Award, Cover, assess
from claims.domain.bureau import Stay
from claims.domain.incident import incident_key, same_incident
from claims.domain.matching import (
    ALREADY_CLAIMED,
    EXACT_NEW,
    EXCLUDED,
    LEAD_ACCIDENT,
    LEAD_CI,
    LEAD_DEATH,
    NO_SELF_PAY,
    NOT_INPATIENT,
    OUT_OF_PERIOD,
    POSSIBLE_DUP,
    Q_AMOUNT,
    WAITING,
    Matching,
    hinted,
    in_ranges,
)
from claims.domain.plan import FundPayRatio, Plan
from contracts.claims.v1 import BenefitLine, Incident
from contracts.person import Facts

INPATIENT = "INPATIENT"
BY_REFUSAL = {
    "RJ_NOT_COVERED": (OUT_OF_PERIOD, ""),
    "RJ_OUT_OF_PERIOD": (OUT_OF_PERIOD, ""),
    "RJ_LATE": (OUT_OF_PERIOD, "LATE"),
    "RJ_WAITING": (WAITING, ""),
    "RJ_NO_SELF_PAY": (NO_SELF_PAY, ""),
}
"""A refusal of the plan's rules as a result code and its detail; others open a claim for a person to refuse."""
REASONS = {reason: result for reason, result in BY_REFUSAL.items() if reason != "RJ_NOT_COVERED"}
"""The reason that each result is told with: the row of somebody who is not covered gives no result to tell."""


@dataclass(frozen=True)
class Known:
    """What a person has claimed before: incidents with their claims, and what is awarded or expected from them.

    `barred_until` is the last day on which a proven fraud bars every claim (domain 4.10), or "".
    """

    incidents: tuple[tuple[str, str], ...] = ()
    awards: tuple[Award, ...] = ()
    barred_until: str = ""


@dataclass(frozen=True)
class Verdict:
    """The result code and its detail; `claim_id` a claim that is there already; `lines` what would be paid.

    `needs_person`: the rules refuse by a parameter that was not published, or cannot judge it (domain 12a).
    """

    code: str
    detail: str = ""
    claim_id: str = ""
    lines: tuple[BenefitLine, ...] = ()
    needs_person: bool = False


def judge(stay: Stay, plan: Plan, cover: Cover | None, known: Known, *, claim_id: str, today: date) -> Verdict:
    """Judge a settlement of a person whose identity is certain; `claim_id` is the id its claim would have."""
    if any(claim == claim_id for _, claim in known.incidents):
        return Verdict(ALREADY_CLAIMED, claim_id=claim_id)
    rules = plan.matching
    if rules is None:
        raise ValueError(f"{plan.code} is not matched with the bureau's data")
    if today.isoformat() <= known.barred_until:
        return Verdict(EXCLUDED, "BARRED", needs_person=True)
    excluded = rules.type_exclusions.get(stay.med_type, "")
    if excluded and _active(plan, excluded):
        return Verdict(EXCLUDED, "MED_TYPE")
    if stay.med_type and not excluded and stay.med_type not in rules.inpatient_types:
        return Verdict(EXCLUDED, NOT_INPATIENT)
    if not stay.admitted_on or (stay.discharged_on and stay.discharged_on < stay.admitted_on):
        return Verdict(Q_AMOUNT, "DATES")
    incident = incident_of(stay)
    linked = _linked(incident_key(incident), known)
    if linked is not None:
        return linked
    application = Application(
        claim_id=claim_id,
        plan=plan,
        cover=cover,
        incident=incident,
        facts=facts_of(stay, {}, rules),
        filed_on=max(today, date.fromisoformat(stay.admitted_on)),
        awarded=known.awards,
    )
    return _payable(application, stay, rules, known)


def _payable(application: Application, stay: Stay, rules: Matching, known: Known) -> Verdict:
    """Cover, waiting, exclusions, amounts, formula, in this order."""
    plan, key = application.plan, incident_key(application.incident)
    answer = assess(application)
    refusal = answer.refusals[0] if answer.refusals and not answer.lines else None
    reason = refusal.code if refusal else ""
    code, detail = BY_REFUSAL.get(reason, (EXACT_NEW, ""))
    needs_person = refusal is not None and refusal.needs_person
    if code in {OUT_OF_PERIOD, WAITING}:
        return Verdict(code, detail, needs_person=needs_person)
    excluded = hinted(stay.diagnosis, stay.operations, rules.diagnosis_exclusions)
    if excluded and _active(plan, excluded):
        return Verdict(EXCLUDED, "DIAGNOSIS")
    if stay.self_pay_in_scope_fen is None or (stay.pool_paid_fen is None and _reads_pool(plan)):
        return Verdict(Q_AMOUNT, "AMOUNT")
    if code == NO_SELF_PAY:
        return Verdict(code, needs_person=needs_person)
    overlapping = next((claim for other, claim in known.incidents if same_incident(other, key)), "")
    if overlapping:
        return Verdict(POSSIBLE_DUP, claim_id=overlapping)
    return Verdict(lead_of(stay, rules) or EXACT_NEW, reason, lines=answer.lines)


def reason_of(code: str, detail: str) -> str:
    """The plan's reason code (domain 4.7) behind a result that refuses; "" when none stands behind it."""
    return next((reason for reason, result in REASONS.items() if result == (code, detail)), "")


def _linked(key: str, known: Known) -> Verdict | None:
    """The same stay, claimed on paper before: the same admission, and discharge where the paper told it."""
    _, admitted, discharged = key.split("/")
    for other, claim in known.incidents:
        kind, *dates = other.split("/")
        if kind == INPATIENT and dates[0] == admitted and dates[1] in {discharged, admitted}:
            return Verdict(ALREADY_CLAIMED, claim_id=claim)
    return None


def _reads_pool(plan: Plan) -> bool:
    """Whether a stay is paid by what the pooled fund paid: the total of all funds is no substitute."""
    return any(
        INPATIENT in one.kinds and isinstance(one.formula, FundPayRatio)
        for one in plan.benefits.values()
        if one.enabled
    )


def _active(plan: Plan, exclusion: str) -> bool:
    """A hint of the plan's counts unless the plan knows the exclusion and has switched it off."""
    return all(one.active for one in plan.exclusions if one.code == exclusion)


def lead_of(stay: Stay, rules: Matching) -> str:
    """What the stay may be a sign of beside itself (domain 6.3): death before illness before accident; "" for none."""
    if stay.discharge_way in rules.death_ways:
        return LEAD_DEATH
    if hinted(stay.diagnosis, stay.operations, rules.illness_hints):
        return LEAD_CI
    if in_ranges(stay.diagnosis, rules.accident_ranges):
        return LEAD_ACCIDENT
    return ""


def incident_of(stay: Stay) -> Incident:
    """The stay as an incident: the admission decides (domain 2.6). A death is never taken from the data."""
    return Incident(kind=INPATIENT, decisive_on=stay.admitted_on, discharged_on=stay.discharged_on)


def facts_of(stay: Stay, row: dict[str, str], rules: Matching) -> Facts:
    """What the settlement says, as the papers of a claim would; a level that the plan does not know is none."""
    return Facts(
        self_pay_in_scope_fen=stay.self_pay_in_scope_fen or 0,
        self_paid_fen=max(stay.self_paid_fen or 0, 0),
        settlement=row,
        fund_paid_fen=max(stay.pool_paid_fen or 0, 0),
        hospital_level=rules.hospital_levels.get(stay.hospital_level, ""),
        hospital_days=stay.hospital_days,
    )
