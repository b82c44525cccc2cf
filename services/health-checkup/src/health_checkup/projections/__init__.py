"""What health-checkup can be asked, and what it needs to know of members."""

from chassis.projections import Projection
from health_checkup.projections import (
    attendances,
    claim_offers,
    collective_reports,
    deleted_copies,
    eligible,
    exam_reports,
    exam_versions,
    exams,
    findings,
    follow_ups,
    people,
    readings,
    result_problems,
    stops,
)

ALL: tuple[Projection, ...] = (
    stops.PROJECTION,
    attendances.PROJECTION,
    exams.PROJECTION,
    exam_versions.PROJECTION,
    exam_reports.PROJECTION,
    result_problems.PROJECTION,
    findings.PROJECTION,
    follow_ups.PROJECTION,
    claim_offers.PROJECTION,
    readings.PROJECTION,
    deleted_copies.PROJECTION,
    collective_reports.PROJECTION,
    eligible.PROJECTION,
    people.PROJECTION,
)
