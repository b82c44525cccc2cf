"""Keyed indexes of erased people: cards, digests of pictures and their children are let go (domain 5.5, PIPL 47).

Reservations are written with events and stand in no event, so they are what an erasure of keys does not reach.
"""

from __future__ import annotations

import asyncio

from chassis.context import Context
from chassis.tail.failures import is_away
from claims.domain.flag import CARD_SCOPE
from claims.domain.relief_allowance import CHILD_SCOPE
from claims.papers.kept import IMAGE_SCOPE, OWN_SCOPE

INTERVAL_S = 3_600.0
RETRY_S = 30.0
_CARDS = (
    "delete from reservation where scope = $1"
    " and split_part(owner, ' ', 1) in (select person_id from projection.erased_people)"
)
_PICTURES = (
    "delete from reservation where scope = any($1) and owner in (select d.document_id from projection.documents d"
    " join projection.erased_people e on e.person_id = d.person_id)"
)
_CHILDREN = (
    "delete from reservation r where r.scope = $1"
    " and exists (select from projection.relief_cases c where c.child_id = r.owner)"
    " and not exists (select from projection.relief_cases c where c.child_id = r.owner"
    " and c.person_id not in (select person_id from projection.erased_people))"
)
"""A child for whom somebody else was helped too stays known."""


async def forget(context: Context) -> None:
    """Every hour, for ever: what a command wrote in the moment of the erasure goes with the next round."""
    while True:
        try:
            await forget_erased(context)
        except Exception as error:
            if not is_away(error):
                raise
            await asyncio.sleep(RETRY_S)
        else:
            await asyncio.sleep(INTERVAL_S)


async def forget_erased(context: Context) -> None:
    """Let go of the cards, pictures and children of everyone whose erasure has begun; again is quiet."""
    await context.log.pool.execute(_CARDS, CARD_SCOPE)
    await context.log.pool.execute(_PICTURES, [IMAGE_SCOPE, OWN_SCOPE])
    await context.log.pool.execute(_CHILDREN, CHILD_SCOPE)
