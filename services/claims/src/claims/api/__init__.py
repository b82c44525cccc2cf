"""HTTP in: filings, reviews and questions, each within what the actor may see."""

from litestar.types import ControllerRouterHandler

from claims.api import completeness, filing, matches, queries, reviews, settlements

ROUTES: list[ControllerRouterHandler] = [
    *filing.ROUTES,
    *reviews.ROUTES,
    *queries.ROUTES,
    *settlements.ROUTES,
    *matches.ROUTES,
    *completeness.ROUTES,
]
