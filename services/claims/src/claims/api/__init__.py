"""HTTP in: filings, reviews and questions, each within what the actor may see."""

from litestar.types import ControllerRouterHandler

from claims.api import filing, papers, queries, reviews

ROUTES: list[ControllerRouterHandler] = [*filing.ROUTES, *reviews.ROUTES, *queries.ROUTES, *papers.ROUTES]
