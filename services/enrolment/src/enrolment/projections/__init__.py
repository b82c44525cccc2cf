"""The read models of enrolment."""

from chassis.projections import Projection
from enrolment.projections import (
    batch_chunks,
    batches,
    consents,
    contact_changes,
    cover_moves,
    covers,
    employments,
    holds,
    kin,
    members,
    person_claims,
    places,
    quotas,
    reachability,
    rights,
    roster_problems,
    rosters,
    seats,
)

ALL: tuple[Projection, ...] = (
    rosters.PROJECTION,
    roster_problems.PROJECTION,
    batches.PROJECTION,
    batch_chunks.PROJECTION,
    places.PROJECTION,
    members.PROJECTION,
    covers.PROJECTION,
    holds.PROJECTION,
    seats.PROJECTION,
    quotas.PROJECTION,
    cover_moves.PROJECTION,
    employments.PROJECTION,
    consents.PROJECTION,
    rights.PROJECTION,
    contact_changes.PROJECTION,
    person_claims.PROJECTION,
    reachability.PROJECTION,
    kin.PROJECTION,
)
