"""What enrolment must know of a plan: its period, seats and who may be covered; all of it data (domain 2.2)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from importlib.resources import files

NONE, CITY_AND_OFFICE = "NONE", "CITY_AND_OFFICE"
"""Who confirms a roster before its people are covered: nobody, or the prefecture and then the office (domain 5.1)."""
COUNTS = (
    *("version", "contribution_fen", "seats", "shares_per_person_max"),
    *("age_min", "age_max", "people_per_mobile_max"),
)
"""Whole numbers above zero."""


class PlanUnusable(ValueError):
    """A plan's file cannot be used: names the file, the field and what is wrong."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The parameters of one plan version. The period is half-open; both age limits are inclusive; money in fen.

    `people_per_mobile_max`: more people than this on one mobile are a warning (domain 5.2). Personal data are kept
    `run_off_days` after the period, while claims may still come, and `retention_years` more; `claim_retention_years`
    in their place where a claim was not refused (accounts; domain 6.5).
    `confirmation`: NONE covers each valid row with its import; CITY_AND_OFFICE holds it until the batch starts.
    `donor` is named on the certificates, if the cover is a gift.
    """

    code: str
    version: int
    name: str
    period_start: date
    period_end: date
    contribution_fen: int
    seats: int
    shares_per_person_max: int
    age_min: int
    age_max: int
    people_per_mobile_max: int
    home_province: str
    run_off_days: int
    retention_years: int
    claim_retention_years: int
    occupations: frozenset[str]
    confirmation: str = NONE
    donor: str = ""

    def born_from(self) -> str:
        """The earliest birth date, as YYYYMMDD, of a person not too old on the first day of the period."""
        start = self.period_start
        return f"{start.year - self.age_max - 1:04d}{start:%m%d}"

    def born_until(self) -> str:
        """The latest birth date, as YYYYMMDD, of a person old enough on that day; a birthday counts (domain 2.6)."""
        start = self.period_start
        return f"{start.year - self.age_min:04d}{start:%m%d}"

    def kept_until(self, *, claimed: bool) -> date:
        """The first day on which the data of a covered person need not be kept any more."""
        ends = self.period_end + timedelta(days=self.run_off_days)
        years = self.claim_retention_years if claimed else self.retention_years
        # The first of the next month: no day of a leap year can be missing, and nothing is erased too early.
        return date(ends.year + years + ends.month // 12, ends.month % 12 + 1, 1)

    def age_fits(self, born: str) -> bool:
        """Whether a person born on `born` (YYYYMMDD) is of an age that the plan covers."""
        return self.born_from() < born <= self.born_until()


def parse(text: str) -> Plan:
    """Read a plan from its JSON text. Raises ValueError or TypeError for a file of another shape."""
    fields = json.loads(text)
    for name in ("period_start", "period_end"):
        try:
            fields[name] = date.fromisoformat(fields[name])
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    fields["occupations"] = frozenset(fields["occupations"])
    plan = Plan(**fields)
    if plan.confirmation not in (NONE, CITY_AND_OFFICE):
        raise ValueError(f"{plan.code}: confirmation is {NONE} or {CITY_AND_OFFICE}")
    return plan


def read_plans(documents: Iterable[tuple[str, str]]) -> dict[str, Plan]:
    """Plans by code, of (file name, JSON text). Raises PlanUnusable."""
    found: dict[str, Plan] = {}
    for name, text in documents:
        try:
            plan = parse(text)
        except KeyError as error:
            raise PlanUnusable(f"{name}: {error} is missing") from None
        except (ValueError, TypeError) as error:
            raise PlanUnusable(f"{name}: {error}") from None
        wrong = [field for field in COUNTS if type(getattr(plan, field)) is not int or getattr(plan, field) <= 0]
        if wrong:
            raise PlanUnusable(f"{name}: {', '.join(wrong)} must be whole numbers above zero")
        if plan.age_min > plan.age_max or plan.period_start >= plan.period_end:
            raise PlanUnusable(f"{name}: age_max or period_end lies before its beginning")
        if plan.code in found:
            raise PlanUnusable(f"{name}: code {plan.code} stands in another file too")
        found[plan.code] = plan
    return found


@lru_cache(maxsize=1)
def plans() -> dict[str, Plan]:
    """All plans of this installation by code, from `enrolment/plans/*.json`. Raises PlanUnusable."""
    folder = files("enrolment") / "plans"
    listed = sorted((file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda file: file.name)
    return read_plans((file.name, file.read_text(encoding="utf-8")) for file in listed)
