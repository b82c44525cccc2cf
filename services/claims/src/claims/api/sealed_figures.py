"""Figures by what only sealed facts say: opened for one question, counted, and forgotten (domain 10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from chassis.cells import UNKNOWN, Cells, changed_values
from chassis.context import Context
from chassis.keyring import Erased
from chassis.web import Problem
from claims.api.filing import FACTS_FIELD
from claims.api.objections import CORRECTED_FACTS_FIELD
from claims.api.plans import PLANS
from claims.api.what_if import CLAIMS_AT_ONCE
from claims.domain.claim import CLAIM
from claims.domain.illness_class import illness_class
from claims.projections import figures
from contracts.claims.process import ObjectionDecided
from contracts.claims.v1 import ClaimFiled
from contracts.person import Facts


class Labels:
    """What some claims are grouped by: a number each, and what it stands for, here alone."""

    def __init__(self, values: dict[str, str]) -> None:
        """Number the values, by claim, in the order of the claims."""
        self._values = list(dict.fromkeys(values.values()))
        self.numbers = {claim_id: self._values.index(value) for claim_id, value in values.items()}

    def told(self, found: Cells, name: str) -> Cells:
        """The cells with the values in the place of their numbers, in the order of the values."""
        return changed_values(found, name, lambda label: UNKNOWN if label == UNKNOWN else self._values[int(label)])


async def labels_of(context: Context, ids: sa.Select[Any], name: str) -> Labels:
    """The hospital level or the class of illness of some claims; of erased people, the unknown one.

    Every opening is written into the log of openings. Raises Problem claims-too-many.
    """
    claims_max = context.settings.opened_claims_max
    async with context.reads.connection() as c:
        query = ids.order_by(sa.text("1")).limit(claims_max + 1)
        claim_ids = [claim_id for (claim_id,) in await c.execute(query)]
    if len(claim_ids) > claims_max:
        raise Problem(422, "claims-too-many", f"At most {claims_max} claims at once; ask for fewer days.", "from")
    values: dict[str, str] = {}
    for start in range(0, len(claim_ids), CLAIMS_AT_ONCE):
        values |= await _values(context, claim_ids[start : start + CLAIMS_AT_ONCE], name)
    return Labels(values)


async def _values(context: Context, claim_ids: Sequence[str], name: str) -> dict[str, str]:
    histories = await context.log.load_many([CLAIM.stream(claim_id) for claim_id in claim_ids])
    filed: list[ClaimFiled] = []
    questions = []
    for history in histories.values():
        events = [one.event for one in history]
        claim = next(event for event in events if isinstance(event, ClaimFiled))
        sealed, sealed_for = claim.facts, FACTS_FIELD
        for event in events:
            if isinstance(event, ObjectionDecided) and event.facts is not None:
                sealed, sealed_for = event.facts, CORRECTED_FACTS_FIELD
        filed.append(claim)
        questions.append((sealed, Facts, claim.person_id, sealed_for))
    answers = await context.keyring.open_many(questions)
    return {
        one.claim_id: UNKNOWN if isinstance(facts, Erased) else _value(one, facts, name) or UNKNOWN
        for one, facts in zip(filed, answers, strict=True)
    }


def _value(filed: ClaimFiled, facts: Facts, name: str) -> str:
    if name == figures.HOSPITAL_LEVEL:
        return facts.hospital_level
    plan = PLANS.get((filed.plan_code, filed.plan_version))
    return illness_class(facts, plan.matching.illness_hints if plan and plan.matching else ())
