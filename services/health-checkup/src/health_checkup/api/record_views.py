"""A health record, gathered and opened once: for the page, for FHIR and for the PDF."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chassis.clock import from_text, local_day, local_text
from chassis.context import Context
from chassis.keyring import Erased
from contracts.envelope import Actor
from contracts.person import Measurements
from health_checkup.api import fhir
from health_checkup.api.record_shapes import (
    AttachedView,
    ExamView,
    ItemView,
    PointView,
    ReadingView,
    RecordView,
    RetractedView,
    SeriesView,
    VersionView,
)
from health_checkup.domain.package import EVERY_PACKAGE, Item, Package, age_on, judge
from health_checkup.projections import deleted_copies, exam_reports, exam_versions, exams, people, readings, retractions
from health_checkup.projections.people import Known

NOT_KNOWN = Known("", 0)


@dataclass(frozen=True)
class OpenedExam:
    """One check-up with its values, None once they are erased; `history` is every version, oldest first."""

    row: exams.ExamRow
    value: Measurements | None
    history: tuple[tuple[exam_versions.VersionRow, Measurements], ...]
    reports: tuple[exam_reports.ReportRow, ...]


@dataclass(frozen=True)
class OpenedReading:
    """One reading with its values, None once they are erased."""

    row: readings.ReadingRow
    value: Measurements | None


@dataclass(frozen=True)
class OpenedRecord:
    """All that may be shown of one person."""

    person_id: str
    known: Known
    exams: tuple[OpenedExam, ...]
    readings: tuple[OpenedReading, ...]
    retracted: tuple[retractions.RetractionRow, ...] = ()


async def gather(context: Context, person_id: str, provider: Actor | None) -> OpenedRecord:
    """Open a record for its member (`provider` None: what the own copy holds), or for a provider what is its own.

    A provider sees own readings of the members that it has examined.
    """
    async with context.reads.connection() as c:
        after = 0 if provider is not None else await deleted_copies.deleted_to(c, person_id)
        rows = await exams.of_person(c, person_id, provider, after)
        ids = [row.exam_id for row in rows]
        versions = await exam_versions.of_exams(c, ids, after)
        reports = await exam_reports.of_person(c, person_id, ids, after)
        own = await readings.of_person(c, person_id, after) if rows or provider is None else []
        known = (await people.known(c, [person_id])).get(person_id, NOT_KNOWN)
        retracted = await retractions.of_person(c, person_id, provider, after)
    opened = await context.keyring.open_many(
        [
            *((row.measurements, Measurements, person_id, row.field) for row in rows),
            *((row.measurements, Measurements, person_id, row.field) for row in versions),
            *((row.measurements, Measurements, person_id, readings.FIELD) for row in own),
        ]
    )
    values = [None if isinstance(value, Erased) else value for value in opened]
    told = [
        (row, value)
        for row, value in zip(versions, values[len(rows) : len(rows) + len(versions)], strict=True)
        if value
    ]
    return OpenedRecord(
        person_id,
        known,
        tuple(
            OpenedExam(
                row,
                value,
                tuple((version, said) for version, said in told if version.exam_id == row.exam_id),
                tuple(one for one in reports if one.exam_id == row.exam_id),
            )
            for row, value in zip(rows, values, strict=False)
        ),
        tuple(OpenedReading(row, value) for row, value in zip(own, values[len(rows) + len(versions) :], strict=True)),
        tuple(retracted),
    )


def view(record: OpenedRecord) -> RecordView:
    """The record as a page needs it."""
    return RecordView(
        record.person_id,
        [_exam(one, record.known) for one in record.exams],
        [_reading(one, record.known) for one in record.readings],
        timeline(record),
        [RetractedView(one.exam_id, one.examined_on, one.reason, one.retracted_on) for one in record.retracted],
    )


def timeline(record: OpenedRecord) -> list[SeriesView]:
    """Each item that was measured in numbers over the years, in the order of the packages."""
    series: dict[str, SeriesView] = {}
    for day, package, values, own, age in _measured(record):
        for code, text in values.items():
            item = package.items[code]
            if item.options:
                continue
            shown = _item(item, text, record.known, day, age)
            point = PointView(day, text, shown.flag, shown.low, shown.high, own)
            series.setdefault(code, SeriesView(code, item.name, item.unit, [])).points.append(point)
    order = [*dict.fromkeys(code for package in EVERY_PACKAGE.values() for code in package.items)]
    return [series[code] for code in order if code in series]


def _measured(record: OpenedRecord) -> list[tuple[str, Package, Mapping[str, str], bool, int | None]]:
    """(day, package, values, self-measured, age as read from the ID card), oldest first."""
    examined = [
        (one.row.examined_on, EVERY_PACKAGE[one.row.package], one.value.values, False, one.row.age)
        for one in record.exams
        if one.value
    ]
    own = [
        (_day(one.row), EVERY_PACKAGE[one.row.package], one.value.values, True, None)
        for one in record.readings
        if one.value
    ]
    return sorted([*examined, *own], key=lambda one: one[0])


def bundle(record: OpenedRecord, now: str) -> fhir.WrittenBundle:
    """The record as FHIR: a report with its observations for each check-up, then what the member measured."""
    entries: list[fhir.WrittenEntry] = []
    for exam in record.exams:
        if exam.value is None:
            continue
        package = EVERY_PACKAGE[exam.row.package]
        amended = exam.row.version > 1
        urls = []
        for code, text in exam.value.values.items():
            url = f"urn:huzhu:observation:{exam.row.exam_id}:{code}"
            urls.append(url)
            item, on = package.items[code], exam.row.examined_on
            entries.append(_observed(url, record, item, text, on, amended=amended, read=exam.row.age))
        report = fhir.report(
            _fhir_id(exam.row.exam_id),
            person_id=record.person_id,
            examined_on=exam.row.examined_on,
            issued=fhir.midnight(exam.row.amended_on or exam.row.recorded_on),
            advice=exam.value.advice,
            results=tuple(urls),
            amended=amended,
        )
        entries.append(fhir.WrittenEntry(f"urn:huzhu:report:{exam.row.exam_id}", report))
    for reading in record.readings:
        if reading.value is None:
            continue
        package = EVERY_PACKAGE[reading.row.package]
        for code, text in reading.value.values.items():
            url = f"urn:huzhu:observation:{reading.row.kiosk_id}:{reading.row.reading_id}:{code}"
            at = local_text(reading.row.measured_at)
            entries.append(_observed(url, record, package.items[code], text, at, self_measured=True))
    again = {exam.row.exam_id for exam in record.exams}
    # Where results of the member's own have come since, they have the place, under the same id.
    entries += [_retracted(record, one) for one in record.retracted if one.exam_id not in again]
    return fhir.WrittenBundle("collection", now, tuple(entries))


def _retracted(record: OpenedRecord, one: retractions.RetractionRow) -> fhir.WrittenEntry:
    report = fhir.report(
        _fhir_id(one.exam_id),
        person_id=record.person_id,
        examined_on=one.examined_on,
        issued=fhir.midnight(one.retracted_on),
        advice="",
        results=(),
        retracted=True,
    )
    return fhir.WrittenEntry(f"urn:huzhu:report:{one.exam_id}", report)


def _observed(
    url: str,
    record: OpenedRecord,
    item: Item,
    text: str,
    at: str,
    *,
    amended: bool = False,
    self_measured: bool = False,
    read: int | None = None,
) -> fhir.WrittenEntry:
    age = age_on(record.known.birth_year, at[:10], read)
    resource = fhir.observation(
        _fhir_id(url.removeprefix("urn:huzhu:observation:")),
        item,
        text,
        person_id=record.person_id,
        at=at,
        flag=judge(item, text, record.known.sex, age).flag,
        ranges=fhir.ranges_of(item, record.known.sex, age),
        amended=amended,
        self_measured=self_measured,
    )
    return fhir.WrittenEntry(url, resource)


def _fhir_id(text: str) -> str:
    """FHIR's ids are 64 letters, digits, hyphens and dots at most; ours end in what tells them apart."""
    return "".join(one if one.isalnum() or one in "-." else "-" for one in text)[-64:]


def _exam(one: OpenedExam, known: Known) -> ExamView:
    row = one.row
    shown = ExamView(row.exam_id, row.examined_on, row.package, row.abnormal, erased=True, items=[], advice="")
    if one.value is None:
        return shown
    package = EVERY_PACKAGE[row.package]
    return ExamView(
        row.exam_id,
        row.examined_on,
        row.package,
        row.abnormal,
        erased=False,
        items=[
            _item(package.items[code], text, known, row.examined_on, row.age) for code, text in one.value.values.items()
        ],
        advice=one.value.advice,
        version=row.version,
        recorded_on=row.recorded_on,
        amended_on=row.amended_on or "",
        history=[VersionView(said.version, said.reason, said.recorded_on, was.values) for said, was in one.history],
        reports=[AttachedView(report.sha256, report.attached_on, report.kept_until) for report in one.reports],
    )


def _reading(one: OpenedReading, known: Known) -> ReadingView:
    row = one.row
    at = local_text(row.measured_at)
    if one.value is None:
        return ReadingView(row.kiosk_id, row.reading_id, at, erased=True, items=[])
    package = EVERY_PACKAGE[row.package]
    items = [_item(package.items[code], text, known, _day(row)) for code, text in one.value.values.items()]
    return ReadingView(row.kiosk_id, row.reading_id, at, erased=False, items=items)


def _day(row: readings.ReadingRow) -> str:
    return local_day(from_text(row.measured_at)).isoformat()


def _item(item: Item, text: str, known: Known, day: str, read: int | None = None) -> ItemView:
    """A value with the range that it was judged by; where sex or age is not on record, the widest of those possible."""
    age = age_on(known.birth_year, day, read)
    limits = item.limits_for(known.sex, age)
    lows = [one.low for one in limits]
    highs = [one.high for one in limits]
    return ItemView(
        item.code,
        item.name,
        text,
        item.unit,
        judge(item, text, known.sex, age).flag,
        next((option.name for option in item.options if option.code == text), text),
        str(min(low for low in lows if low is not None)) if lows and None not in lows else "",
        str(max(high for high in highs if high is not None)) if highs and None not in highs else "",
    )
