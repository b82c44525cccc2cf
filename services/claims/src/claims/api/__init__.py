"""HTTP in: estimates, filings, reviews, questions, and the plans' versions, each within what the actor may see."""

from litestar.types import ControllerRouterHandler

from claims.api import estimates, explanations, filing, plan_versions, queries, reviews, what_if

ROUTES: list[ControllerRouterHandler] = [
    *filing.ROUTES,
    *reviews.ROUTES,
    *queries.ROUTES,
    *estimates.ROUTES,
    *explanations.ROUTES,
    *plan_versions.ROUTES,
    *what_if.ROUTES,
]
