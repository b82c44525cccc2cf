"""The read models of enrolment."""

from chassis.projections import Projection
from enrolment.projections import (
    consents,
    cover_moves,
    covers,
    employments,
    members,
    person_claims,
    rights,
    roster_problems,
    rosters,
    seats,
)

ALL: tuple[Projection, ...] = (
    rosters.PROJECTION,
    roster_problems.PROJECTION,
    members.PROJECTION,
    covers.PROJECTION,
    seats.PROJECTION,
    cover_moves.PROJECTION,
    employments.PROJECTION,
    consents.PROJECTION,
    rights.PROJECTION,
    person_claims.PROJECTION,
)
