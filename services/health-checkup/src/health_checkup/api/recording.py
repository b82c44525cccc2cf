"""How values become part of a health record: sealed, judged by sex and age, and followed up where they are urgent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from chassis.decider import Rejected
from chassis.execute import Session
from contracts.envelope import Sealed
from contracts.health_checkup.v1 import FindingDetail
from contracts.person import Measurements
from health_checkup.domain.exam import (
    ADDED,
    AMENDED_FIELD,
    CORRECTED,
    EXAM,
    FIRST_FIELD,
    AmendResults,
    Done,
    RecordResults,
    exam_id,
)
from health_checkup.domain.finding import CONTACTED, FINDING, REFERRED, ContactRules, RaiseFinding, WithdrawFinding
from health_checkup.domain.package import PACKAGES, Assessment, age_on, assess
from health_checkup.domain.stop import Open as OpenedStop
from health_checkup.projections.people import Known
from health_checkup.settings import Settings

DETAIL_FIELD = "health_checkup.finding-raised.v1/detail"
NOTHING = Assessment((), "", ())


@dataclass(frozen=True)
class Written:
    """The check-up as it is now; `finding_id` "" where nothing needs a follow-up."""

    exam_id: str
    finding_id: str
    version: int


@dataclass(frozen=True)
class Examined:
    """Whose results they are, of which stop; `age` is what the ID card says for the day, None where nobody read it."""

    stop_id: str
    stop: OpenedStop
    person_id: str
    known: Known
    age: int | None = None

    @property
    def key(self) -> str:
        """The check-up's stream."""
        return exam_id(self.stop.campaign, self.person_id)


@dataclass(frozen=True)
class Standing:
    """A check-up so far: its package, which is the stop's before there are results, what it says, and the age then."""

    package: str
    said: Measurements | None
    age: int | None = None


def rules_of(settings: Settings) -> ContactRules:
    """The follow-up's plan data."""
    within = (("A", settings.contact_class_a_days), ("B", settings.contact_class_b_days))
    afterwards = (
        (CONTACTED, "A", settings.referral_class_a_days),
        (CONTACTED, "B", settings.referral_class_b_days),
        (REFERRED, "A", settings.outcome_class_a_days),
        (REFERRED, "B", settings.outcome_class_b_days),
    )
    return ContactRules(within, settings.lost_attempts_min, settings.lost_span_days_min, afterwards)


async def seal(session: Session, value: msgspec.Struct, person_id: str, field: str) -> Sealed:
    """Seal a value of somebody's health."""
    return await session.keyring.seal(
        value, subject=person_id, category="health", decision_id=session.decision_id, field=field
    )


async def standing(session: Session, whose: Examined) -> Standing:
    """What the member's check-up says now, opened.

    Raises Rejected `examined-elsewhere` where another stop of the campaign has results; Erased, Restricted.
    """
    exam = await session.load(EXAM, whose.key)
    read = whose.age if whose.age is not None else whose.stop.ages.get(whose.person_id)
    if not isinstance(exam, Done):
        return Standing(whose.stop.package, None, read)
    if exam.stop_id != whose.stop_id:
        raise Rejected("examined-elsewhere", "Another stop of this campaign has the member's results.", "person_id")
    said = await session.keyring.open(exam.measurements, Measurements, subject=whose.person_id, field=exam.field)
    return Standing(exam.package, said, read if read is not None else exam.age)


def package_for(now: Standing, asked: str) -> str:
    """The package that a member's results are of: the one asked for, where it has all that was measured before.

    Raises Rejected `package-differs`.
    """
    if not asked or asked == now.package:
        return now.package
    if now.said is not None and not now.said.values.keys() <= PACKAGES[asked].items.keys():
        raise Rejected("package-differs", "The member's results are of a package with other items.", "package")
    return asked


async def write(
    session: Session, rules: ContactRules, whose: Examined, now: Standing, package: str, after: Measurements
) -> Written:
    """Record a member's first results, or the whole of them as they are after a correction.

    Raises Rejected `item-invalid`, `value-invalid`, `results-empty`, `not-attended`, `amended-too-often`.
    """
    age = age_on(whose.known.birth_year, whose.stop.date, now.age)
    found = assess(PACKAGES[package], after.values, whose.known.sex, age)
    before = now.said
    if before is None:
        await _first(session, whose, now, package, after, len(found.flags))
    elif before != after:
        await _again(session, whose, now, package, after, len(found.flags))
    if before != after:
        earlier = (
            assess(PACKAGES[package], before.values, whose.known.sex, age)
            if before is not None and before.values
            else NOTHING
        )
        await _follow_finding(session, rules, whose.key, whose.person_id, earlier, found)
    exam = await session.load(EXAM, whose.key)
    version = exam.version if isinstance(exam, Done) else 0
    return Written(whose.key, whose.key if found.finding_class else "", version)


async def _first(
    session: Session, whose: Examined, now: Standing, package: str, after: Measurements, abnormal: int
) -> None:
    command = RecordResults(
        exam_id=whose.key,
        person_id=whose.person_id,
        stop_id=whose.stop_id,
        campaign=whose.stop.campaign,
        package=package,
        examined_on=whose.stop.date,
        measurements=await seal(session, after, whose.person_id, FIRST_FIELD),
        items=len(after.values),
        abnormal=abnormal,
        attended=whose.person_id in whose.stop.attended,
        same_values=False,
        age=now.age,
    )
    await session.decide(EXAM, whose.key, command)


async def _again(
    session: Session, whose: Examined, now: Standing, package: str, after: Measurements, abnormal: int
) -> None:
    before = now.said or Measurements(values={})
    changed = any(after.values.get(item) != value for item, value in before.values.items())
    command = AmendResults(
        exam_id=whose.key,
        person_id=whose.person_id,
        campaign=whose.stop.campaign,
        package=package,
        examined_on=whose.stop.date,
        reason=CORRECTED if changed or before.advice not in {"", after.advice} else ADDED,
        measurements=await seal(session, after, whose.person_id, AMENDED_FIELD),
        items=len(after.values),
        abnormal=abnormal,
        same_values=False,
        age=now.age,
    )
    await session.decide(EXAM, whose.key, command)


async def _follow_finding(
    session: Session, rules: ContactRules, key: str, person_id: str, earlier: Assessment, found: Assessment
) -> None:
    """Raise a finding for what crosses a limit now, or put it in its lesser class; withdraw one without a cause."""
    if not found.finding_class:
        await session.decide(FINDING, key, WithdrawFinding(key))
        return
    grown = found.finding_class < (earlier.finding_class or "Z") or _more(found.finding_flags, earlier.finding_flags)
    command = RaiseFinding(
        finding_id=key,
        exam_id=key,
        person_id=person_id,
        finding_class=found.finding_class,
        detail=await seal(session, FindingDetail(flags=found.finding_flags), person_id, DETAIL_FIELD),
        contact_by=rules.contact_by(found.finding_class, session.today),
        grown=grown,
        next_by=tuple(
            (stage, rules.due_by(stage, found.finding_class, session.today)) for stage in (CONTACTED, REFERRED)
        ),
    )
    await session.decide(FINDING, key, command)


def _more(now: Sequence[object], before: Sequence[object]) -> bool:
    return any(flag not in before for flag in now)
