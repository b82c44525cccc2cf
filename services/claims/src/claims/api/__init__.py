"""HTTP in: estimates, filings, reviews, relief, questions, the plans' versions, each within what the actor may see."""

from litestar.types import ControllerRouterHandler

from claims.api import (
    completeness,
    estimates,
    explanations,
    filing,
    flags,
    heirs,
    matches,
    mine,
    papers,
    phone,
    plan_versions,
    queries,
    relief,
    relief_meetings,
    relief_reviews,
    reviews,
    settlements,
    what_if,
)

ROUTES: list[ControllerRouterHandler] = [
    *filing.ROUTES,
    *reviews.ROUTES,
    *queries.ROUTES,
    *estimates.ROUTES,
    *explanations.ROUTES,
    *plan_versions.ROUTES,
    *what_if.ROUTES,
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
    *papers.ROUTES,
]
