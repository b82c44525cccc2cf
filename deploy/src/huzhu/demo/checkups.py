"""A truck's day in 武威: invited, booked, checked in with and without network; results, a finding, its follow-up."""

from __future__ import annotations

import base64
from datetime import date, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from health_checkup.api.tickets import row_text
from huzhu.demo.calendar import office_hour
from huzhu.demo.gateway import Gateway, StepFailed

CITY, COUNTY = "620600", "620602"
CAMPAIGN = "2022"
STOP_DAY = date(2022, 7, 20)
SLOTS, SLOT_CAPACITY = 6, 8
BOOKED_MAX = 30
NO_SHOWS = 2
NORMAL = {
    "HEIGHT": "170", "WEIGHT": "64", "BMI": "22.1", "SBP": "120", "DBP": "78", "HR": "72", "WBC": "6.1", "HGB": "140",
    "PLT": "210", "ALT": "22", "AST": "20", "TBIL": "12.0", "CREA": "66", "UREA": "4.8", "GLU": "5.0", "TC": "4.4",
    "TG": "1.2", "UA": "300", "AFP": "2.0", "CEA": "1.5",
}  # fmt: skip
IMPORTANT = NORMAL | {"SBP": "166", "DBP": "102"}
PROVIDER = "health_provider"


QUOTAS = {"620600": 900, "620700": 700, "621000": 600, "620800": 500, "620400": 900}
"""Part of the year's 8,000 (domain 8.1); the rest is given out later."""
CAMPAIGN_QUOTA, BUDGET_FEN = 8_000, 160_000_000
PACKAGES = ["BASIC.v1", "BASIC.v2", "DRIVER.v1", "FEMALE.v1", "OLDER.v1"]
CLERK, HEAD, DRIVER = "city_clerk-1", "head-1", "provider-1"
DEVICE = "demo-device-1"
WALK_INS = 2
OFFLINE = 3
"""So many of those who come are checked in while the truck has no network."""


def plan_campaign(gateway: Gateway) -> None:
    """The year's campaign, with the quotas of some prefectures."""
    body = {
        "campaign": CAMPAIGN,
        "year": 2022,
        "name": "健康大篷车",
        "quota": CAMPAIGN_QUOTA,
        "budget_fen": BUDGET_FEN,
        "packages": PACKAGES,
    }
    gateway.post("health-checkup/campaigns", body, "office_head", sub=HEAD)
    for prefecture, seats in QUOTAS.items():
        quota = {"prefecture": prefecture, "seats": seats}
        gateway.post(f"health-checkup/campaigns/{CAMPAIGN}/quotas", quota, "office_head", sub=HEAD)


class CheckupDay:
    """The truck's day."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._key = Ed25519PrivateKey.generate()

    def run(self) -> None:
        """From the campaign to the followed-up finding."""
        gateway = self._gateway
        gateway.at(office_hour(STOP_DAY - timedelta(days=12)))
        plan_campaign(gateway)
        visit = gateway.post("health-checkup/stops", self._visit(self._route()), "city_clerk", CITY, CLERK)
        first, second = (f"health-checkup/stops/{day['stop_id']}" for day in visit["days"])
        coming = self._invited(first)[:BOOKED_MAX]
        others = self._invited(second)
        if not coming:
            raise StepFailed("Nobody of the county could be invited to the check-up stop.")
        gateway.at(office_hour(STOP_DAY - timedelta(days=11)))
        seats = [slot["slot_id"] for slot in visit["slots"]]
        for place, person_id in enumerate(coming):
            body = {"slot_id": seats[place % len(seats)]}
            gateway.post(f"{first}/bookings", body, "member", COUNTY, person_id)
        attended = coming[: max(len(coming) - NO_SHOWS, 1)]
        self._check_in(visit["stop_id"], first, attended, others[:WALK_INS])
        gateway.at(office_hour(STOP_DAY, 20, 1))
        missed = len(coming) - len(attended)

        def closed() -> bool:
            return bool(gateway.get("health-checkup/summary")["missed"] >= missed)

        gateway.wait("The stop to close and who did not come to be marked", closed)
        gateway.at(office_hour(STOP_DAY + timedelta(days=2)))
        self._follow_up(self._results(first, attended))

    def _route(self) -> str:
        """The truck, and its device that checks in without network."""
        body = {"campaign": CAMPAIGN, "truck": "truck-1", "provider": "武威肿瘤医院", "division_code": CITY}
        route = self._gateway.post("health-checkup/routes", body, "city_clerk", CITY, CLERK)["route_id"]
        public_key = _text(self._key.public_key().public_bytes_raw())
        device = {"device_id": DEVICE, "public_key": public_key}
        self._gateway.post(f"health-checkup/routes/{route}/devices", device, PROVIDER, CITY, DRIVER)
        return str(route)

    def _visit(self, route_id: str) -> dict[str, Any]:
        return {
            "campaign": CAMPAIGN,
            "division_code": COUNTY,
            "place": "武威市凉州区职工服务中心",
            "date": STOP_DAY.isoformat(),
            "days": 2,
            "slots": SLOTS,
            "slot_capacity": SLOT_CAPACITY,
            "route_id": route_id,
        }

    def _invited(self, path: str) -> list[str]:
        self._gateway.post(f"{path}/invitations", None, "city_clerk", CITY, CLERK)
        members = self._gateway.get(f"{path}/members", PROVIDER, CITY, DRIVER)["members"]
        return [one["person_id"] for one in members]

    def _check_in(self, stop_id: str, path: str, booked: list[str], walk_ins: list[str]) -> None:
        """Most with network, some without it, and some who were not booked at all."""
        gateway = self._gateway
        gateway.at(office_hour(STOP_DAY, 9))
        online, offline = booked[:-OFFLINE], booked[-OFFLINE:]
        for person_id in (*online, *walk_ins):
            gateway.post(f"{path}/attendance", {"person_id": person_id}, PROVIDER, CITY, DRIVER)
        rows = []
        for number, person_id in enumerate(offline, start=1):
            ticket = gateway.get(f"{path}/ticket", "member", COUNTY, person_id)["ticket"]
            row_id, seen_at = f"offline-{number}", f"{STOP_DAY.isoformat()}T09:{number:02}:00+08:00"
            signature = _text(self._key.sign(row_text(stop_id, row_id, "", ticket, seen_at)))
            rows.append({"row_id": row_id, "ticket": ticket, "seen_at": seen_at, "signature": signature})
        body = {"device_id": DEVICE, "rows": rows}
        told = gateway.post(f"{path}/attendance/sync", body, PROVIDER, CITY, DRIVER)["rows"]
        if any(row["state"] != "RECORDED" for row in told):
            raise StepFailed("A check-in made without network was not taken as it was.")

    def _results(self, path: str, attended: list[str]) -> str:
        finding = ""
        for place, person_id in enumerate(attended):
            values = IMPORTANT if place == 0 else NORMAL
            body = {"person_id": person_id, "values": values, "advice": "请保持规律作息。"}
            told = self._gateway.post(f"{path}/results", body, PROVIDER, CITY, "provider-1")
            finding = finding or told["finding_id"]
        if not finding:
            raise StepFailed("An important abnormal result raised no finding.")
        return finding

    def _follow_up(self, finding: str) -> None:
        for days, outcome in enumerate(("CONTACTED", "REFERRED", "CONFIRMED"), start=2):
            self._gateway.at(office_hour(STOP_DAY + timedelta(days=days), 11))
            body = {"outcome": outcome, "note": "已电话联系并预约复查。"}
            self._gateway.post(f"health-checkup/findings/{finding}/follow-ups", body, PROVIDER, CITY, "provider-1")


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
