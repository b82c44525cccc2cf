"""HTTP in: donations, rosters, members and covers, each within the subtree of the actor's organisation."""

from litestar.types import ControllerRouterHandler

from enrolment.api import members, plans, rosters

ROUTES: list[ControllerRouterHandler] = [
    plans.give_seats,
    plans.plan_seats,
    plans.cover_counts,
    rosters.receive_roster,
    rosters.roster_list,
    rosters.roster_standing,
    rosters.roster_errors,
    members.look_up,
    members.member,
    members.record_death,
]
