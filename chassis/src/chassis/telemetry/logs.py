"""One line of JSON for each thing worth knowing; every logger of the process writes through the same chain."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterable, Mapping, MutableMapping
from types import TracebackType
from typing import Any, TextIO

import msgspec
import structlog
from opentelemetry import trace

from chassis.clock import real_now, utc_text
from chassis.telemetry.failures import describe
from chassis.telemetry.masking import EVENT, EVENT_CHARS_MAX, FIELDS, TEXT_CHARS_MAX, Refused, mask, plain
from chassis.telemetry.metrics import LOG_FIELDS_DROPPED

LIBRARIES = frozenset({"asyncio", "asyncpg", "faststream", "litestar", "nats", "opentelemetry", "uvicorn"})
"""Their texts are shown (the template, without its arguments); of any other stdlib logger only its name is."""
SILENT = ("uvicorn.access",)  # it writes whole addresses; the HTTP metrics count requests by route
QUIET = ("httpx", "httpcore")  # they write the address of every request at INFO


class Chain:
    """Turns what was said into one line: listed fields, masked values, errors without their messages."""

    def __init__(self, service: str, fields: frozenset[str]) -> None:
        """`fields` are the names that may appear."""
        self._service = service
        self._fields = fields
        self._encode = msgspec.json.Encoder().encode

    def __call__(self, _logger: object, method: str, said: MutableMapping[str, Any]) -> str:
        """The last structlog processor."""
        event, error = said.pop("event", ""), said.pop("exc_info", None)
        for name in ("stack_info", "level"):
            said.pop(name, None)
        return self.line(method, event, said, error)

    def line(self, level: str, event: object, said: Mapping[str, Any], error: object = None, **more: str) -> str:
        """One JSON line. `more` is trusted."""
        dropped = 0
        if not isinstance(event, str) or len(event) > EVENT_CHARS_MAX or not EVENT.fullmatch(event):
            event, dropped = "event-unnamed", 1
        record: dict[str, Any] = {
            "timestamp": utc_text(real_now()),
            "level": "error" if level == "exception" else level,
            "event": mask(event),
            "service": self._service,
            **more,
        }
        for name, value in said.items():
            if name not in self._fields or name in record:
                dropped += 1
                continue
            try:
                record[name] = plain(value)
            except Refused:
                dropped += 1
        if dropped:
            record["fields_dropped"] = dropped
            LOG_FIELDS_DROPPED.inc(dropped)
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            record["trace_id"] = f"{context.trace_id:032x}"
            record["span_id"] = f"{context.span_id:016x}"
        failure = _error_of(error)
        if failure is not None:
            record["exception"] = describe(failure)
        return self._encode(record).decode()


class ChainHandler(logging.Handler):
    """The stdlib's way into the chain."""

    def __init__(self, chain: Chain, writer: structlog.WriteLogger) -> None:
        """Write to the same stream as structlog."""
        super().__init__()
        self._chain = chain
        self._writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        """One line. What cannot be written raises: a log that is lost unseen is worse."""
        more = {"logger": mask(record.name)} if EVENT.fullmatch(record.name.replace(".", "-")) else {}
        if record.name.partition(".")[0] in LIBRARIES and record.exc_info is None and isinstance(record.msg, str):
            # Arguments are data; so is the text beside an error, which often quotes it.
            more["text"] = mask(record.msg.partition("\n")[0])[:TEXT_CHARS_MAX]
        line = self._chain.line(record.levelname.lower(), "library-message", {}, record.exc_info, **more)
        self._writer.msg(line)


def configure_logging(
    service: str, level: str = "INFO", stream: TextIO | None = None, *, fields: Iterable[str] = ()
) -> None:
    """Route structlog, the stdlib's loggers, warnings and uncaught errors into one chain writing JSON lines.

    `fields` are names of this service's own that may appear beside FIELDS. Event texts are kebab-case names
    ("event-parked"); anything else is written as "event-unnamed".
    """
    number = logging.getLevelNamesMapping()[level]
    chain = Chain(service, FIELDS | frozenset(fields))
    writer = structlog.WriteLogger(stream or sys.stderr)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, chain],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: writer,
        cache_logger_on_first_use=False,
    )
    for logger in logging.Logger.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.handlers.clear()
            logger.propagate = True
    logging.root.handlers = [ChainHandler(chain, writer)]
    logging.root.setLevel(number)
    for name in SILENT:
        logging.getLogger(name).disabled = True
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    _catch_uncaught()


def _catch_uncaught() -> None:
    """The interpreter's own hooks would print messages, and with them data."""
    log = structlog.get_logger()

    def uncaught(_type: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        if isinstance(error, KeyboardInterrupt):
            return
        log.critical("uncaught-error", exc_info=error)

    def in_thread(arguments: threading.ExceptHookArgs) -> None:
        log.critical("uncaught-error-in-thread", exc_info=arguments.exc_value)

    def unraisable(arguments: sys.UnraisableHookArgs) -> None:
        log.error("unraisable-error", exc_info=arguments.exc_value)

    sys.excepthook = uncaught
    threading.excepthook = in_thread
    sys.unraisablehook = unraisable


def _error_of(value: object) -> BaseException | None:
    if isinstance(value, BaseException):
        return value
    if isinstance(value, tuple):
        return value[1] if len(value) > 1 and isinstance(value[1], BaseException) else None
    return sys.exception() if value else None
