"""The one load that every store is given: the same event, the same names, the same window."""

import time
from typing import Any

import msgspec

from contracts.envelope import Catalog, Event

EVENT_TYPE = "bench.claim-measured.v1"
CATEGORY = "claim"
PAGE = 1_000
"""Events a reader asks for at a time, for every store."""
IDLE_POLL_S = 0.005
"""How long a tailing reader rests when there was nothing new."""


class ClaimMeasured(Event, frozen=True, kw_only=True):
    """An event of about 300 bytes as JSON, shaped like the ones that services write."""

    claim_id: str
    plan_id: str
    benefit: str
    unit_code: str
    org_path: str
    occurred_on: str
    claimed_fen: int
    channel: str
    documents: tuple[str, ...]


CATALOG = Catalog({EVENT_TYPE: ClaimMeasured})


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What one child process shall do: `write`, `tail` or `replay` one store."""

    store: str
    role: str
    target: str
    concurrency: int = 1
    warmup_s: float = 0.0
    seconds: float = 0.0
    delivered_file: str = ""


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What a writer did: appends acknowledged per worker (warm-up included) and the measured window."""

    acknowledged: list[int]
    events: int
    seconds: float
    p50_ms: float
    p99_ms: float


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay did: events decoded, and the time of a page of `PAGE` events."""

    events: int
    seconds: float
    p50_ms: float
    p99_ms: float


def stream_id(worker: int, number: int) -> str:
    """A UUIDv7 that names its worker and number, so a reader can tell what is missing.

    Time comes first as in every UUIDv7, so indexes see the same locality as in real use.
    """
    moment = f"{time.time_ns() // 1_000_000:012x}"
    return f"{moment[:8]}-{moment[8:]}-7{worker:03x}-8000-{number:012x}"


def worker_and_number(stream: str) -> tuple[int, int]:
    """The worker and number inside `stream_id`; a category before it is ignored."""
    return int(stream[-21:-18], 16), int(stream[-12:], 16)


def measured_event(stream: str) -> ClaimMeasured:
    """The event of a stream."""
    return ClaimMeasured(
        claim_id=stream,
        plan_id="GS-NEF-2022",
        benefit="accident-death",
        unit_code="620600-0001",
        org_path="620000.620600.620621",
        occurred_on="2022-05-01",
        claimed_fen=15_000_000,
        channel="union",
        documents=("application", "death-certificate", "accident-report"),
    )


def metadata(stream: str) -> dict[str, Any]:
    """What our envelope carries besides the data, for the stores that keep it beside the data."""
    return {
        "time": "2022-05-01T08:00:00.000000Z",
        "correlation": stream,
        "causation": stream,
        "traceparent": f"00-{stream.replace('-', '')}-00f067aa0ba902b7-01",
        "actor": "clerk-17",
    }


encode = msgspec.json.encode


def percentile(ordered: list[float], share: float) -> float:
    """The value below which `share` of an ordered list lies; 0.0 for an empty list."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def latencies(taken_s: list[float]) -> tuple[float, float]:
    """The median and the 99th percentile in milliseconds."""
    taken_s.sort()
    return percentile(taken_s, 0.50) * 1_000, percentile(taken_s, 0.99) * 1_000
