"""Every error of every service as problem+json (RFC 9457): a stable code, a sentence, the field."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from chassis.auth import Forbidden, KeysUnavailable, Unauthorized
from chassis.decider import Rejected
from chassis.execute import Contended
from chassis.keyring import Erased, Restricted
from chassis.log import LogClosed
from chassis.log.writer import QueueFull
from chassis.projecting import PositionNotReached
from chassis.tail.failures import is_away

RETRY_AFTER_S = 1
COME_AGAIN = frozenset({HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS})
MEDIA_TYPE = "application/problem+json"
QUOTED = re.compile(r"'[^']*'")
AT_FIELD = re.compile(r" - at `(?:key in )?\$\.?([^`]*)`")
UNKNOWN_FIELD = re.compile(r"unknown field `(.*)`", re.DOTALL)
MISSING_FIELD = re.compile(r"missing required field `([^`]*)`")
UNSUPPORTED = re.compile(r"Unsupported type: ")
"""What Litestar says of a text where a file is asked for."""
FIELD_CHARS_MAX = 100
BODY_DECODER = "litestar.serialization.msgspec_hooks"
BODY_ARGUMENT = "data"
"""What Litestar calls the whole body."""

PASSING: dict[type[Exception], tuple[str, str]] = {
    Contended: ("contended", "Many changes met on the same record; ask again."),
    KeysUnavailable: ("issuer-unavailable", "The issuer of tokens does not answer; ask again."),
    LogClosed: ("log-closed", "The service takes no changes at the moment; ask again."),
    PositionNotReached: ("position-not-reached", "What was just written is not readable yet; ask again."),
    QueueFull: ("queue-full", "More is waiting to be written than is allowed; ask again."),
}
"""What passes by itself: 503, ask again."""

AnyRequest = Request[Any, Any, Any]


class Problem(Exception):
    """A request that cannot be served: status, stable code, a sentence, the field if there is one."""

    def __init__(self, status: int, code: str, sentence: str, field: str = "") -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.sentence = sentence
        self.field = field


class ProblemBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the caller reads."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    field: str = ""


def body_of(problem: Problem) -> ProblemBody:
    """The document of a problem."""
    return ProblemBody(
        type=f"urn:huzhu:problem:{problem.code}",
        title=HTTPStatus(problem.status).phrase,
        status=problem.status,
        code=problem.code,
        detail=problem.sentence,
        field=problem.field,
    )


def respond(problem: Problem) -> Response[bytes]:
    """The response of a problem."""
    headers = {"Retry-After": str(RETRY_AFTER_S)} if problem.status in COME_AGAIN else {}
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    content = msgspec.json.encode(body_of(problem))
    return Response(content, status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)


def problem_of(error: Exception) -> Problem:
    """Which problem an error is; what nobody foresaw is `internal-error` without its text."""
    match error:
        case Problem():
            return error
        case Rejected():
            status = 404 if error.code.endswith("-unknown") else 409
            return Problem(status, error.code, error.sentence, error.field)
        case Unauthorized():
            return Problem(401, error.code, "A valid bearer token is needed.")
        case Forbidden():
            return Problem(403, error.code, "This role or organisation may not do that.")
        case Restricted():
            return Problem(451, error.code, "The person's data are kept and may not be used at the moment.")
        case Erased():
            return Problem(410, "personal-data-erased", "The person's data have been erased.")
        case ValidationException():
            return _invalid(error)
        case HTTPException():
            return _http(error)
        case UnicodeDecodeError() | RecursionError() if _while_reading(error):
            return Problem(400, "request-unreadable", "The request could not be read.")
        case _ if type(error) in PASSING:
            return Problem(503, *PASSING[type(error)])
        case _ if is_away(error):
            return Problem(503, "dependency-away", "A part of the system is away for a moment; ask again.")
        case _:
            return Problem(500, "internal-error", "Something unforeseen happened; it has been recorded.")


def handle(request: AnyRequest, error: Exception) -> Response[bytes]:
    """Litestar's one exception handler."""
    problem = problem_of(error)
    if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        structlog.get_logger().error("request-failed", route=request.scope["path_template"], exc_info=error)
    return respond(problem)


def _while_reading(error: Exception) -> bool:
    """Whether the body's decoder raised it: text that is not UTF-8, or nesting without end."""
    part = error.__traceback__
    while part is not None and part.tb_next is not None:
        part = part.tb_next
    return part is not None and part.tb_frame.f_globals.get("__name__") == BODY_DECODER


def _invalid(error: ValidationException) -> Problem:
    """Msgspec names the field; a value it quotes is cut out, since it may be personal."""
    for one in error.extra or []:
        if isinstance(one, dict):
            text = str(one.get("message", ""))
            found = AT_FIELD.search(text)
            field = str(one.get("key") or (found.group(1) if found else ""))
            field = "" if field == BODY_ARGUMENT else field
            if unknown := UNKNOWN_FIELD.search(text):
                return Problem(400, "request-invalid", "A field is not asked for.", _within(field, unknown))
            if missing := MISSING_FIELD.search(text):
                return Problem(400, "request-invalid", "A field is missing.", _within(field, missing))
            if UNSUPPORTED.match(text):
                return Problem(400, "request-invalid", "This field must be of another kind, a file or a text.", field)
            sentence = QUOTED.sub("…", AT_FIELD.sub("", text)) or "The request does not have the asked shape"
            return Problem(400, "request-invalid", f"{sentence.rstrip('.')}.", field)
    return Problem(400, "request-invalid", "The request does not have the asked shape.")


def _within(field: str, found: re.Match[str]) -> str:
    return f"{field}.{found.group(1)}".removeprefix(".")[:FIELD_CHARS_MAX]


def _http(error: HTTPException) -> Problem:
    status = error.status_code
    sentences = {
        400: ("request-unreadable", "The request could not be read."),
        404: ("not-found", "There is nothing at this address."),
        405: ("method-not-allowed", "This address does not take that method."),
        413: ("body-too-large", "The request is larger than allowed."),
        415: ("media-type-unsupported", "The request has a media type that is not taken here."),
    }
    code, sentence = sentences.get(status, ("request-refused", "The request was refused."))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        code, sentence = "internal-error", "Something unforeseen happened; it has been recorded."
    return Problem(status, code, sentence)
