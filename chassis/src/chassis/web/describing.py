"""What a service's OpenAPI says beyond what Litestar finds: requests exactly as msgspec takes them, and problems."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Litestar
from litestar.openapi.spec import Components, OpenAPIMediaType, OpenAPIResponse, Operation, Reference
from litestar.openapi.spec.base import BaseSchemaObject
from litestar.openapi.spec.path_item import PathItem
from litestar.routes import HTTPRoute

from chassis.web.problem import MEDIA_TYPE, ProblemBody
from chassis.web.public import is_public

REFERENCE = "#/components/schemas/{name}"
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass
class Ready(BaseSchemaObject):
    """A schema that msgspec has made: bounds of arrays, closed objects and elements of tuples are in it."""

    schema: dict[str, Any]

    def to_schema(self) -> dict[str, Any]:
        """The schema as it is."""
        return self.schema


def describe(app: Litestar) -> None:
    """Correct the application's OpenAPI document, before it is first read."""
    document = app.openapi_schema
    components = document.components
    if not isinstance(components, Components) or components.schemas is None:
        return
    _, shapes = msgspec.json.schema_components([*_requests(app), ProblemBody], ref_template=REFERENCE)
    components.schemas.update({name: Ready(shape) for name, shape in shapes.items()})  # type: ignore[misc]
    problem = OpenAPIResponse(
        description="Refused: a stable `code`, a sentence, and the field if there is one.",
        content={MEDIA_TYPE: OpenAPIMediaType(schema=Reference(ref=REFERENCE.format(name=ProblemBody.__name__)))},
    )
    public = _public(app)
    for path, item in (document.paths or {}).items():
        for operation in _operations(item):
            if path in public:
                operation.security = [{}]
            responses = operation.responses or {}
            responses.pop("400", None)  # Litestar's own shape, which is never sent
            responses["default"] = problem


def query_names(app: Litestar) -> dict[tuple[str, str], frozenset[str]]:
    """Which query parameters each method of each path template takes, as its OpenAPI document says."""
    return {
        (path, method.upper()): frozenset(
            one.name for one in operation.parameters or () if not isinstance(one, Reference) and one.param_in == "query"
        )
        for path, item in (app.openapi_schema.paths or {}).items()
        for method in METHODS
        if (operation := getattr(item, method)) is not None
    }


def _requests(app: Litestar) -> list[type[msgspec.Struct]]:
    """The Structs that handlers take as JSON."""
    found = {
        field.annotation
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if (field := handler.parsed_data_field) is not None
    }
    return sorted(
        (one for one in found if isinstance(one, type) and issubclass(one, msgspec.Struct)),
        key=lambda one: one.__name__,
    )


def _public(app: Litestar) -> frozenset[str]:
    """The path templates that are answered without a token."""
    return frozenset(
        route.path_format
        for route in app.routes
        if isinstance(route, HTTPRoute) and any(is_public(handler) for handler in route.route_handlers)
    )


def _operations(item: PathItem) -> list[Operation]:
    return [operation for method in METHODS if (operation := getattr(item, method)) is not None]
