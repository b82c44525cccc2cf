"""The read models of claims, each a table of its own."""

from chassis.projections import Projection
from claims.projections import (
    awards,
    claim_history,
    claim_lines,
    claims,
    covers,
    deadlines,
    duplicates,
    overrides,
    recoveries,
    special_decisions,
)

ALL: tuple[Projection, ...] = (
    covers.PROJECTION,
    claims.PROJECTION,
    claim_lines.PROJECTION,
    claim_history.PROJECTION,
    special_decisions.PROJECTION,
    awards.PROJECTION,
    duplicates.PROJECTION,
    deadlines.PROJECTION,
    overrides.PROJECTION,
    recoveries.PROJECTION,
)
