"""Logs, traces and metrics that carry no personal data."""

from chassis.telemetry.exporting import FileExporter, Tracing, configure_tracing
from chassis.telemetry.logs import configure_logging
from chassis.telemetry.masking import Secret, mask
from chassis.telemetry.metrics import metrics_text
from chassis.telemetry.traces import continued, current_traceparent, span

__all__ = [
    "FileExporter",
    "Secret",
    "Tracing",
    "configure_logging",
    "configure_tracing",
    "continued",
    "current_traceparent",
    "mask",
    "metrics_text",
    "span",
]
