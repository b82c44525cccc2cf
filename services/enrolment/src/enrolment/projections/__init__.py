"""The read models of enrolment."""

from chassis.projections import Projection
from enrolment.projections import covers, members, roster_problems, rosters, seats

ALL: tuple[Projection, ...] = (
    rosters.PROJECTION,
    roster_problems.PROJECTION,
    members.PROJECTION,
    covers.PROJECTION,
    seats.PROJECTION,
)
