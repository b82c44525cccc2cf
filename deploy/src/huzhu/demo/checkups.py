"""A check-up stop in 武威: opened, invited to, booked, attended; results, one finding, its follow-up."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

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


class CheckupDay:
    """The truck's day."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._draw = random.Random("truck-1")

    def run(self) -> None:
        """From the opening of the stop to the followed-up finding."""
        gateway = self._gateway
        gateway.at(office_hour(STOP_DAY - timedelta(days=12)))
        stop = gateway.post("health-checkup/stops", self._stop(), "city_clerk", CITY, "city_clerk-1")
        path = f"health-checkup/stops/{stop['stop_id']}"
        told = gateway.post(f"{path}/invitations", None, "city_clerk", CITY, "city_clerk-1")
        if not told["invited"]:
            raise StepFailed("Nobody of the county could be invited to the check-up stop.")
        members = gateway.get(f"{path}/members", PROVIDER, CITY, "provider-1")["members"]
        coming = [one["person_id"] for one in members][:BOOKED_MAX]
        gateway.at(office_hour(STOP_DAY - timedelta(days=9)))
        slots = [slot["slot_id"] for slot in stop["slots"]]
        for place, person_id in enumerate(coming):
            body = {"slot_id": slots[place % len(slots)]}
            gateway.post(f"{path}/bookings", body, "member", COUNTY, person_id)
        gateway.at(office_hour(STOP_DAY, 9))
        attended = coming[: max(len(coming) - NO_SHOWS, 1)]
        for person_id in attended:
            gateway.post(f"{path}/attendance", {"person_id": person_id}, PROVIDER, CITY, "provider-1")
        gateway.at(office_hour(STOP_DAY + timedelta(days=2)))
        finding = self._results(path, attended)
        self._follow_up(finding)

    def _stop(self) -> dict[str, Any]:
        return {
            "campaign": CAMPAIGN,
            "division_code": COUNTY,
            "place": "武威市凉州区职工服务中心",
            "date": STOP_DAY.isoformat(),
            "slots": SLOTS,
            "slot_capacity": SLOT_CAPACITY,
        }

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
