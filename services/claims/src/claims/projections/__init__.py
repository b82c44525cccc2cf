"""The read models of claims, each a table of its own."""

from chassis.projections import Projection
from claims.projections import (
    awards,
    claim_history,
    claim_lines,
    claims,
    covers,
    documents,
    duplicates,
    identities,
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
    documents.PROJECTION,
    identities.PROJECTION,
)
