"""The read models of claims, each a table of its own."""

from chassis.projections import Projection
from claims.projections import (
    acting_relatives,
    awards,
    claim_history,
    claim_lines,
    claims,
    claims_for_information,
    cover_moves,
    covers,
    deceased,
    duplicates,
    flags,
    phone_calls,
    plan_versions,
    relief_cases,
    relief_objections,
    special_decisions,
    unit_accidents,
)

ALL: tuple[Projection, ...] = (
    covers.PROJECTION,
    cover_moves.PROJECTION,
    claims.PROJECTION,
    claim_lines.PROJECTION,
    claim_history.PROJECTION,
    special_decisions.PROJECTION,
    awards.PROJECTION,
    duplicates.PROJECTION,
    plan_versions.PROJECTION,
    deceased.PROJECTION,
    relief_cases.PROJECTION,
    relief_objections.PROJECTION,
    flags.PROJECTION,
    unit_accidents.PROJECTION,
    phone_calls.PROJECTION,
    acting_relatives.PROJECTION,
    claims_for_information.PROJECTION,
)
