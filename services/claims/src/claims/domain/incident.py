"""When two reports speak of the same incident: what may be claimed once (domain 4.4)."""

from __future__ import annotations

from contracts.claims.v1 import Incident

DEATH = "DEATH"


def incident_key(incident: Incident) -> str:
    """The identity of an incident within one person and plan.

    `INPATIENT/<admitted>/<discharged>`, `ACCIDENT/<date>`, `ILLNESS/<date>`; a death is
    `DEATH/<kind>/<date that decides>`: nobody dies twice, and an accident's death is claimed after its injury.
    """
    if incident.died_on and incident.kind != "INPATIENT":
        return f"{DEATH}/{incident.kind}/{incident.decisive_on}"
    if incident.kind == "INPATIENT":
        return f"INPATIENT/{incident.decisive_on}/{incident.discharged_on or incident.decisive_on}"
    kind = "ILLNESS" if incident.kind == "SUDDEN_ILLNESS" else incident.kind
    return f"{kind}/{incident.decisive_on}"


def same_incident(one: str, other: str) -> bool:
    """Whether two keys name one incident: the same, two deaths, or overlapping stays (a transfer's day is not)."""
    if one == other:
        return True
    kind, *dates = one.split("/")
    other_kind, *other_dates = other.split("/")
    if kind != other_kind:
        return False
    if kind == DEATH:
        return True
    if kind == "INPATIENT":
        return dates[0] == other_dates[0] or (dates[0] < other_dates[1] and other_dates[0] < dates[1])
    return False


def same_accident(one: str, other: str) -> bool:
    """Whether two keys rest on one accident: its injury and its death count as one (domain 2.2, rule 1)."""
    return one.removeprefix(f"{DEATH}/") == other.removeprefix(f"{DEATH}/") and "ACCIDENT/" in one
