"""What health-checkup answers; values are opened for the member and the provider alone."""

from health_checkup.api import records, stops

ROUTES = [
    stops.open_stop,
    stops.invite,
    stops.book,
    stops.attend,
    stops.stop_view,
    stops.members,
    stops.summary,
    records.record_results,
    records.follow_up,
    records.finding_list,
    records.health_record,
]
