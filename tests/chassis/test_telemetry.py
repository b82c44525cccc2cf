"""Nothing about a person reaches a log line or a span, whichever way somebody tries; a journey is one trace."""

# ruff: noqa: G004, LOG004, TRY301, TRY400 - the tests do what the rules forbid

import asyncio
import io
import json
import logging
import random
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog

from chassis.telemetry import (
    Secret,
    configure_logging,
    mask,
    metrics_text,
    span,
)
from chassis.telemetry.metrics import LOG_FIELDS_DROPPED
from tests.chassis.canaries import CANARIES, SEED, card, resident

PARENT = f"00-{'a' * 32}-{'b' * 16}-01"


class Person(msgspec.Struct):
    """Something that holds a person."""

    name: str


class Lines:
    """What was written, whole and line by line."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def last(self) -> dict[str, Any]:
        return self.all[-1]


@pytest.fixture
def lines() -> Iterator[Lines]:
    kept = (logging.root.handlers, logging.root.level, sys.excepthook, threading.excepthook, sys.unraisablehook)
    levels = {name: logging.getLogger(name).level for name in ("httpx", "httpcore")}
    made = Lines()
    configure_logging("claims", "DEBUG", made.stream)
    yield made
    logging.captureWarnings(capture=False)
    logging.root.handlers, sys.excepthook, threading.excepthook, sys.unraisablehook = kept[0], *kept[2:]
    logging.root.setLevel(kept[1])
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    structlog.reset_defaults()


def _raise(value: str) -> None:
    local_copy = value
    raise ValueError(f"cannot read {local_copy}")


def _nested(value: str) -> None:
    try:
        _raise(value)
    except ValueError as error:
        raise RuntimeError(value) from error


def _logged(value: str, how: Callable[[Any], object]) -> None:
    try:
        _nested(value)
    except RuntimeError as error:
        how(error)


def _group(value: str, log: Any) -> None:
    try:
        raise ExceptionGroup(value, [ValueError(value), KeyError(value)])
    except ExceptionGroup as error:
        log.error("group-failed", exc_info=error)


def _thread(value: str) -> None:
    thread = threading.Thread(target=_raise, args=(value,))
    thread.start()
    thread.join()


def _warn(value: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(value, stacklevel=1)


def _bound(value: str, log: Any) -> None:
    with structlog.contextvars.bound_contextvars(name=value, actor=value, subject=value):
        log.info("bound-context")


def _odd_type(value: str, log: Any) -> None:
    try:
        raise type("Odd", (Exception,), {"code": value, "sqlstate": 5})(value)
    except Exception as error:
        log.error("odd-type", exc_info=error)


LOG: dict[str, Callable[[str, Any], object]] = {
    "event text": lambda value, log: log.info(f"claim of {value}"),
    "event text alone": lambda value, log: log.info(value),
    "event text with an argument": lambda value, log: log.info("claim of %s", value),
    "unlisted field": lambda value, log: log.info("claim-filed", applicant=value),
    "listed field": lambda value, log: log.info("claim-filed", code=value, subject=value, actor=value),
    "sentence in a listed field": lambda value, log: log.info("claim-filed", code=f"rejected {value} today"),
    "value glued to a word": lambda value, log: log.info("claim-filed", code=f"card{value}x"),
    "field name": lambda value, log: log.info("claim-filed", **{value: 1}),
    "list in a listed field": lambda value, log: log.info("claim-filed", roles=[value, (value,)]),
    "dict in a listed field": lambda value, log: log.info("claim-filed", subject={"name": value}),
    "struct in a listed field": lambda value, log: log.info("claim-filed", subject=Person(name=value)),
    "bytes in a listed field": lambda value, log: log.info("claim-filed", subject=value.encode()),
    "secret in a listed field": lambda value, log: log.info("claim-filed", subject=Secret(value)),
    "bound field": lambda value, log: log.bind(name=value, subject=value).warning("claim-filed"),
    "context": _bound,
    "exception": lambda value, log: _logged(value, lambda error: log.error("it-failed", exc_info=error)),
    "exception in flight": lambda value, log: _logged(value, lambda _: log.exception("it-failed")),
    "exception as a field": lambda value, log: _logged(value, lambda error: log.error("it-failed", code=error)),
    "exception as the event": lambda value, log: _logged(value, log.error),
    "exception group": _group,
    "exception with data in its attributes": _odd_type,
    "stdlib": lambda value, _: logging.getLogger("claims.api").warning(f"claim of {value}"),
    "stdlib with an argument": lambda value, _: logging.getLogger("claims.api").warning("claim of %s", value),
    "stdlib with extra": lambda value, _: logging.getLogger("claims.api").warning("x", extra={"name_": value}),
    "stdlib exception": lambda value, _: _logged(value, lambda _: logging.getLogger("claims").exception(value)),
    "stdlib logger name": lambda value, _: logging.getLogger(f"people.{value}").error("x"),
    "library with an argument": lambda value, _: logging.getLogger("uvicorn.error").error("bad %r", value),
    "library exception": lambda value, _: _logged(value, lambda _: logging.getLogger("asyncio").exception(value)),
    "access log": lambda value, _: logging.getLogger("uvicorn.access").info('"GET /people?name=%s"', value),
    "warning": lambda value, _: _warn(value),
    "thread": lambda value, _: _thread(value),
    "uncaught": lambda value, _: _logged(value, lambda error: sys.excepthook(type(error), error, None)),
}


@pytest.mark.parametrize("what", CANARIES)
@pytest.mark.parametrize("way", LOG)
def test_no_personal_value_reaches_the_log(
    lines: Lines, capfd: pytest.CaptureFixture[str], way: str, what: str
) -> None:
    value = CANARIES[what]
    LOG[way](value, structlog.get_logger())
    written = lines.text + "".join(capfd.readouterr())
    assert value not in written
    assert value not in written.encode().decode("unicode_escape", errors="ignore")
    assert way == "access log" or lines.all, "the way must reach the log at all"


@pytest.mark.parametrize("what", ["name", "resident", "card", "mobile"])
def test_a_librarys_own_text_passes_the_last_filter(lines: Lines, what: str) -> None:
    logging.getLogger("nats.aio.client").error(f"nats: could not send [{CANARIES[what]}]")
    assert lines.last["text"] == "nats: could not send [***]"
    assert lines.last["logger"] == "nats.aio.client"


@pytest.mark.parametrize("what", ["resident", "card", "mobile"])
def test_a_number_in_a_number_field_is_masked(lines: Lines, what: str) -> None:
    structlog.get_logger().info("counted", count=int(CANARIES[what]), position=12_345_678_901_234)
    assert lines.last["count"] == "***"
    assert lines.last["position"] == 12_345_678_901_234


async def test_an_error_nobody_awaited_is_logged_without_its_message(lines: Lines) -> None:
    async def fail() -> None:
        _raise(CANARIES["latin name"])

    task = asyncio.get_running_loop().create_task(fail())
    await asyncio.wait([task])
    del task
    assert lines.last["exception"]["type"] == "ValueError"
    assert CANARIES["latin name"] not in lines.text


def test_a_process_that_dies_does_not_print_its_message(tmp_path: Path) -> None:
    script = tmp_path / "dying.py"
    script.write_text(
        "from chassis.telemetry import configure_logging\nconfigure_logging('claims')\nraise ValueError('canary')\n"
    )
    ended = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "canary" not in ended.stdout + ended.stderr
    assert json.loads(ended.stderr)["event"] == "uncaught-error"


def test_a_line_says_when_what_where_and_in_which_trace(lines: Lines) -> None:
    with span("step", PARENT):
        pass
    structlog.get_logger("chassis").info("event-parked", tail="payments", position=7, attempt=2)
    line = lines.last
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "info",
        "event": "event-parked",
        "service": "claims",
        "tail": "payments",
        "position": 7,
        "attempt": 2,
    }
    with span("step", PARENT):
        structlog.get_logger().info("inside")
    assert (lines.last["trace_id"], lines.last["span_id"]) == ("a" * 32, "b" * 16)


def test_what_is_left_out_is_counted(lines: Lines) -> None:
    before = LOG_FIELDS_DROPPED._value.get()
    structlog.get_logger().info("claim-filed", applicant="x", diagnosis="y", position=1)
    assert lines.last["fields_dropped"] == 2
    assert LOG_FIELDS_DROPPED._value.get() == before + 2


def test_a_service_may_list_fields_of_its_own(lines: Lines) -> None:
    configure_logging("claims", "INFO", lines.stream, fields=["pages"])
    structlog.get_logger().info("paper-read", pages=3)
    structlog.get_logger().debug("not-at-this-level")
    assert lines.last["pages"] == 3
    assert len(lines.all) == 1


def test_an_error_is_shown_by_type_code_stack_and_cause(lines: Lines) -> None:
    _logged("x", lambda error: structlog.get_logger().error("it-failed", exc_info=error))
    shown = lines.last["exception"]
    assert shown["type"] == "RuntimeError"
    assert shown["cause"]["type"] == "ValueError"
    assert "test_telemetry.py" in shown["stack"][-1]
    assert "message" not in shown

    class Plain(Exception):
        plain_message = True
        code = "port-taken"

    structlog.get_logger().error("it-failed", exc_info=Plain(f"port 80 is taken by {CANARIES['resident']}"))
    assert lines.last["exception"]["message"] == "port 80 is taken by ***"
    assert lines.last["exception"]["code"] == "port-taken"


def test_a_line_break_does_not_forge_a_line(lines: Lines) -> None:
    logging.getLogger("nats").error('x\n{"event": "forged"}')
    assert len(lines.text.splitlines()) == 1


@pytest.mark.parametrize("what", ["resident", "card", "mobile"])
@pytest.mark.parametrize("around", ["{}", "x{}", "{}x", "no.{},", "5 {}", "{} 5", '"{}"', "12-{}-34"])
def test_numbers_are_masked_wherever_they_stand(what: str, around: str) -> None:
    assert CANARIES[what] not in mask(around.format(CANARIES[what]))


def test_numbers_are_masked_in_groups_and_side_by_side() -> None:
    plastic, mobile = CANARIES["card"], CANARIES["mobile"]
    assert mask(" ".join(plastic[at : at + 4] for at in range(0, 19, 4))) == "***"
    assert mask(f"{mobile[:3]}-{mobile[3:7]}-{mobile[7:]}") == "***"
    assert mobile not in mask(f"{mobile} 12345")
    draw = random.Random(SEED)
    number = resident(draw, ends="X")
    assert mask(number) == mask(number.lower()) == mask(f"{number[:6]} {number[6:14]} {number[14:]}") == "***"
    assert mask(f"{number}-{plastic}/{mobile}") == "***-***/***"
    for length in (16, 17, 18, 19):
        assert mask(card(draw, length)) == "***"


def test_identifiers_stay_readable() -> None:
    for text in (
        "01890000-0000-7000-8000-013912345678",
        "claim-01890000-0000-7000-8000-013912345678.3",
        "6207251000001",
    ):
        assert mask(text) == text


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret("canary")
    assert f"{secret} {secret!r} {secret:>9} {[secret]}".count("canary") == 0
    assert secret.reveal() == "canary"
    with pytest.raises(TypeError):
        msgspec.json.encode(secret)
    with pytest.raises(TypeError):
        __import__("pickle").dumps(secret)


def test_every_metric_has_its_name_in_the_text() -> None:
    text = metrics_text().decode()
    for name in (
        "huzhu_append_seconds",
        "huzhu_append_batch_events",
        "huzhu_relay_lag_events",
        "huzhu_tail_lag_events",
        "huzhu_projection_lag_events",
        "huzhu_parked_events",
        "huzhu_http_seconds",
        "huzhu_personal_data_opened",
        "huzhu_log_fields_dropped",
    ):
        assert f"# TYPE {name}" in text
