"""HTTP in: filings, reviews, relief and questions, each within what the actor may see."""

from litestar.types import ControllerRouterHandler

from claims.api import (
    completeness,
    filing,
    flags,
    heirs,
    matches,
    mine,
    phone,
    queries,
    relief,
    relief_meetings,
    relief_reviews,
    reviews,
    settlements,
)

ROUTES: list[ControllerRouterHandler] = [
    *filing.ROUTES,
    *reviews.ROUTES,
    *queries.ROUTES,
    *phone.ROUTES,
    *heirs.ROUTES,
    *mine.ROUTES,
    *flags.ROUTES,
    *relief.ROUTES,
    *relief_reviews.ROUTES,
    *relief_meetings.ROUTES,
    *settlements.ROUTES,
    *matches.ROUTES,
    *completeness.ROUTES,
]
