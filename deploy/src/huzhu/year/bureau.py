"""The bureau's monthly file from June on: stays nobody filed are found, their members asked for an account."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from huzhu.demo.gateway import PROVINCE, Gateway
from huzhu.synthetic import settlements
from huzhu.synthetic.people import Person, id_number, name
from huzhu.synthetic.settlements import Bill, Member
from huzhu.year.agenda import Agenda, Hour, later
from huzhu.year.crowd import Crowd
from huzhu.year.desk import Desk
from huzhu.year.incidence import INPATIENT, WAITING_ENDS, Case

FIRST_FILE = date(2022, 6, 15)
"""The link to the bureau dates from June (domain 6.1)."""
LAST_FILE = date(2023, 3, 15)
STRANGERS_PERCENT = 50
WAITING_PERCENT = 4
"""The file is cut by the cover's dates; few stays of the first thirty days slip in."""
MATCH_WAIT_S_MAX = 300.0
POLL_S = 0.1
SENDER = "reviewer-3"
REASONS = {"WAITING": "RJ_WAITING", "EXCLUDED": "RJ_EXCLUDED", "POSSIBLE_DUP": "RJ_DUPLICATE"}
LEAD = "LEAD_"
PAGE = 200


class Bureau:
    """What the bureau knows of the members' stays, told month by month."""

    def __init__(self, gateway: Gateway, crowd: Crowd, agenda: Agenda, desk: Desk, cases: Sequence[Case]) -> None:
        """`cases` are all of the year, also those that their members have filed themselves."""
        self._gateway = gateway
        self._crowd = crowd
        self._agenda = agenda
        self._desk = desk
        self._draw = random.Random(f"bureau-{len(cases)}")
        self._untold = [case for case in cases if case.kind == INPATIENT and self._is_told(case)]
        self._by_stay = {(case.person_id, case.happened_on.isoformat()): case for case in self._untold}
        self._after = 0
        self._number = 0
        self.rows = 0

    def _is_told(self, case: Case) -> bool:
        return case.happened_on >= WAITING_ENDS or self._draw.random() * 100 < WAITING_PERCENT

    def expect(self) -> None:
        """A file a month, of all that was settled until the end of the month before."""
        day = FIRST_FILE
        while day <= LAST_FILE:
            self._agenda.put(day, Hour.NOON, self.send)
            day = (day.replace(day=1) + timedelta(days=32)).replace(day=FIRST_FILE.day)

    async def send(self, day: date) -> None:
        """The file goes through; the office asks each member found for the account."""
        before = day.replace(day=1)
        told = [case for case in self._untold if case.ended_on < before]
        self._untold = [case for case in self._untold if case.ended_on >= before]
        if not told:
            return
        rows = [self._row(case) for case in told]
        rows += [self._stranger(before) for _ in range(len(rows) * STRANGERS_PERCENT // 100)]
        self._draw.shuffle(rows)
        self.rows += len(rows)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"settlements-{before}.csv"
            settlements.write(file, rows, encoding="gb18030")
            with file.open("rb") as content:
                sent = self._gateway.upload(
                    "claims/settlements", (file.name, content), {}, "office_reviewer", PROVINCE, SENDER
                )
        path = f"claims/settlements/{sent['import_id']}"

        def matched() -> dict[str, Any] | None:
            view: dict[str, Any] = self._gateway.get(path, "office_reviewer", sub=SENDER)
            return view if view["state"] == "MATCHED" else None

        self._gateway.wait("The matching of the bureau's file", matched, MATCH_WAIT_S_MAX, POLL_S)
        await self._ask_members(day)
        await self._decide()

    async def _ask_members(self, day: date) -> None:
        """The claims that the file has opened: their members confirm the card, sooner or later or never."""
        while True:
            page = await self._crowd.get(
                f"claims/claims?step=OFFICE_REVIEW&after={self._after}&limit={PAGE}", "office_reviewer", sub=SENDER
            )
            for claim in page["claims"]:
                if claim["channel"] != "DATA_MATCH" or claim["claim_id"] in self._desk.by_claim:
                    continue
                case = self._by_stay[claim["person_id"], claim["decisive_on"]]
                case.claim_id, case.matched = claim["claim_id"], True
                self._desk.by_claim[case.claim_id] = case
                self._desk.counts["opened"] += 1
                if case.confirms_after_days is not None:
                    confirmed = later(day, case.confirms_after_days)
                    self._agenda.put(confirmed, Hour.MORNING, partial(self._desk.confirm, case))
            if not page["next_after"]:
                break
            self._after = page["next_after"]

    async def _decide(self) -> None:
        """What the machine did not dare to decide is decided by whoever sent the file."""
        after = 0
        while True:
            path = f"claims/matches?assigned_to={SENDER}&after={after}&limit={PAGE}"
            page = await self._crowd.get(path, "office_reviewer", sub=SENDER)
            for task in page["matches"]:
                body = {"outcome": "DONE", "reason": "已电话核实。"}
                if not task["code"].startswith(LEAD):
                    rule = REASONS.get(task["code"], "RJ_NO_SELF_PAY")
                    body = {"outcome": "NOT_PAYABLE", "reason": "按规定不予给付。", "rule_code": rule}
                await self._crowd.post(
                    f"claims/matches/{task['task_id']}/decide", body, "office_reviewer", PROVINCE, SENDER
                )
                self._desk.counts["matches_decided"] += 1
            if not page["next_after"]:
                return
            after = page["next_after"]

    def _row(self, case: Case) -> list[str]:
        self._number += 1
        own = 0 if "no_self_pay" in case.trouble else case.self_pay_fen
        member = Member(case.member.name, case.member.id_no, case.member.division_code)
        bill = Bill(own + case.funds_fen, case.funds_fen, case.outside_fen)
        return settlements.row_of(self._number, 1, member, (case.happened_on, case.ended_on), bill, self._draw)

    def _stranger(self, before: date) -> list[str]:
        """Somebody of the county whom no roster knows."""
        self._number += 1
        draw = self._draw
        born = date(1950, 1, 1) + timedelta(days=draw.randrange(20_000))
        member = Member(name(draw), id_number(draw, born), "620102")
        left = before - timedelta(days=draw.randint(1, 28))
        stayed = (left - timedelta(days=draw.randint(1, 20)), left)
        return settlements.row_of(self._number, 1, member, stayed, Bill(500_000, 300_000, 50_000), draw)


def members_of(rows: Sequence[Sequence[str]]) -> list[Person]:
    """The people of a roster's rows, each number once; rows in error are nobody's cover and drop out later."""
    found: dict[str, Person] = {}
    for row in rows:
        person = Person(
            name=row[0], id_no=row[2], mobile=row[3], occupation=row[4], union_code=row[7], division_code=row[8]
        )
        if len(person.id_no) == 18 and person.id_no[6:10].isdigit():
            found.setdefault(person.id_no, person)
    return list(found.values())
