"""HTTP in: donations, quotas, rosters, batches, members and covers, within the subtree of the actor's organisation."""

from litestar.types import ControllerRouterHandler

from enrolment.api import batches, certificates, holds, members, plans, quotas, rosters

ROUTES: list[ControllerRouterHandler] = [
    plans.give_seats,
    plans.plan_seats,
    plans.cover_counts,
    quotas.set_quota,
    quotas.quota_list,
    rosters.receive_roster,
    rosters.roster_list,
    rosters.roster_standing,
    rosters.roster_errors,
    batches.row_list,
    batches.settle_errors,
    batches.confirm_by_city,
    batches.confirm_by_office,
    batches.fund,
    batches.cancel,
    batches.replace,
    batches.withdraw,
    holds.hold_list,
    holds.resolve_hold,
    certificates.certificate,
    certificates.check_certificate,
    members.look_up,
    members.member,
    members.record_death,
]
