"""HTTP in: filings, reviews and questions, each within what the actor may see."""

from litestar.types import ControllerRouterHandler

from claims.api import asking, filing, objections, queries, recoveries, reviews, urgent

ROUTES: list[ControllerRouterHandler] = [
    *filing.ROUTES,
    *reviews.ROUTES,
    *asking.ROUTES,
    *urgent.ROUTES,
    *objections.ROUTES,
    *recoveries.ROUTES,
    *queries.ROUTES,
]
