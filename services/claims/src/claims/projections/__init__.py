"""The read models of claims, each a table of its own."""

from chassis.projections import Projection
from claims.projections import (
    awards,
    claim_history,
    claim_lines,
    claims,
    cover_changes,
    cover_moves,
    covers,
    duplicates,
    match_results,
    match_tasks,
    settlement_counts,
    settlement_imports,
    settlements,
    special_decisions,
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
    settlement_imports.PROJECTION,
    settlement_counts.PROJECTION,
    settlements.PROJECTION,
    match_results.PROJECTION,
    match_tasks.PROJECTION,
    cover_changes.PROJECTION,
)
