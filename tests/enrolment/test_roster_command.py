"""`huzhu roster` without a running machine: files it writes, refusals it speaks."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from enrolment.domain.row import COLUMNS
from huzhu.cli import app
from huzhu.cli.roster import role_of

command = CliRunner()


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUZHU_HOME", str(tmp_path / "home"))


def test_the_template_is_the_header_alone(tmp_path: Path) -> None:
    target = tmp_path / "t.csv"
    assert command.invoke(app, ["roster", "template", "-o", str(target)]).exit_code == 0
    assert target.read_text("utf-8-sig").strip().split(",") == [*COLUMNS]


def test_equal_seeds_write_equal_files(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        arguments = ["roster", "generate", "--rows", "50", "--seed", "4", "--encoding", "gb18030", "-o"]
        assert command.invoke(app, [*arguments, str(tmp_path / name)]).exit_code == 0
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    rows = list(csv.reader((tmp_path / "a.csv").read_text("gb18030").splitlines()))
    assert (rows[0], len(rows)) == ([*COLUMNS], 51)


@pytest.mark.parametrize(
    "arguments",
    [
        ["generate", "--errors", "most", "-o", "r.csv"],
        ["generate", "-o", "r.ods"],
        ["generate", "--encoding", "utf-16", "-o", "r.csv"],
        ["errors", "b" * 40, "-o", "e.csv"],
        ["errors", "b" * 40, "-o", "e.xlsx"],
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(arguments: list[str], tmp_path: Path) -> None:
    target = str(tmp_path / arguments.pop())
    answer = command.invoke(app, ["roster", *arguments, target])
    assert answer.exit_code == 1
    assert answer.stderr.strip().endswith(".")
    assert not Path(target).exists()


def test_every_level_sends_as_its_own_officer() -> None:
    codes = ("620000", "620700", "620725", "6207251000001")
    assert [role_of(code) for code in codes] == ["office_head", "city_clerk", "county_clerk", "unit_clerk"]
