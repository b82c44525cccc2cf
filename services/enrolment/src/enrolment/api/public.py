"""Am I covered? Anyone may ask with a number and a name; the answer is about the plan, never about the person."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from litestar import Request, post
from litestar.params import JSONBody

from chassis.context import Context
from chassis.log import Log
from chassis.web.public import PUBLIC, Limiter, client_address
from contracts.resolving import PersonAsked
from enrolment.api.access import Asked, IdNo, IdType, Name, the_plan
from enrolment.api.members import ACTIVE, status_of
from enrolment.api.resolving import keys_of
from enrolment.domain.plan import Plan
from enrolment.intake import index
from enrolment.intake.people import SCOPE
from enrolment.projections import covers, members, rights
from enrolment.settings import Settings

DEFAULT_PLAN = "GS-NEF-2022"


class CoverageAsked(Asked, frozen=True):
    """Number and name as on the document; they stand in no address and no log."""

    id_no: IdNo
    name: Name
    id_type: IdType = ""
    plan: IdType = DEFAULT_PLAN


class CoverageAnswer(msgspec.Struct, frozen=True):
    """The same shape and the same plan for everyone; half-open ISO dates. Neither paper nor certificate is needed.

    `covered` is false alike for a number nobody has, another name, a cover that does not hold today, and whoever's data
    may not be used.
    """

    covered: bool
    plan: str
    plan_name: str
    period_start: str
    period_end: str


class _Limits:
    """The limits of one process: by the address that asks, and by the number that is asked about."""

    def __init__(self, settings: Settings) -> None:
        self.addresses = Limiter(settings.check_burst_per_address, settings.check_per_address_hour)
        self.numbers = Limiter(settings.check_burst_per_number, settings.check_per_number_hour)


_limits: WeakKeyDictionary[Log, _Limits] = WeakKeyDictionary()


@post("/public/coverage-check", status_code=200, opt=PUBLIC)
async def check_coverage(
    data: JSONBody[CoverageAsked], request: Request[Any, Any, Any], context: Context
) -> CoverageAnswer:
    """Whether somebody of this number and name is covered today; each address and each number has its limit."""
    limits = _limits.get(context.log)
    if limits is None:
        limits = _limits[context.log] = _Limits(context.settings)
    limits.addresses.take(client_address(request))
    plan = the_plan(data.plan)
    await index.ensure(context.keyring)
    entry = PersonAsked(ref="", id_no=data.id_no, name=data.name, id_type=data.id_type.strip())
    keys = keys_of(context.keyring, entry, f"{context.clock.today():%Y%m%d}")
    number = keys.number or await context.keyring.blind_index(SCOPE, f"malformed|{data.id_no}")
    limits.numbers.take(number)
    return CoverageAnswer(
        covered=await _covered(context, plan, number, keys.name_born or number),
        plan=plan.code,
        plan_name=plan.name,
        period_start=plan.period_start.isoformat(),
        period_end=plan.period_end.isoformat(),
    )


async def _covered(context: Context, plan: Plan, number: bytes, name_born: bytes) -> bool:
    """The same questions are put whatever the first answers, so that time tells nothing."""
    holder = (await context.log.reserved(SCOPE, [number])).get(number, "")
    same = await context.log.pool.fetchval(
        "select exists (select from lookup where scope = $1 and key = $2 and owner = $3)",
        *(index.NAME_BORN, name_born, holder),
    )
    today = context.clock.today().isoformat()
    async with context.reads.connection() as c:
        found = await covers.of_person(c, holder, None)
        died_on = (await members.died(c, [holder])).get(holder)
        withheld = await rights.restricted(c, [holder])
    active = [one for one in found if one.plan_code == plan.code and status_of(one, today, died_on) == ACTIVE]
    return bool(same) and bool(active) and not withheld
