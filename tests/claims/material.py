"""What the specifications of claims are told with: the plan, and filings without anything personal in them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from claims.domain.benefits import Application, Assessment, Award, Cover, assess
from claims.domain.plan import Benefit, Plan
from contracts.claims.v1 import BenefitLine, ClaimFiled, Document, Incident, Payee
from contracts.envelope import Sealed
from contracts.person import Facts

ROOT = Path(__file__).parent.parent.parent
PLAN_FILE = ROOT / "services/claims/src/claims/plans/GS-NEF-2022.v1.json"
CASES = ROOT / "tests/journeys/cases"
PLAN = msgspec.json.decode(PLAN_FILE.read_bytes(), type=Plan)
COVER = Cover(date(2022, 1, 1), date(2023, 1, 1))
UNIT_PATH = "620000.620700.620725.6207251000001"
YUAN = 100


def changed(code: str, /, plan: Plan = PLAN, **columns: Any) -> Plan:
    """The plan with one benefit's parameters, or its formula's, replaced."""
    benefit = plan.benefits[code]
    own = {name: value for name, value in columns.items() if name in Benefit.__struct_fields__}
    formula = {name: value for name, value in columns.items() if name not in own}
    fresh = msgspec.structs.replace(benefit, formula=msgspec.structs.replace(benefit.formula, **formula), **own)
    return msgspec.structs.replace(plan, benefits={**plan.benefits, code: fresh})


def judged(
    incident: Incident,
    facts: Facts,
    *,
    plan: Plan = PLAN,
    awarded: tuple[Award, ...] = (),
    cover: Cover | None = COVER,
    filed_on: date = date(2022, 7, 1),
) -> Assessment:
    """The rules' answer."""
    return assess(application(incident, facts, plan=plan, awarded=awarded, cover=cover, filed_on=filed_on))


def application(
    incident: Incident,
    facts: Facts,
    *,
    plan: Plan = PLAN,
    awarded: tuple[Award, ...] = (),
    cover: Cover | None = COVER,
    filed_on: date = date(2022, 7, 1),
) -> Application:
    return Application(
        claim_id="c1", plan=plan, cover=cover, incident=incident, facts=facts, filed_on=filed_on, awarded=awarded
    )


def sealed(subject: str, category: str) -> Sealed:
    return Sealed(suite="A256GCM", s=subject, k=category, v=1, e="d", c="AA==")


def payee(payee_id: str = "p1", relation: str = "SELF", share: int = 100) -> Payee:
    return Payee(
        payee_id=payee_id,
        relation=relation,
        share_percent=share,
        account=sealed(payee_id, "bank"),
        account_tail="0000",
        contact=None,
        name_matches=True,
    )


def line(code: str = "CRITICAL_ILLNESS", fen: int = 50_000 * YUAN, claim_id: str = "c1") -> BenefitLine:
    return BenefitLine(
        line_id=f"{claim_id}.{code}", benefit_code=code, computed_fen=fen, cap_cut_fen=0, amount_fen=fen, trace=("t",)
    )


def filing(
    *,
    claim_id: str = "c1",
    incident: Incident | None = None,
    steps: tuple[str, ...] = ("OFFICE_REVIEW",),
    payees: tuple[Payee, ...] = (payee(),),
    by: str = "filer",
) -> ClaimFiled:
    return ClaimFiled(
        claim_id=claim_id,
        claim_no="GS22-1",
        person_id="p1",
        plan_code=PLAN.code,
        plan_version=PLAN.version,
        channel="UNIT",
        org_path=UNIT_PATH,
        incident=incident or Incident(kind="ILLNESS", decisive_on="2022-05-12"),
        facts=sealed("p1", "health"),
        documents=(Document(kind="EMERGENCY_RECORD", sha256="0" * 64),),
        payees=payees,
        urgent=False,
        filed_on="2022-06-01",
        steps=steps,
        by=by,
    )
