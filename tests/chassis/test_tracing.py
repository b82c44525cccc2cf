"""A journey over services is one trace, and no span says anything about a person."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chassis.telemetry import FileExporter, Secret, configure_tracing, continued, current_traceparent, span
from tests.chassis.canaries import CANARIES

PARENT = f"00-{'a' * 32}-{'b' * 16}-01"


class Person(msgspec.Struct):
    """Something that holds a person."""

    name: str


@pytest.fixture
def trace_file(tmp_path: Path) -> Path:
    return tmp_path / "spans.jsonl"


def _spans(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_journey_over_services_is_one_trace(trace_file: Path) -> None:
    tracing = configure_tracing("claims", FileExporter(trace_file))
    with span("POST /claims"), span("append"):
        carried = current_traceparent()
    tracing.close()
    tracing = configure_tracing("payments", FileExporter(trace_file))
    with continued("on-claim-approved", carried, position=7):
        assert current_traceparent() != carried
    tracing.close()
    spans = {each["name"]: each for each in _spans(trace_file)}
    assert len({each["trace_id"] for each in spans.values()}) == 1
    assert spans["append"]["parent_id"] == spans["POST /claims"]["span_id"]
    assert spans["on-claim-approved"]["parent_id"] == spans["append"]["span_id"]
    assert spans["on-claim-approved"]["attributes"] == {"position": 7}
    assert spans["on-claim-approved"]["service"] == "payments"
    assert current_traceparent() == ""


def test_an_event_that_nobody_traces_begins_no_trace(trace_file: Path) -> None:
    tracing = configure_tracing("payments", FileExporter(trace_file))
    with continued("on-claim-approved", ""):
        assert current_traceparent() == ""
    with continued("on-claim-approved", "nonsense"):
        assert current_traceparent() == ""
    tracing.close()
    assert not trace_file.exists()


def test_without_an_exporter_a_journey_still_has_its_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUZHU_OTLP_URL", raising=False)
    monkeypatch.delenv("HUZHU_TRACE_FILE", raising=False)
    configure_tracing("claims")
    with span("begin"):
        begun = current_traceparent()
        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", begun)
        with span("go-deeper"):
            assert current_traceparent()[3:35] == begun[3:35]
    with continued("go-on", ""):
        assert current_traceparent() == "", "what nobody began is not traced"
    with continued("go-on", PARENT):
        assert current_traceparent() == PARENT
    assert current_traceparent() == ""


def test_a_trace_that_is_not_sampled_stays_so(trace_file: Path) -> None:
    tracing = configure_tracing("claims", FileExporter(trace_file))
    with continued("go-on", PARENT[:-2] + "00"):
        assert current_traceparent().startswith(f"00-{'a' * 32}-")
        assert current_traceparent().endswith("-00")
    tracing.close()
    assert not trace_file.exists()


@pytest.mark.parametrize("what", CANARIES)
def test_no_personal_value_reaches_a_span(trace_file: Path, what: str) -> None:
    value = CANARIES[what]
    tracing = configure_tracing("claims", FileExporter(trace_file))
    with pytest.raises(ValueError, match="cannot read"), span(f"claim of {value}", applicant=value, subject=value):
        raise ValueError(f"cannot read {value}")
    with span("GET /claims", code=f"of {value}", actor=Secret(value), roles=[value], subject=Person(name=value)):
        pass
    tracing.close()
    written = trace_file.read_text()
    spans = _spans(trace_file)
    assert len(spans) == 2
    assert spans[0]["status"] == "ERROR"
    assert spans[0]["attributes"]["error.type"] == "ValueError"
    assert what == "latin name" or value not in written
    assert value not in json.dumps([each["attributes"] for each in spans], ensure_ascii=False)


def test_the_trace_file_is_set_aside_when_full(trace_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.telemetry.exporting.FILE_BYTES_MAX", 10)
    tracing = configure_tracing("claims", FileExporter(trace_file))
    for _ in range(2):
        with span("step"):
            pass
        tracing.flush()
    tracing.close()
    assert len(_spans(trace_file.with_name("spans.jsonl.1"))) == 1
    assert not trace_file.exists()


def test_the_exporter_comes_from_the_environment(trace_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUZHU_TRACE_FILE", str(trace_file))
    tracing = configure_tracing("claims")
    with span("step"):
        pass
    tracing.close()
    assert [each["name"] for each in _spans(trace_file)] == ["step"]
