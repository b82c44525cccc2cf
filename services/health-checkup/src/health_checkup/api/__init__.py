"""What health-checkup answers; values are opened for the member and the provider alone."""

from health_checkup.api import findings, kiosks, records, reports, results, stops

ROUTES = [
    stops.open_stop,
    stops.invite,
    stops.book,
    stops.attend,
    stops.stop_view,
    stops.members,
    stops.summary,
    results.record_results,
    results.amend_results,
    results.record_fhir,
    results.record_spreadsheet,
    results.check_spreadsheet,
    results.results_template,
    results.problem_list,
    results.dismiss_problem,
    reports.attach_report,
    reports.report_document,
    reports.issue_report,
    reports.collective_report,
    findings.finding_list,
    findings.finding_view,
    findings.attempt,
    findings.follow_up,
    findings.offers,
    records.health_record,
    records.record_document,
    records.delete_copy,
    kiosks.take_readings,
]
