"""What happens to members in a year: drawn from incidence data and a seed, before anybody tells the platform."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import exp, log
from pathlib import Path

import msgspec

from contracts.organization import path_of
from contracts.person import AGE_BANDS
from huzhu.synthetic.people import Person

YEAR = 2022
DATA = Path(__file__).parent / "incidence.v1.json"
INPATIENT, CRITICAL, DISABILITY = "INPATIENT", "CRITICAL_ILLNESS", "ACCIDENT_DISABILITY"
DEATH, DEATH_AT_WORK, SUDDEN = "ACCIDENT_DEATH", "ACCIDENT_DEATH_WORK", "SUDDEN_DEATH"
DEATHS = frozenset({DEATH, DEATH_AT_WORK, SUDDEN})
PER_YEAR = (CRITICAL, DEATH, DEATH_AT_WORK, DISABILITY, SUDDEN)
WAITING_ENDS = date(YEAR, 1, 31)
"""Day 31 of cover: only few people file an earlier stay, which is refused."""
STAY_DAYS_MAX = 60
FILING_DAYS_MAX = 300
TREATED_DAYS = {CRITICAL: (3, 30), DISABILITY: (40, 120)}
"""An illness is claimed when the papers are there, a disability once it is graded."""


class LogNormal(msgspec.Struct, frozen=True):
    """A distribution by its median and the spread of its logarithm."""

    median: float
    sigma: float

    def draw(self, draw: random.Random) -> float:
        """One value."""
        return exp(draw.gauss(log(self.median), self.sigma))


class Stay(msgspec.Struct, frozen=True):
    """What a stay in hospital costs and how long it lasts; percents of the bill."""

    self_pay_yuan: LogNormal
    days: LogNormal
    funds_percent: tuple[int, int]
    outside_percent: tuple[int, int]


class Conduct(msgspec.Struct, frozen=True):
    """What people do with a claim: channels by weight, waits in days, shares in percent.

    What is no plain stay is filed after `serious_pace` times the wait.
    """

    channels: dict[str, int]
    never_files_percent: float
    files_after_days: LogNormal
    serious_pace: float
    confirms_after_days: LogNormal
    never_confirms_percent: float
    waiting_files_percent: float
    outside_list_percent: float
    no_self_pay_percent: float
    excluded_percent: float
    false_paper_percent: float
    supplement_percent: float
    never_supplies_percent: float
    return_percent: float
    withdrawn_percent: float
    filed_twice_percent: float
    wrong_card_percent: float
    urgent_percent: float


class Incidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of the assumptions; `provenance` says where each comes from."""

    title: str
    provenance: dict[str, str]
    hospital_per_1000_months: dict[str, float]
    month_factors: tuple[float, ...]
    occupation_factors: dict[str, float]
    stay: Stay
    per_100000_years: dict[str, float]
    age_factors: dict[str, dict[str, float]]
    illnesses: dict[str, int]
    grades: dict[str, int]
    conduct: Conduct


def read_incidence(path: Path = DATA) -> Incidence:
    """The assumptions from their file."""
    return msgspec.json.decode(path.read_bytes(), type=Incidence)


@dataclass
class Case:
    """One thing that happened to one member, and what is going to be done about it.

    `files_on` is None where nobody files by themselves. Money in fen. The rest is found out on the way.
    """

    number: int
    member: Person
    kind: str
    happened_on: date
    ended_on: date
    self_pay_fen: int = 0
    funds_fen: int = 0
    outside_fen: int = 0
    illness: str = ""
    grade: int = 0
    files_on: date | None = None
    channel: str = ""
    confirms_after_days: int | None = None
    trouble: frozenset[str] = frozenset()
    urgent: bool = False
    person_id: str = ""
    org_path: str = ""
    claim_id: str = ""
    matched: bool = False
    steps: list[str] = field(default_factory=list)

    @property
    def org(self) -> str:
        """The code of the organisation that the member is covered through."""
        return self.member.union_code or self.member.division_code

    @property
    def codes(self) -> list[str]:
        """Codes from the prefecture down."""
        return path_of(self.org).split(".")[1:]


def cases_of(people: Sequence[Person], seed: int, data: Incidence) -> list[Case]:
    """Everything that happens to these people in the year, in the order of the days. Equal seeds, equal cases."""
    draw = random.Random(f"year-{seed}")
    found: list[Case] = []
    dead: dict[str, date] = {}
    for kind, member, day in _drawn(people, data, draw):
        if member.id_no in dead and dead[member.id_no] <= day:
            continue
        case = _case(kind, member, day, data, draw)
        if kind in DEATHS:
            dead[member.id_no] = day
        case.number = len(found)
        found.append(case)
    return found


def _drawn(people: Sequence[Person], data: Incidence, draw: random.Random) -> Iterator[tuple[str, Person, date]]:
    """(kind, member, day) in the order of days: a Poisson number of each kind, spread by month and member."""
    ages = [band_of(YEAR - int(one.id_no[6:10])) for one in people]
    busy = [data.occupation_factors.get(one.occupation, 1.0) for one in people]
    found: list[tuple[date, str, int]] = []
    hospital = _cumulated([data.hospital_per_1000_months[age] * factor for age, factor in zip(ages, busy, strict=True)])
    for month, factor in enumerate(data.month_factors, start=1):
        stays = _poisson(hospital[-1] / 1_000 * factor, draw)
        found += [(_day_in(month, draw), INPATIENT, _pick(hospital, draw)) for _ in range(stays)]
    months = _cumulated(data.month_factors)
    for kind in PER_YEAR:
        factors = data.age_factors.get(kind, {})
        weights = _cumulated([factors.get(age, 1.0) for age in ages])
        times = _poisson(data.per_100000_years[kind] * len(people) / 100_000, draw)
        found += [(_day_in(_pick(months, draw) + 1, draw), kind, _pick(weights, draw)) for _ in range(times)]
    for day, kind, place in sorted(found):
        yield kind, people[place], day


def _case(kind: str, member: Person, day: date, data: Incidence, draw: random.Random) -> Case:
    case = Case(0, member, kind, day, day)
    conduct = data.conduct
    if kind == INPATIENT:
        _stay(case, data.stay, draw)
    elif kind == CRITICAL:
        case.illness = _weighted(data.illnesses, draw)
    elif kind == DISABILITY:
        case.grade = int(_weighted(data.grades, draw))
    treated = draw.randint(*TREATED_DAYS.get(kind, (0, 0)))
    pace = 1.0 if kind == INPATIENT else conduct.serious_pace
    waits = min(round(conduct.files_after_days.draw(draw) * pace), FILING_DAYS_MAX)
    case.files_on = case.ended_on + timedelta(days=1 + treated + waits)
    case.channel = _channel(case, conduct, draw)
    case.confirms_after_days = 1 + min(round(conduct.confirms_after_days.draw(draw)), FILING_DAYS_MAX)
    case.urgent = kind in DEATHS or (kind == CRITICAL and _happens(conduct.urgent_percent, draw))
    case.trouble = frozenset(_troubles(case, conduct, draw))
    if kind == INPATIENT and _happens(conduct.never_files_percent, draw):
        case.files_on = None
    if kind == INPATIENT and day < WAITING_ENDS and not _happens(conduct.waiting_files_percent, draw):
        # Whoever reads the rules knows that the first thirty days pay nothing.
        case.files_on = None
    if "never_confirms" in case.trouble:
        case.confirms_after_days = None
    return case


def _stay(case: Case, stay: Stay, draw: random.Random) -> None:
    """A bill: the in-scope self-payment is drawn, the funds' part and what is out of scope follow."""
    case.ended_on = case.happened_on + timedelta(days=max(1, min(round(stay.days.draw(draw)), STAY_DAYS_MAX)))
    case.self_pay_fen = round(stay.self_pay_yuan.draw(draw)) * 100
    funds = draw.randint(*stay.funds_percent)
    case.funds_fen = case.self_pay_fen * funds // (100 - funds)
    case.outside_fen = (case.self_pay_fen + case.funds_fen) * draw.randint(*stay.outside_percent) // 100


def _channel(case: Case, conduct: Conduct, draw: random.Random) -> str:
    """A death is told to the union or the county; who has no unit has the county."""
    channel = _weighted(conduct.channels, draw)
    if case.kind in DEATHS and channel == "MEMBER_MOBILE":
        channel = "UNIT"
    if channel == "UNIT" and not case.member.union_code:
        channel = "COUNTY"
    if channel == "COUNTY" and case.member.division_code.endswith("00"):
        channel = "OFFICE_COUNTER"
    return channel


def _troubles(case: Case, conduct: Conduct, draw: random.Random) -> Iterator[str]:
    """What goes wrong on the way, by name; at most one thing that ends a claim without money."""
    if case.kind == INPATIENT:
        for name, percent in (
            ("no_self_pay", conduct.no_self_pay_percent),
            ("excluded", conduct.excluded_percent),
            ("false_paper", conduct.false_paper_percent),
            ("withdrawn", conduct.withdrawn_percent),
        ):
            if _happens(percent, draw):
                yield name
                break
    elif case.kind == CRITICAL and _happens(conduct.outside_list_percent, draw):
        yield "outside_list"
    for name, percent in (
        ("supplement", conduct.supplement_percent),
        ("returned", conduct.return_percent),
        ("filed_twice", conduct.filed_twice_percent),
        ("wrong_card", conduct.wrong_card_percent),
        ("never_confirms", conduct.never_confirms_percent),
    ):
        if _happens(percent, draw):
            yield name
    if _happens(conduct.never_supplies_percent, draw):
        yield "never_supplies"


def band_of(age: int) -> str:
    """The age band as the data name it; who is outside them counts with the nearest."""
    for least, most in AGE_BANDS:
        if age <= most:
            return f"{least}-{most}"
    return f"{AGE_BANDS[-1][0]}-{AGE_BANDS[-1][1]}"


def _happens(percent: float, draw: random.Random) -> bool:
    return draw.random() * 100 < percent


def _weighted(weights: Mapping[str, int], draw: random.Random) -> str:
    return draw.choices(list(weights), list(weights.values()))[0]


def _cumulated(weights: Sequence[float]) -> list[float]:
    total, found = 0.0, []
    for weight in weights:
        total += weight
        found.append(total)
    return found


def _pick(cumulated: Sequence[float], draw: random.Random) -> int:
    return draw.choices(range(len(cumulated)), cum_weights=cumulated)[0]


def _poisson(mean: float, draw: random.Random) -> int:
    """How many of something that happens so often on average; by its normal neighbour where it is large."""
    if mean > 400:
        return max(0, round(draw.gauss(mean, mean**0.5)))
    count, left = 0, exp(-mean)
    product = draw.random()
    while product > left:
        count += 1
        product *= draw.random()
    return count


def _day_in(month: int, draw: random.Random) -> date:
    first = date(YEAR, month, 1)
    following = date(YEAR + month // 12, month % 12 + 1, 1)
    return first + timedelta(days=draw.randrange((following - first).days))
