"""The read models of enrolment."""

from chassis.projections import Projection
from enrolment.projections import (
    batch_chunks,
    batches,
    claimants,
    covers,
    holds,
    members,
    places,
    quotas,
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
    claimants.PROJECTION,
    seats.PROJECTION,
    quotas.PROJECTION,
)
