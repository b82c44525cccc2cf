"""`huzhu statistics`: what it refuses and with which sentence, what it asks, and how it prints what it is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from huzhu.cli import app, statistics

command = CliRunner()

CELLS = {
    "by": ["city"],
    "cells": [
        {"of": {"city": "620600"}, "figures": {}, "suppressed": True},
        {"of": {"city": "620700"}, "figures": {"people": 12, "fen": 123_450}, "suppressed": False},
    ],
    "total": {"of": {}, "figures": {"people": 15, "fen": 1_234_567}, "suppressed": False},
}
SERVICE = {
    "channels": CELLS,
    "calls": 3,
    "assets": [{"prefecture": "620700", "asset_type": "STATION", "posted": 2, "scans": 4, "bindings": 1}],
    "tickets": [{"category": "CLAIM", "opened": 5, "answered": 4, "satisfaction_sum": 9}],
}
FUND = {
    "fund": CELLS,
    "foreseen": {"used_fen": 5_000, "by_kind": {"INPATIENT": {"mean_fen": 72_000, "open_claims": 2}}},
}
CHECK_UPS = {
    "campaign": "c-2022",
    "cost_fen": 100,
    "total": {"key": "", "attended": 9},
    "cells": [{"key": "620700", "attended": None}],
}


def told(monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], *arguments: str) -> tuple[str, httpx.Request]:
    """What the command prints of an answer, and what it asked for."""
    asked: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=answer)

    def connected(service: str, role: str, org: str) -> httpx.Client:
        return httpx.Client(base_url=f"http://{service}", transport=httpx.MockTransport(respond))

    monkeypatch.setattr(statistics, "client", connected)
    monkeypatch.setenv("COLUMNS", "160")
    result = command.invoke(app, ["statistics", *arguments])
    assert result.exit_code == 0, result.output
    return result.output, asked[0]


@pytest.mark.parametrize(("report", "said"), [("weather", "There is no such report"), ("paid", "Nothing is running")])
def test_an_unknown_report_and_a_machine_that_does_not_run_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, report: str, said: str
) -> None:
    monkeypatch.setenv("HUZHU_HOME", str(tmp_path / "home"))
    answer = command.invoke(app, ["statistics", report])
    assert answer.exit_code == 1
    assert said in answer.output


def test_cells_are_printed_in_yuan_with_those_of_few_people_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    output, asked = told(monkeypatch, CELLS, "paid", "--by", "city", "--from", "2022-06-01")
    assert dict(asked.url.params) == {"by": "city", "from": "2022-06-01", "public": "false", "period": "2022"}
    rows = [[part.strip() for part in line.split("│")[1:-1]] for line in output.splitlines() if "│" in line]
    assert rows == [["620600", "< 5", ""], ["620700", "12", "1,234.50"], ["合计", "15", "12,345.67"]]


@pytest.mark.parametrize(
    ("arguments", "answer", "path", "texts"),
    [
        (("cover",), {"covered": CELLS, "seats": 9, "rosters": CELLS}, "/statistics/cover", ("rosters", "seats: 9")),
        (("service",), SERVICE, "/statistics/service", ("STATION", "CLAIM", "calls: 3", "1,234.50")),
        (("fund", "--by", "month"), FUND, "/statistics/fund", ("INPATIENT", "720.00", "foreseen.used_fen: 50.00")),
        (("outreach",), {"figures": SERVICE["assets"]}, "/outreach/figures", ("STATION", "bindings")),
        (("check-ups", "--campaign", "c-2022"), CHECK_UPS, "/campaigns/c-2022/figures", ("620700", "-", "attended")),
    ],
)
def test_what_stands_beside_the_cells_is_printed_too(
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    answer: dict[str, Any],
    path: str,
    texts: tuple[str, ...],
) -> None:
    output, asked = told(monkeypatch, answer, *arguments)
    assert asked.url.path == path
    for text in texts:
        assert text in output
    as_json, _ = told(monkeypatch, answer, *arguments, "--json")
    assert json.loads(as_json.splitlines()[-1]) == answer


def test_check_ups_are_of_a_campaign(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = command.invoke(app, ["statistics", "check-ups"])
    assert (answer.exit_code, "--campaign" in answer.output) == (1, True)
