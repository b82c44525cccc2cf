"""The main job from the donation to the table, step by step, every step shown and bounded."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from enrolment import projections
from huzhu.demo.calendar import office_hour
from huzhu.demo.cast import cast, rows_of
from huzhu.demo.checkups import CheckupDay
from huzhu.demo.claims import Claim, ClaimsDesk
from huzhu.demo.gateway import PROVINCE, Gateway, StepFailed
from huzhu.demo.matching import Ledger, Matched, MatchingRun
from huzhu.synthetic.roster import generate, write

PLAN = "GS-NEF-2022"
SEATS = 100_000
DONATION_FEN = 1_200_000_000
DONATED_ON = date(2021, 12, 31)
ROSTER_SEED = 2022
IMPORT_POLL_S = 0.25
"""Each look at a running import costs the service that imports; an eye does not see more."""
IMPORT_WAIT_S_MAX = 1_800.0
MEMBERS_MIN = 200

Step = Callable[[str, int, int], None]
"""`(what, done, of)`: what the progress bar shows."""


@dataclass
class Told:
    """What the run has seen itself; everything else is read from the services."""

    roster: dict[str, Any] = field(default_factory=dict)
    roster_published_s: float = 0.0
    caught_up_s: float = 0.0
    claims: list[Claim] = field(default_factory=list)
    matched: Matched | None = None
    ledger: Ledger | None = None
    memory_mb_max: dict[str, int] = field(default_factory=dict)


class Story:
    """One run against one running machine."""

    def __init__(self, gateway: Gateway, members: int, show: Step) -> None:
        if members < MEMBERS_MIN:
            raise StepFailed(f"At least {MEMBERS_MIN} members are needed, so that the truck finds somebody.")
        self._gateway = gateway
        self._members = members
        self._show = show
        self.told = Told()

    def run(self) -> Told:
        """The whole job."""
        self.donate()
        roles = cast(date(2022, 1, 1))
        with tempfile.TemporaryDirectory() as folder:
            roster = Path(folder) / "roster.csv"
            self._show("Writing the roster", 0, self._members)
            write(roster, generate(self._members, ROSTER_SEED, people=rows_of(roles)), encoding="gb18030")
            self.take_in(roster)
        self._claims(roles)
        self._show("A check-up stop in 武威", 0, 1)
        if not self._gateway.get("health-checkup/summary", "health_provider")["followed_up"]:
            CheckupDay(self._gateway).run()
        self._show("A check-up stop in 武威", 1, 1)
        ClaimsDesk(self._gateway, PLAN).told(self.told.claims)
        self._show("The bureau's settlements", 0, 1)
        run = MatchingRun(self._gateway, self._members, ROSTER_SEED, rows_of(roles))
        self.told.matched, self.told.ledger = run.run()
        self._show("The bureau's settlements", 1, 1)
        self._remember_memory()
        return self.told

    def donate(self) -> None:
        """The donor pays, once; the pool has it."""
        self._show("The donation", 0, 1)
        self._gateway.at(office_hour(DONATED_ON, 9))
        body = {"plan": PLAN, "donor": "甘肃省总工会", "seats": SEATS, "amount_fen": DONATION_FEN}
        if self._gateway.get(f"enrolment/plans/{PLAN}", "office_head")["given"] < SEATS:
            given = self._gateway.post("enrolment/donations", body, "office_head", sub="head-1")
            self._gateway.pay_in(given["donation_id"], DONATION_FEN)

        def booked() -> bool:
            pool = self._gateway.get(f"payments/pool/{PLAN}", "finance", sub="finance-1")
            return bool(pool["contribution_fen"] >= DONATION_FEN)

        self._gateway.wait("The donation in the pool's ledger", booked)
        self._show("The donation", 1, 1)

    def take_in(self, roster: Path) -> None:
        """Import a roster and wait until every service knows its people."""
        gateway = self._gateway
        gateway.at(office_hour(DONATED_ON, 11))
        started = time.monotonic()
        with roster.open("rb") as content:
            fields = {"plan": PLAN, "organization": PROVINCE}
            sent = gateway.upload("enrolment/rosters", (roster.name, content), fields, "office_head", PROVINCE)

        def imported() -> dict[str, Any] | None:
            view: dict[str, Any] = gateway.get(f"enrolment/rosters/{sent['batch_id']}", "office_head")
            self._show("Importing the roster", view["rows_done"], view["rows"])
            return view if view["state"] == "IMPORTED" else None

        view = gateway.wait("The import of the roster", imported, IMPORT_WAIT_S_MAX, IMPORT_POLL_S)
        self.told.roster = {
            "rows": view["rows"],
            "valid": view["valid"],
            "seconds": round(time.monotonic() - started, 2),
            "errors": view["errors"],
            "warnings": view["warnings"],
        }
        gateway.wait("The roster's events on the road", self._published)
        self.told.roster_published_s = round(time.monotonic() - started, 2)
        self._remember_memory()
        self._show("The other services catch up", 0, 1)
        gateway.wait("Every service to catch up", gateway.caught_up, IMPORT_WAIT_S_MAX)
        self.told.caught_up_s = round(time.monotonic() - started, 2)
        self._remember_memory()
        self._show("The other services catch up", 1, 1)

    def _published(self) -> bool:
        standing = self._gateway.status("enrolment")
        head = standing["position"]
        own = [standing["projections"][one.name] for one in projections.ALL if one.source == "enrolment"]
        return bool(standing["stream_sequence"] >= head and min(own) >= head)

    def _claims(self, roles: list[Any]) -> None:
        desk = ClaimsDesk(self._gateway, PLAN)
        for place, role in enumerate(roles):
            self._show("Claims: filed, reviewed, paid, told", place, len(roles))
            claim = desk.file(role)
            outcome = desk.review(claim)
            if (outcome == "REJECTED") != bool(role.facts.get("refusal")):
                raise StepFailed(f"{role.facts['case']} ended as {outcome}.")
            if outcome != "REJECTED":
                desk.pay(claim)
            self.told.claims.append(claim)
        self._show("Claims: filed, reviewed, paid, told", len(roles), len(roles))

    def _remember_memory(self) -> None:
        for name in self._gateway.state["services"]:
            used = int(self._gateway.status(name)["memory_mb"])
            self.told.memory_mb_max[name] = max(used, self.told.memory_mb_max.get(name, 0))
