"""The medical-insurance bureau's file of the year, matched with the roster: nobody who is owed goes unnoticed."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from huzhu.demo.calendar import office_hour
from huzhu.demo.gateway import PROVINCE, Gateway
from huzhu.synthetic.people import Person
from huzhu.synthetic.roster import generate as roster_rows
from huzhu.synthetic.settlements import Member, generate, write

SENT_ON = date(2023, 1, 10)
"""The file of the whole year: stays until December are settled by then."""
SEED = 2022
PERIOD = "2022"
MATCH_WAIT_S_MAX = 600.0
POLL_S = 0.25


class Matched(msgspec.Struct, frozen=True):
    """One file gone through: rows by result code, claims opened, the benefits computed for them."""

    rows: int
    by_result: dict[str, int]
    opened: int
    computed_fen: int
    seconds: float


class Ledger(msgspec.Struct, frozen=True):
    """Settlements of covered people, each in one class; the remainder has to be zero."""

    settlements: int
    by_class: dict[str, int]
    remainder: int


class MatchingRun:
    """One file, as many rows as the roster had; most of them about people who are not in it."""

    def __init__(self, gateway: Gateway, members: int, roster_seed: int, people: Mapping[int, Person]) -> None:
        self._gateway = gateway
        self._members = members
        self._roster_seed = roster_seed
        self._people = people

    def run(self) -> tuple[Matched, Ledger]:
        """Send the file, follow it, and read the ledger."""
        gateway = self._gateway
        gateway.at(office_hour(SENT_ON))
        known = roster_rows(self._members, self._roster_seed, people=self._people)
        bureau = [Member(row[0], row[2], row[8]) for row in known]
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "settlements.csv"
            write(file, generate(self._members, bureau, SEED), encoding="gb18030")
            started = time.monotonic()
            with file.open("rb") as content:
                upload = (file.name, content)
                sent = gateway.upload("claims/settlements", upload, {}, "office_reviewer", PROVINCE)
        path = f"claims/settlements/{sent['import_id']}"

        def matched() -> dict[str, Any] | None:
            view: dict[str, Any] = gateway.get(path, "office_reviewer")
            return view if view["state"] == "MATCHED" else None

        view = gateway.wait("The matching of the bureau's file", matched, MATCH_WAIT_S_MAX, POLL_S)
        seconds = round(time.monotonic() - started, 2)
        # What members are told of a match waits for messages about money; an hour later it goes out.
        gateway.at(office_hour(SENT_ON, 12))
        ledger = gateway.get(f"claims/completeness?period={PERIOD}", "supervisor")
        return (
            Matched(view["rows"], view["by_result"], view["opened"], view["computed_fen"], seconds),
            Ledger(ledger["settlements"], ledger["by_class"], ledger["remainder"]),
        )
