"""What health-checkup can be asked, and what it needs to know of members."""

from chassis.projections import Projection
from health_checkup.projections import attendances, eligible, exams, findings, people, stops

ALL: tuple[Projection, ...] = (
    stops.PROJECTION,
    attendances.PROJECTION,
    exams.PROJECTION,
    findings.PROJECTION,
    eligible.PROJECTION,
    people.PROJECTION,
)
