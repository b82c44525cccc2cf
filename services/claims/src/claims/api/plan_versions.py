"""The versions of the plans: their rules, their digests, and the two signatures that adopt one."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import JSONBody, PathParameter
from litestar.types import ControllerRouterHandler
from msgspec import Meta

from chassis.auth import allow, allow_province
from chassis.context import Context
from chassis.execute import Session
from chassis.web import Problem
from claims.api.access import READERS
from claims.api.plans import DIGESTS, PLANS
from claims.api.shapes import Asked
from claims.domain.plan import Plan
from claims.domain.plan_version import PLAN_VERSION, SIGNERS, Adopted, SignPlanVersion, version_key
from claims.projections import plan_versions
from claims.projections.plan_versions import Signature
from contracts.envelope import Actor

VERSION_MAX = 100_000

Code = Annotated[str, PathParameter(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9-]+$")]
Version = Annotated[int, PathParameter(ge=1, le=VERSION_MAX)]


class PlanVersionView(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a plan; `rules_sha256` is its file's digest, `adopted` whether both have signed just this file."""

    plan_code: str
    plan_version: int
    name: str
    period_start: str
    period_end: str
    rules_sha256: str
    assumed: tuple[str, ...]
    signatures: list[Signature]
    adopted: bool


class PlanVersions(msgspec.Struct, frozen=True, kw_only=True):
    """Every version that this service judges by."""

    versions: list[PlanVersionView]


class SigningAsked(Asked, frozen=True, kw_only=True):
    """The digest of the rules that the signer has read."""

    rules_sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class Signing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a version stands after a signature."""

    plan_code: str
    plan_version: int
    rules_sha256: str
    adopted: bool


@get("/plans")
async def plan_version_list(actor: Actor, context: Context) -> PlanVersions:
    """Every version with its digest and signatures."""
    allow(actor, *READERS)
    async with context.reads.connection() as c:
        signed = await plan_versions.signatures(c)
    return PlanVersions(versions=[_view(plan, signed.get(key, [])) for key, plan in sorted(PLANS.items())])


@get("/plans/{code:str}/versions/{version:int}")
async def plan_rules(code: Code, version: Version, actor: Actor) -> dict[str, Any]:
    """The rules of a version, whole."""
    allow(actor, *READERS)
    document: dict[str, Any] = msgspec.to_builtins(_known(code, version), str_keys=True)
    return document


@post("/plans/{code:str}/versions/{version:int}/sign", status_code=200)
async def sign_plan_version(
    code: Code,
    version: Version,
    data: JSONBody[SigningAsked],
    request: Request[Any, Any, Any],
    actor: Actor,
    context: Context,
) -> Response[Signing]:
    """Sign a version's rules as the head of the office or for the committee; the second signature adopts it."""
    allow_province(actor, *SIGNERS)
    _known(code, version)
    role = next(role for role in SIGNERS if role in actor.roles)

    async def work(session: Session) -> Signing:
        key, digest = version_key(code, version), DIGESTS[code, version]
        command = SignPlanVersion(code, version, data.rules_sha256, digest, role, actor.sub)
        await session.decide(PLAN_VERSION, key, command)
        state = await session.load(PLAN_VERSION, key)
        return Signing(plan_code=code, plan_version=version, rules_sha256=digest, adopted=isinstance(state, Adopted))

    return await context.command(request, actor, work)


def _known(code: str, version: int) -> Plan:
    plan = PLANS.get((code, version))
    if plan is None:
        raise Problem(404, "plan-unknown", "There is no such version of a plan.")
    return plan


def _view(plan: Plan, signatures: list[Signature]) -> PlanVersionView:
    digest = DIGESTS[plan.code, plan.version]
    return PlanVersionView(
        plan_code=plan.code,
        plan_version=plan.version,
        name=plan.name,
        period_start=plan.period_start,
        period_end=plan.period_end,
        rules_sha256=digest,
        assumed=plan.assumed,
        signatures=signatures,
        adopted=bool(signatures) and all(one.adopted and one.rules_sha256 == digest for one in signatures),
    )


ROUTES: list[ControllerRouterHandler] = [plan_version_list, plan_rules, sign_plan_version]
