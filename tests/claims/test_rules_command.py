"""`huzhu claims` without a running machine: what it refuses, and with which sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from huzhu.cli import app

command = CliRunner()


@pytest.mark.parametrize(("content", "said"), [("{", "is no JSON"), ("[]", "is no plan"), ("{}", "Nothing is running")])
def test_a_file_that_is_no_plan_and_a_machine_that_does_not_run_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, said: str
) -> None:
    monkeypatch.setenv("HUZHU_HOME", str(tmp_path / "home"))
    file = tmp_path / "plan.json"
    file.write_text(content, encoding="utf-8")
    answer = command.invoke(app, ["claims", "what-if", str(file), "--period", "2022"])
    assert answer.exit_code == 1
    assert said in answer.output
