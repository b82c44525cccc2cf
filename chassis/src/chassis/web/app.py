"""The HTTP face of a service: who asks, what was asked to be readable, and one shape of answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields
from time import perf_counter
from typing import Any

import msgspec
from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.di import Provide
from litestar.enums import RequestEncodingType, ScopeType
from litestar.exceptions import ValidationException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import ASGIApp, ControllerRouterHandler, Message, Receive, Scope, Send

from chassis.context import FORMS, Context
from chassis.telemetry import span
from chassis.telemetry.metrics import HTTP_SECONDS
from chassis.web.describing import describe, query_names
from chassis.web.problem import AnyRequest, Problem, handle
from chassis.web.public import is_public
from chassis.web.uploads import hold_uploads
from contracts.envelope import Actor

BODY_BYTES_MAX = 1_048_576
IF_POSITION_HEADER = "If-Log-Position"
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
POSITION_DIGITS_MAX = 18
CHARSET = "utf-8"
NUL_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def create_app(
    context: Context,
    routes: Sequence[ControllerRouterHandler],
    *,
    version: str = "1",
    body_bytes_max: int = BODY_BYTES_MAX,
) -> Litestar:
    """A Litestar application over a service's routes; `/schema/openapi.json` describes it."""

    async def before(request: AnyRequest) -> Response[Any] | None:
        if request.url.path in PROBES:
            return None
        _refuse_nul(request)
        _refuse_media_type(request)
        public = is_public(request.route_handler)
        if not public:
            actor = await context.verifier.verify(request.headers.get("Authorization", ""))
            request.scope["state"]["actor"] = actor
        _refuse_unknown_query(request)
        await _refuse_loose_body(request)
        if not public:
            await _until_readable(request, context)
        return None

    async def the_actor(request: AnyRequest) -> Actor:
        actor: Actor = request.scope["state"]["actor"]
        return actor

    async def the_context(state: State) -> Context:
        held: Context = state.context
        return held

    hold_uploads()
    app = Litestar(
        route_handlers=list(routes),
        before_request=before,
        dependencies={"actor": Provide(the_actor), "context": Provide(the_context)},
        exception_handlers={Exception: handle},
        middleware=[_measured],
        state=State({"context": context}),
        request_max_body_size=body_bytes_max,
        openapi_config=OpenAPIConfig(
            title=f"huzhu-{context.service}",
            version=version,
            security=[{"bearer": []}],
            components=Components(
                security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}
            ),
        ),
        logging_config=None,
    )
    describe(app)
    app.state.query_names = query_names(app)
    return app


JSON_DIALECTS = "json_dialects"
"""A handler's `opt` names media types by which the JSON that it takes may also be called."""


def _refuse_nul(request: AnyRequest) -> None:
    """No text of Postgres holds a NUL, so nothing has such an address and no filter can match one."""
    if "\0" in request.scope["path"]:
        raise Problem(404, "not-found", "There is nothing at this address.")
    if b"%00" in request.scope["query_string"]:
        raise Problem(400, "request-invalid", "A parameter holds a NUL character.")


def _refuse_media_type(request: AnyRequest) -> None:
    """A body is what its header says it is, and text is UTF-8; Litestar itself would read any body as JSON."""
    body = request.route_handler.parsed_data_field
    if body is None:
        return
    asked = getattr(body.kwarg_definition, "media_type", None)
    wanted = FORMS if asked == RequestEncodingType.MULTI_PART else (RequestEncodingType.JSON,)
    media_type, options = request.content_type
    taken = (*wanted, *request.route_handler.opt.get(JSON_DIALECTS, ()))
    if media_type not in taken or options.get("charset", CHARSET).lower() != CHARSET:
        sentence = f"The request must be {wanted[0].value} in UTF-8."
        raise Problem(415, "media-type-unsupported", sentence, "Content-Type")


def _refuse_unknown_query(request: AnyRequest) -> None:
    """A misspelt filter would answer with everything: a name that the path does not take is refused."""
    known = request.app.state.query_names.get((request.scope["path_template"], request.method))
    if known is None:
        return
    if unknown := sorted(set(request.query_params) - known):
        raise Problem(400, "request-invalid", "A parameter is not asked for.", unknown[0])


async def _refuse_loose_body(request: AnyRequest) -> None:
    """A body holds exactly what is asked: Litestar itself would take "5" for 5, 0 for false and any form field.

    Nor does JSON hold a NUL, which no text of Postgres keeps. What cannot be read at all is left to Litestar.
    """
    body = request.route_handler.parsed_data_field
    if body is None:
        return
    if request.content_type[0] in FORMS:
        known = {one.name for one in fields(body.annotation)}
        if unknown := sorted(set(await request.form()) - known):
            raise Problem(400, "request-invalid", "A field is not asked for.", unknown[0])
        return
    content = await request.body()
    try:
        told = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    if NUL_ESCAPE.search(content):
        raise Problem(400, "request-invalid", "A text holds a NUL character.")
    try:
        msgspec.convert(told, body.annotation)
    except msgspec.ValidationError as error:
        raise ValidationException(extra=[{"message": str(error)}]) from None


async def _until_readable(request: AnyRequest, context: Context) -> None:
    """A GET that names a position waits, bounded, until the read models have reached it."""
    wanted = request.headers.get(IF_POSITION_HEADER, "")
    if not wanted:
        return
    if not wanted.isascii() or not wanted.isdigit() or len(wanted) > POSITION_DIGITS_MAX:
        raise Problem(400, "position-invalid", "If-Log-Position is a whole number.", IF_POSITION_HEADER)
    await context.projecting.wait_for(int(wanted))


def _measured(app: ASGIApp) -> ASGIApp:
    """Time and trace every request by its route's template, never by its path."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        status = 500
        started = perf_counter()
        request: Request[Any, Any, Any] = Request(scope)
        route = scope.get("path_template", "")

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with span(f"{request.method} {route}", request.headers.get("traceparent", "")):
            await app(scope, receive, noting)
        HTTP_SECONDS.labels(route=route, method=request.method, status=str(status)).observe(perf_counter() - started)

    return middleware
