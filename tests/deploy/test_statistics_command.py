"""`huzhu statistics` without a running machine: what it refuses, and with which sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from huzhu.cli import app

command = CliRunner()


@pytest.mark.parametrize(("report", "said"), [("weather", "There is no such report"), ("paid", "Nothing is running")])
def test_an_unknown_report_and_a_machine_that_does_not_run_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, report: str, said: str
) -> None:
    monkeypatch.setenv("HUZHU_HOME", str(tmp_path / "home"))
    answer = command.invoke(app, ["statistics", report])
    assert answer.exit_code == 1
    assert said in answer.output
