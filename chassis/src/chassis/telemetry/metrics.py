"""What is measured: every metric of the chassis, by name, in one place."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram, generate_latest

LATENCY_BUCKETS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
BATCH_BUCKETS_EVENTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)

APPEND_SECONDS = Histogram("huzhu_append_seconds", "From the call of append to its answer.", buckets=LATENCY_BUCKETS_S)
"""Seconds from the call of `append` to its answer, waiting for the writer included."""

APPEND_BATCH_EVENTS = Histogram(
    "huzhu_append_batch_events", "Events committed in one transaction.", buckets=BATCH_BUCKETS_EVENTS
)
"""Events that one transaction of the group commit wrote."""

RELAY_LAG_EVENTS = Gauge("huzhu_relay_lag_events", "Events in the log that are not yet in the stream.")
"""Head of the log minus the stream's last sequence."""

TAIL_LAG_EVENTS = Gauge("huzhu_tail_lag_events", "Events of a source not yet handled.", ["tail", "source"])
"""By tail and source: the source's last known position minus the tail's checkpoint."""

PROJECTION_LAG_EVENTS = Gauge("huzhu_projection_lag_events", "Events not yet projected.", ["projection"])
"""By projection: the source's last known position minus the projection's."""

PARKED = Gauge("huzhu_parked_events", "Events, jobs and deadlines set aside with their error.", ["kind", "place"])
"""By tail: events waiting for a person, those behind them in the same stream included."""

HTTP_SECONDS = Histogram(
    "huzhu_http_seconds", "Answer time of HTTP requests.", ["route", "method", "status"], buckets=LATENCY_BUCKETS_S
)
"""By route template (never the path: it is unbounded), method and status: seconds to the answer."""

PERSONAL_DATA_OPENED = Counter("huzhu_personal_data_opened", "Sealed values opened.", ["category"])
"""By category: sealed values opened by this process."""

LOG_FIELDS_DROPPED = Counter("huzhu_log_fields_dropped", "Log fields or texts that were not on the allow-list.")
"""Fields and texts left out of the log; without a label, for a name made of data would be a leak."""


def metrics_text() -> bytes:
    """All metrics of this process in Prometheus's text format."""
    return generate_latest()
