"""HTTP in: donations, rosters, members and covers, each within the subtree of the actor's organisation."""

from litestar.types import ControllerRouterHandler

from enrolment.api import changes, members, plans, public, resolving, rights, rosters

ROUTES: list[ControllerRouterHandler] = [
    plans.give_seats,
    plans.plan_seats,
    plans.cover_counts,
    rosters.receive_roster,
    rosters.roster_list,
    rosters.roster_standing,
    rosters.roster_errors,
    members.look_up,
    members.search,
    members.member_list,
    members.member,
    changes.record_death,
    changes.withdraw_death,
    changes.change_employment,
    changes.change_contact,
    changes.correct_name,
    changes.correct_number,
    rights.give_consent,
    rights.withdraw_consent,
    rights.restrict,
    rights.lift_restriction,
    rights.erase,
    rights.rights_of,
    rights.export,
    public.check_coverage,
    resolving.resolve_people,
]
