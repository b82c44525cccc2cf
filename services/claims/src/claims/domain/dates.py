"""Which date decides about an incident, by the plan's data (domain 2.6)."""

from __future__ import annotations

from datetime import date

from claims.domain.plan import ListedIllness, Plan
from contracts.claims.v1 import Incident
from contracts.person import Facts

ADMISSION, DISCHARGE, ACCIDENT, GRADED = "ADMISSION", "DISCHARGE", "ACCIDENT", "GRADED"
PATHOLOGY, OPERATION, FIRST_DIAGNOSIS = "PATHOLOGY", "OPERATION", "FIRST_DIAGNOSIS"
NAMES = (ADMISSION, DISCHARGE, ACCIDENT, GRADED, PATHOLOGY, OPERATION, FIRST_DIAGNOSIS)


def known_dates(incident: Incident, facts: Facts) -> dict[str, date]:
    """The dates of an incident by name; those on papers come after what was filed."""
    own = {
        "INPATIENT": {ADMISSION: incident.decisive_on, DISCHARGE: incident.discharged_on},
        "ACCIDENT": {ACCIDENT: incident.decisive_on},
    }.get(incident.kind, {})
    named = {**dict(facts.dates), **own}
    return {name: date.fromisoformat(day) for name, day in named.items() if day}


def decisive_on(plan: Plan, incident: Incident, facts: Facts) -> date:
    """The date that decides: the first that the plan names and the papers know, else the one that was filed.

    An illness that names its own date (pathology for cancer, the operation) is decided by no other.
    """
    known = known_dates(incident, facts)
    names = _of_illness(plan, facts) or plan.dates.get(incident.kind, ())
    found = next((known[name] for name in names if name in known), None)
    return found or date.fromisoformat(incident.decisive_on)


def _of_illness(plan: Plan, facts: Facts) -> tuple[str, ...]:
    if not facts.illness:
        return ()
    formulas = [benefit.formula for benefit in plan.benefits.values()]
    listed = [one for formula in formulas if isinstance(formula, ListedIllness) for one in formula.illnesses]
    return next((one.decided_by for one in listed if one.code == facts.illness), ())
