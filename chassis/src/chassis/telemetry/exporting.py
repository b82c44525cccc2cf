"""Where spans go: to an OTLP collector, or as JSON lines into one file that all services of a machine share."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from chassis.telemetry.traces import use_tracer

OTLP_VARIABLE = "HUZHU_OTLP_URL"
FILE_VARIABLE = "HUZHU_TRACE_FILE"
RATIO_VARIABLE = "HUZHU_TRACE_RATIO"
QUEUE_SPANS_MAX = 8_192
"""More are dropped: tracing never holds up work."""
BATCH_SPANS_MAX = 512
EXPORT_DELAY_MS = 500
EXPORT_TIMEOUT_MS = 5_000
FILE_BYTES_MAX = 64 * 1024 * 1024
"""A full trace file is set aside as `.1`, in place of the one before."""


class FileExporter(SpanExporter):
    """Appends spans to a file, a line each; several processes may share it."""

    def __init__(self, path: Path) -> None:
        """The folder must exist."""
        self._path = path

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Write one batch by one call, so that the lines of two processes do not mix."""
        lines = b"".join(msgspec.json.encode(_shown(span)) + b"\n" for span in spans)
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(handle, lines)
                full = os.fstat(handle).st_size > FILE_BYTES_MAX
            finally:
                os.close(handle)
            if full:
                self._path.replace(self._path.with_name(self._path.name + ".1"))
        except OSError:
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Nothing is held open."""

    def force_flush(self, timeout_millis: int = EXPORT_TIMEOUT_MS) -> bool:
        """Nothing is held back."""
        del timeout_millis
        return True


class Tracing:
    """The tracing of one process; close it before the process ends."""

    def __init__(self, provider: TracerProvider | None) -> None:
        """None when nothing is exported."""
        self._provider = provider

    def flush(self) -> None:
        """Export what has ended."""
        if self._provider is not None:
            self._provider.force_flush(EXPORT_TIMEOUT_MS)

    def close(self) -> None:
        """Export the rest and stop recording."""
        use_tracer(None)
        if self._provider is not None:
            self._provider.shutdown()


def configure_tracing(
    service: str, exporter: SpanExporter | None = None, *, sample_ratio: float | None = None
) -> Tracing:
    """Record spans, for `exporter`, else HUZHU_OTLP_URL, else HUZHU_TRACE_FILE; without any of them record none.

    A trace begun elsewhere keeps its sampling; of those begun here `sample_ratio` (HUZHU_TRACE_RATIO, or all) is kept.
    """
    chosen = exporter or _from_environment()
    if chosen is None:
        use_tracer(None)
        return Tracing(None)
    ratio = float(os.environ.get(RATIO_VARIABLE, "1.0")) if sample_ratio is None else sample_ratio
    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(ratio)),
        resource=Resource({SERVICE_NAME: service}),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(
        BatchSpanProcessor(
            chosen,
            max_queue_size=QUEUE_SPANS_MAX,
            schedule_delay_millis=EXPORT_DELAY_MS,
            max_export_batch_size=BATCH_SPANS_MAX,
            export_timeout_millis=EXPORT_TIMEOUT_MS,
        )
    )
    use_tracer(provider.get_tracer("chassis"))
    return Tracing(provider)


def _from_environment() -> SpanExporter | None:
    url, path = os.environ.get(OTLP_VARIABLE, ""), os.environ.get(FILE_VARIABLE, "")
    if url:
        # Its import costs every other process a quarter of a second.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415

        return OTLPSpanExporter(endpoint=url, timeout=EXPORT_TIMEOUT_MS / 1000)
    return FileExporter(Path(path)) if path else None


def _shown(span: ReadableSpan) -> dict[str, object]:
    start, end = span.start_time or 0, span.end_time or 0
    context = span.get_span_context()
    return {
        "trace_id": f"{context.trace_id:032x}" if context else "",
        "span_id": f"{context.span_id:016x}" if context else "",
        "parent_id": f"{span.parent.span_id:016x}" if span.parent else "",
        "service": span.resource.attributes[SERVICE_NAME],
        "name": span.name,
        "start_us": start // 1_000,
        "duration_us": (end - start) // 1_000,
        "status": span.status.status_code.name,
        "attributes": dict(span.attributes or {}),
    }
