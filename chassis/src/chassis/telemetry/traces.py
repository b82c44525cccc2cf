"""One journey is one trace: the traceparent stands in the event, and whoever handles the event goes on from it."""

from __future__ import annotations

import re
from contextvars import Token
from types import TracebackType

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, Status, StatusCode, TraceFlags, Tracer

from chassis.telemetry.masking import FIELDS, Refused, mask, plain
from chassis.telemetry.metrics import LOG_FIELDS_DROPPED

TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
IDS = RandomIdGenerator()
NAME = re.compile(r"[A-Za-z0-9 ._:/{}-]{1,120}")


class _State:
    """The tracer of this process; None until `configure_tracing`."""

    tracer: Tracer | None = None


def use_tracer(tracer: Tracer | None) -> None:
    """Record spans with this tracer from now on, or none any more."""
    _State.tracer = tracer


def current_traceparent() -> str:
    """The W3C traceparent of the active span, "" when there is none."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return ""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


class span:  # noqa: N801 - it is used as `with span(...):`
    """`with span("lend-book", parent):` a step of a journey, under `parent`, else the active span, else a new trace.

    The name is a constant; attributes are listed fields with plain values, all others are left out and counted.
    An error is shown by its type. When tracing is off a parent is handed on all the same, given or new.
    """

    __slots__ = ("_attributes", "_name", "_parent", "_root", "_span", "_token")

    def __init__(self, name: str, parent_traceparent: str = "", *, _root: bool = True, **attributes: object) -> None:
        """Prepare; the span begins on entering."""
        self._name = name
        self._parent = parent_traceparent
        self._root = _root
        self._attributes = attributes
        self._span: Span | None = None
        self._token: Token[Context] | None = None

    def __enter__(self) -> None:
        """Begin."""
        parent = _parse(self._parent) if self._parent else None
        tracer = _State.tracer
        if parent is None and not (self._root or trace.get_current_span().is_recording()):
            return
        if parent is None and tracer is None:
            if trace.get_current_span().get_span_context().is_valid:
                return
            # Nobody records, but events are kept for ever: a journey gets its number all the same.
            parent = SpanContext(IDS.generate_trace_id(), IDS.generate_span_id(), is_remote=False)
        above = None if parent is None else trace.set_span_in_context(NonRecordingSpan(parent), Context())
        if tracer is None:
            self._token = contexts.attach(above or Context())
            return
        begun = tracer.start_span(_name(self._name), above, record_exception=False, set_status_on_exception=False)
        if begun.is_recording():
            begun.set_attributes(_listed(self._attributes))
        self._span = begun
        self._token = contexts.attach(trace.set_span_in_context(begun))

    def __exit__(
        self, error_type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """End; the error's message stays out."""
        if self._token is not None:
            contexts.detach(self._token)
        if self._span is not None:
            if error_type is not None:
                self._span.set_status(Status(StatusCode.ERROR))
                self._span.set_attribute("error.type", error_type.__qualname__)
            self._span.end()


def continued(name: str, parent_traceparent: str, **attributes: object) -> span:
    """A span only if a parent is given or active: handling an event that nobody traces costs nothing."""
    return span(name, parent_traceparent, _root=False, **attributes)


def _parse(traceparent: str) -> SpanContext | None:
    found = TRACEPARENT.fullmatch(traceparent)
    if found is None:
        return None
    context = SpanContext(
        trace_id=int(found[1], 16), span_id=int(found[2], 16), is_remote=True, trace_flags=TraceFlags(int(found[3], 16))
    )
    return context if context.is_valid else None


def _name(name: str) -> str:
    if NAME.fullmatch(name):
        return mask(name)
    LOG_FIELDS_DROPPED.inc()
    return "span-unnamed"


def _listed(attributes: dict[str, object]) -> dict[str, str | int | float | bool]:
    shown: dict[str, str | int | float | bool] = {}
    for name, value in attributes.items():
        try:
            single = plain(value) if name in FIELDS else None
        except Refused:
            single = None
        if single is None or isinstance(single, list):
            LOG_FIELDS_DROPPED.inc()
        else:
            shown[name] = single
    return shown
