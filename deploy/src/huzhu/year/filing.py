"""What a synthetic claimant hands in: the request, the account, the papers."""

from __future__ import annotations

import random
from typing import Any

from claims.api.plans import PLANS
from claims.domain.reviews import steps_of
from contracts.claims.v1 import Incident
from huzhu.demo.cast import card
from huzhu.demo.story import PLAN
from huzhu.synthetic.cards import plain_paper
from huzhu.synthetic.people import mobile, name
from huzhu.year.incidence import CRITICAL, DEATH_AT_WORK, DEATHS, DISABILITY, INPATIENT, SUDDEN, Case
from simulators.bank.book import CARD_SUFFIXES, SUFFIX_LENGTH

KINDS = {INPATIENT: "INPATIENT", CRITICAL: "ILLNESS", DISABILITY: "ACCIDENT", SUDDEN: "SUDDEN_ILLNESS"}
HEIR_PAPERS = ("DEATH_CERTIFICATE", "KINSHIP_PROOF", "HEIR_LIST", "CLAIMANT_ID_CARD", "NOTARIAL_DEED")
EVIDENCE = {
    "CANCER": "PATHOLOGY",
    "LEUKEMIA": "PATHOLOGY",
    "ACUTE_MI": "CHEST_PAIN,ECG,ENZYMES",
    "HEART_VALVE_SURGERY": "OPERATION",
    "INTRACRANIAL_TUMOR_SURGERY": "OPERATION",
}
UNLISTED = "THYROID_NODULE"
GRADING = "JR/T 0083-2013"
EXCLUDED_BY = "EX_PSYCHIATRIC"
PAPER_OF = {CRITICAL: "DIAGNOSIS_CERTIFICATE", DISABILITY: "DISABILITY_CERTIFICATE"}


def drawing(case: Case, what: str) -> random.Random:
    """Chance of its own for each case and matter, so that the order of the day changes nothing."""
    return random.Random(f"{case.number}/{case.member.id_no}/{what}")


def incident(case: Case) -> dict[str, Any]:
    """What happened, as it is filed."""
    told: dict[str, Any] = {"kind": KINDS.get(case.kind, "ACCIDENT"), "decisive_on": case.happened_on.isoformat()}
    if case.kind == INPATIENT:
        told["discharged_on"] = case.ended_on.isoformat()
    if case.kind in DEATHS:
        told["died_on"] = case.ended_on.isoformat()
    if case.kind == DEATH_AT_WORK:
        told["at_work"] = True
    return told


def steps(case: Case, channel: str) -> list[str]:
    """The reviews that the claim passes, as the plan has them."""
    plan = max((plan for (code, _), plan in PLANS.items() if code == PLAN), key=lambda plan: plan.version)
    told = incident(case)
    happened = Incident(**{name: told[name] for name in ("kind", "decisive_on", "died_on") if name in told})
    return list(steps_of(plan, channel, happened, case.org_path))


def filing(case: Case, channel: str, documents: list[dict[str, str]]) -> dict[str, Any]:
    """The request that files the case."""
    return {
        "person_id": case.person_id,
        "plan": PLAN,
        "channel": channel,
        "incident": incident(case),
        "facts": _facts(case),
        "documents": documents,
        "payees": payees(case),
        "urgent": case.urgent,
    }


def _facts(case: Case) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if case.kind == INPATIENT:
        own = 0 if "no_self_pay" in case.trouble else case.self_pay_fen
        facts = {
            "self_pay_in_scope_fen": own,
            "self_paid_fen": own + case.outside_fen,
            "fund_paid_fen": case.funds_fen,
        }
        if "excluded" in case.trouble:
            facts["exclusions"] = [EXCLUDED_BY]
    elif case.kind == CRITICAL:
        illness = UNLISTED if "outside_list" in case.trouble else case.illness
        facts = {"illness": illness, "illness_basis": EVIDENCE.get(case.illness, "DIAGNOSIS")}
    elif case.kind == DISABILITY:
        facts = {"grading_standard": GRADING, "disabilities": [["LIMB_FUNCTION", case.grade]]}
    elif case.kind == SUDDEN:
        facts = {"illness": "ACUTE_MI", "illness_basis": "CHEST_PAIN", "cause_of_death": "I46"}
    return facts


def payees(case: Case) -> list[dict[str, Any]]:
    """The member with the own card, or one or two heirs of equal shares."""
    draw = drawing(case, "payees")
    if case.kind not in DEATHS:
        return [_payee("SELF", 100, case.member.name, account_no(case, draw))]
    heirs = [("SPOUSE", 100)] if draw.random() < 0.5 else [("SPOUSE", 50), ("CHILD", 50)]
    made = []
    for relation, share in heirs:
        heir = name(draw)
        contact = {"name": heir, "mobile": mobile(draw)}
        made.append(_payee(relation, share, heir, account_no(case, draw)) | {"contact": contact})
    return made


def _payee(relation: str, share: int, holder: str, card_no: str) -> dict[str, Any]:
    account = {"account_name": holder, "card_no": card_no}
    return {"relation": relation, "share_percent": share, "holder_name": holder, "account": account}


def account_no(case: Case, draw: random.Random) -> str:
    """A card; of somebody who names a wrong one, a card that the bank sends back for one of its reasons."""
    number = card(draw)
    if "wrong_card" in case.trouble:
        return number[:-SUFFIX_LENGTH] + draw.choice(sorted(CARD_SUFFIXES))
    return number


def papers(case: Case) -> dict[str, bytes]:
    """Pictures by kind. A plain stay brings none here: what its papers say stands in the request."""
    kinds = HEIR_PAPERS if case.kind in DEATHS else (PAPER_OF[case.kind],) if case.kind in PAPER_OF else ()
    return {kind: picture(case, kind) for kind in kinds}


def picture(case: Case, kind: str) -> bytes:
    """A sheet that is like no other."""
    return plain_paper(drawing(case, kind), kind).picture
