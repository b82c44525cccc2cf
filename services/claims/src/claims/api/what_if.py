"""What if: a year's decided claims under other rules, from the log, beside what was decided. Nothing is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from typing import Annotated, Any

import msgspec
from litestar import post
from litestar.params import JSONBody
from litestar.types import ControllerRouterHandler
from msgspec import Meta

from chassis.auth import allow_province
from chassis.context import Context
from chassis.keyring import Erased
from chassis.web import Problem
from claims.api.access import visible
from claims.api.filing import FACTS_FIELD
from claims.api.plans import PLANS, PlanUnusable, plan_from
from claims.api.shapes import Asked, PlanCode
from claims.domain.claim import CLAIM
from claims.domain.plan import Plan
from claims.domain.what_if import Difference, PastClaim, Recomputed, past_claim, recompute
from claims.projections import claims, covers
from contracts.envelope import Actor
from contracts.person import Facts

YEAR_MIN, YEAR_MAX = 2000, 2100
PAGE_MAX = 1_000
CLAIMS_AT_ONCE = 200
"""So many streams are read, opened and judged together; in between others are served."""
PATH_CHARS_MAX = 200
OVERRIDES_MAX = 100
ERASED_SHOWN_MAX = 200

Path = Annotated[str, Meta(min_length=1, max_length=PATH_CHARS_MAX, pattern=r"^[A-Za-z0-9_./ -]+$")]


class WhatIfAsked(Asked, frozen=True, kw_only=True):
    """Whose year, and the other rules: a whole plan as `document`, or `overrides` of one version by dotted path.

    `after` and `limit` page through the claims that change.
    """

    plan: PlanCode
    version: Annotated[int, Meta(ge=1, le=100_000)] = 1
    period: Annotated[int, Meta(ge=YEAR_MIN, le=YEAR_MAX)]
    document: dict[str, Any] | None = None
    overrides: Annotated[dict[Path, Any], Meta(min_length=1, max_length=OVERRIDES_MAX)] | None = None
    after: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = 100


class ClaimDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A claim that changes; `why` names the refusals and caps that it meets under the other rules."""

    claim_id: str
    claim_no: str
    before_fen: int
    after_fen: int
    difference_fen: int
    why: tuple[str, ...]


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """The year under the other rules: claims recomputed and changed, open ones left out, money before and after.

    `erased` counts claims whose facts no longer exist: reported (the first of them by id), never guessed.
    """

    plan_code: str
    period: int
    claims: int
    changed: int
    open: int
    erased: int
    erased_claim_ids: list[str]
    before_fen: int
    after_fen: int
    difference_fen: int
    differences: list[ClaimDifference]
    next_after: int


@post("/claims/what-if", status_code=200)
async def what_if(data: JSONBody[WhatIfAsked], actor: Actor, context: Context) -> WhatIf:
    """Recompute a year; the head of the office and the committee may ask."""
    allow_province(actor, "office_head", "supervisor")
    plan = _other_rules(data)
    async with context.reads.connection() as c:
        rows = await claims.of_year(c, visible(actor), data.plan, data.period)
    claims_max = context.settings.what_if_claims_max
    if len(rows) > claims_max:
        raise Problem(422, "what-if-too-large", f"At most {claims_max} claims are recomputed at once.", "period")
    differences: list[Difference] = []
    erased: list[str] = []
    for chunk in _chunks(rows):
        for one in await _recomputed(context, data.plan, plan, chunk):
            differences += one.differences
            erased += one.erased
    return _answer(data, len(rows), differences, erased)


def _other_rules(data: WhatIfAsked) -> Plan:
    """The plan to judge by. Raises Problem plan-unknown, rules-missing, plan-invalid."""
    if (data.document is None) == (data.overrides is None):
        raise Problem(422, "rules-missing", "Give either a whole plan or overrides of one.", "document")
    if data.document is not None:
        document = data.document
    else:
        base = PLANS.get((data.plan, data.version))
        if base is None:
            raise Problem(404, "plan-unknown", "There is no such version of a plan.", "version")
        document = msgspec.to_builtins(base, str_keys=True)
        for path, value in (data.overrides or {}).items():
            _override(document, path, value)
    try:
        return plan_from(msgspec.json.encode(document), data.plan)
    except PlanUnusable as error:
        raise Problem(
            422, "plan-invalid", f"{error}.", "document" if data.document is not None else "overrides"
        ) from None


def _override(document: Any, path: str, value: Any) -> None:
    """Replace the parameter at a dotted path, entries of lists by their code. Raises Problem parameter-unknown."""
    *above, last = path.split(".")
    for name in above:
        document = _below(document, name)
    if not isinstance(document, dict) or last not in document:
        raise Problem(422, "parameter-unknown", "The plan has no such parameter.", "overrides")
    document[last] = value


def _below(document: Any, name: str) -> Any:
    match document:
        case dict():
            return document.get(name)
        case list() | tuple():
            return next((one for one in document if isinstance(one, dict) and one.get("code") == name), None)
        case _:
            return None


def _chunks(rows: list[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """Rows (person, claim) in chunks that keep a person's claims together."""
    chunk: list[tuple[str, str]] = []
    for _, own in groupby(rows, key=lambda row: row[0]):
        chunk += own
        if len(chunk) >= CLAIMS_AT_ONCE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


async def _recomputed(context: Context, plan_code: str, plan: Plan, chunk: list[tuple[str, str]]) -> list[Recomputed]:
    histories = await context.log.load_many([CLAIM.stream(claim_id) for _, claim_id in chunk])
    streams = [histories[CLAIM.stream(claim_id)] for _, claim_id in chunk]
    past = [past_claim((one.position, one.event) for one in history) for history in streams]
    decided = await _opened(context, [one for one in past if one is not None])
    async with context.reads.connection() as c:
        found = await covers.of_people(c, list(dict.fromkeys(person for person, _ in chunk)), plan_code)
    answers = []
    for person_id, own in groupby(decided, key=lambda one: one.filed.person_id):
        row = found.get(person_id)
        answers.append(recompute(own, row.cover if row else None, plan, _was))
    return answers


async def _opened(context: Context, past: list[PastClaim]) -> list[PastClaim]:
    """With their facts opened; an erased person's stay None."""
    if not past:
        return []
    questions = [(one.filed.facts, Facts, one.filed.person_id, FACTS_FIELD) for one in past]
    answers = await context.keyring.open_many(questions)
    pairs = zip(past, answers, strict=True)
    return [one if isinstance(answer, Erased) else replace(one, facts=answer) for one, answer in pairs]


def _was(claim: PastClaim) -> Plan:
    plan = PLANS.get((claim.filed.plan_code, claim.filed.plan_version))
    if plan is None:
        raise Problem(409, "plan-unknown", "The rules of this plan's version are not known here.", "plan")
    return plan


def _answer(data: WhatIfAsked, rows: int, differences: list[Difference], erased: list[str]) -> WhatIf:
    before_fen = sum(one.before_fen for one in differences)
    after_fen = sum(one.after_fen for one in differences)
    changed = [one for one in differences if one.before_fen != one.after_fen]
    page = changed[data.after : data.after + data.limit]
    more = data.after + len(page) < len(changed)
    return WhatIf(
        plan_code=data.plan,
        period=data.period,
        claims=len(differences),
        changed=len(changed),
        open=rows - len(differences) - len(erased),
        erased=len(erased),
        erased_claim_ids=erased[:ERASED_SHOWN_MAX],
        before_fen=before_fen,
        after_fen=after_fen,
        difference_fen=after_fen - before_fen,
        differences=[
            ClaimDifference(
                claim_id=one.claim_id,
                claim_no=one.claim_no,
                before_fen=one.before_fen,
                after_fen=one.after_fen,
                difference_fen=one.after_fen - one.before_fen,
                why=one.why,
            )
            for one in page
        ],
        next_after=data.after + len(page) if more and page else 0,
    )


ROUTES: list[ControllerRouterHandler] = [what_if]
