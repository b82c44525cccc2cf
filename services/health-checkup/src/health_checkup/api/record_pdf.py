"""A health record as a PDF: every check-up with its flags and advice, and charts of the values over the years."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from chassis.pages import FACE, letters, wrapped
from health_checkup.api.record_shapes import ExamView, ItemView, PointView, RecordView, SeriesView
from health_checkup.domain.package import EVERY_PACKAGE

WIDTH, HEIGHT = A4
LEFT, RIGHT, TOP, BOTTOM = 18 * mm, WIDTH - 18 * mm, HEIGHT - 20 * mm, 20 * mm
TITLE_SIZE, HEAD_SIZE, TEXT_SIZE, SMALL_SIZE = 20.0, 13.0, 9.5, 7.5
ROW = 5.4 * mm
COLUMNS = (LEFT, LEFT + 62 * mm, LEFT + 98 * mm, LEFT + 124 * mm, LEFT + 158 * mm)
CHART_WIDTH, CHART_HEIGHT, CHART_GAP = 84 * mm, 44 * mm, 6 * mm
AIR: float = 3 * mm
WHOLE_FROM = 10
"""A chart that spans so much has whole numbers at its edges."""
POINTS_MIN = 2
"""An item is drawn once there is something to compare."""
INK, GREY, LINE = HexColor("#222222"), HexColor("#777777"), HexColor("#cccccc")
RED, BLUE, BAND, SHADE = HexColor("#c0392b"), HexColor("#1f5fa8"), HexColor("#e4f1e4"), HexColor("#f5f5f5")
TITLE = "健康档案"
NOTICE = "参考范围按检查时的性别和年龄确定;本档案不能代替医生的诊断。自测值由本人在健康小屋测得,用空心点表示。"
FLAGS = {"low": "偏低 ↓", "high": "偏高 ↑", "abnormal": "异常", "": ""}
HEADINGS = ("项目", "结果", "单位", "参考范围", "提示")
WORDS = "第页会员编号出具日期体检项异常更正首次登记于医生建议各项历年变化健康小屋自测记录暂无结果数据已删年月:;,≥≤–·"
ASCII = "".join(map(chr, range(32, 127)))


def write(record: RecordView, today: date) -> bytes:
    """The PDF, newest check-up first; equal records of one day are equal bytes."""
    with letters("".join([ASCII, WORDS, TITLE, NOTICE, *FLAGS.values(), *HEADINGS, *_texts(record)])):
        out = io.BytesIO()
        sheet = _Sheet(Canvas(out, pagesize=A4, invariant=1), record.person_id)
        sheet.title(today)
        if not record.exams and not record.readings:
            sheet.text("暂无体检结果")
        for exam in reversed(record.exams):
            _draw_exam(sheet, exam)
        drawn = [series for series in record.timeline if len(series.points) >= POINTS_MIN]
        if drawn:
            _draw_charts(sheet, drawn)
        if record.readings:
            _draw_readings(sheet, record)
        return sheet.finish(out)


def _texts(record: RecordView) -> Iterator[str]:
    """Everything of the record that is shown, so that the font has its letters."""
    for exam in record.exams:
        yield EVERY_PACKAGE[exam.package].name
        yield exam.advice
        for item in exam.items:
            yield item.name + item.text + item.unit
    for reading in record.readings:
        for item in reading.items:
            yield item.name + item.text + item.unit
    for series in record.timeline:
        yield series.name + series.unit


@dataclass
class _Sheet:
    """Where the pen is; it begins a new page where what comes next would not fit."""

    page: Canvas
    person_id: str
    at: float = TOP
    number: int = 1

    def room(self, height: float) -> bool:
        """Make sure that so much fits; whether a new page was begun."""
        if self.at - height >= BOTTOM:
            return False
        self._foot()
        self.page.showPage()
        self.number += 1
        self.at = TOP
        return True

    def say(self, left: float, text: str, *, size: float = TEXT_SIZE, colour: Color = INK) -> None:
        """Text on the line where the pen is."""
        self.page.setFillColor(colour)
        self.page.setFont(FACE, size)
        self.page.drawString(left, self.at, text)

    def title(self, today: date) -> None:
        """The head of the first page."""
        self.page.setTitle(TITLE)
        self.say(LEFT, TITLE, size=TITLE_SIZE)
        self.at -= 8 * mm
        self.say(LEFT, f"会员编号 {self.person_id}", colour=GREY)
        self.page.drawRightString(RIGHT, self.at, f"出具日期 {_day(today.isoformat())}")
        self.at -= 3 * mm
        self.rule(INK)
        self.at -= 6 * mm

    def rule(self, colour: Color = LINE) -> None:
        """A line across the page."""
        self.page.setStrokeColor(colour)
        self.page.setLineWidth(0.5)
        self.page.line(LEFT, self.at, RIGHT, self.at)

    def head(self, text: str, beside: str = "", needs: float = 0.0) -> None:
        """A heading that stays with what follows it."""
        self.room(12 * mm + needs)
        self.at -= 4 * mm
        self.say(LEFT, text, size=HEAD_SIZE)
        self.page.setFillColor(GREY)
        self.page.setFont(FACE, TEXT_SIZE)
        self.page.drawRightString(RIGHT, self.at, beside)
        self.at -= 2.5 * mm
        self.rule()
        self.at -= ROW

    def text(self, text: str, *, size: float = TEXT_SIZE, colour: Color = INK) -> None:
        """A paragraph."""
        for part in wrapped(text, size, RIGHT - LEFT):
            self.room(ROW)
            self.say(LEFT, part, size=size, colour=colour)
            self.at -= ROW

    def finish(self, out: io.BytesIO) -> bytes:
        """End the document."""
        self._foot()
        self.page.showPage()
        self.page.save()
        return out.getvalue()

    def _foot(self) -> None:
        self.page.setFillColor(GREY)
        self.page.setFont(FACE, SMALL_SIZE)
        self.page.drawString(LEFT, BOTTOM - 8 * mm, NOTICE)
        self.page.drawRightString(RIGHT, BOTTOM - 8 * mm, f"第 {self.number} 页")


def _draw_exam(sheet: _Sheet, exam: ExamView) -> None:
    beside = f"{exam.abnormal} 项异常" if exam.abnormal else ""
    heading = f"{_day(exam.examined_on)} 体检 · {EVERY_PACKAGE[exam.package].name}"
    if exam.erased:
        sheet.head(heading)
        sheet.text("数据已删除", colour=GREY)
        return
    sheet.head(heading, beside, needs=3 * ROW)
    if exam.version > 1:
        sheet.text(f"{_day(exam.amended_on)}更正,首次登记于{_day(exam.recorded_on)}", size=SMALL_SIZE, colour=GREY)
    _draw_headings(sheet)
    for number, item in enumerate(exam.items):
        if sheet.room(ROW):
            _draw_headings(sheet)
        _draw_item(sheet, item, shaded=number % 2 == 1)
    if exam.advice:
        sheet.room(2 * ROW)
        sheet.at -= 1.5 * mm
        sheet.text(f"医生建议:{exam.advice}")


def _draw_headings(sheet: _Sheet) -> None:
    for left, heading in zip(COLUMNS, HEADINGS, strict=True):
        sheet.say(left, heading, size=SMALL_SIZE, colour=GREY)
    sheet.at -= ROW


def _draw_item(sheet: _Sheet, item: ItemView, *, shaded: bool) -> None:
    if shaded:
        sheet.page.setFillColor(SHADE)
        sheet.page.rect(LEFT - 1.5 * mm, sheet.at - 1.5 * mm, RIGHT - LEFT + 3 * mm, ROW, stroke=0, fill=1)
    colour = RED if item.flag else INK
    for left, text in zip(
        COLUMNS, (item.name, item.text, item.unit, _range(item.low, item.high), FLAGS[item.flag]), strict=True
    ):
        sheet.say(left, text, colour=colour if text in {item.text, FLAGS[item.flag]} else INK)
    sheet.at -= ROW


def _draw_readings(sheet: _Sheet, record: RecordView) -> None:
    sheet.head("健康小屋自测记录", needs=2 * ROW)
    for reading in reversed(record.readings):
        told = ";".join(f"{item.name} {item.text} {item.unit} {FLAGS[item.flag]}".strip() for item in reading.items)
        sheet.text(f"{reading.measured_at[:16].replace('T', ' ')} {told or '数据已删除'}")


def _draw_charts(sheet: _Sheet, drawn: Sequence[SeriesView]) -> None:
    sheet.head("各项历年变化", needs=CHART_HEIGHT)
    sheet.at += ROW
    for place, series in enumerate(drawn):
        if place % 2 == 0:
            sheet.room(CHART_HEIGHT + CHART_GAP)
            sheet.at -= CHART_HEIGHT + CHART_GAP
        left = LEFT if place % 2 == 0 else RIGHT - CHART_WIDTH
        _draw_chart(sheet.page, series, left, sheet.at)
    sheet.at -= ROW


def _draw_chart(page: Canvas, series: SeriesView, left: float, bottom: float) -> None:
    """A line over time on the reference band, which steps where the range changed with the age."""
    plot = _Plot.of(series.points, left + 11 * mm, bottom + 7 * mm, CHART_WIDTH - 13 * mm, CHART_HEIGHT - 14 * mm)
    page.setFillColor(INK)
    page.setFont(FACE, TEXT_SIZE)
    page.drawString(left, bottom + CHART_HEIGHT - 4 * mm, f"{series.name} {series.unit}".rstrip())
    _draw_band(page, plot, series.points)
    page.setStrokeColor(LINE)
    page.setLineWidth(0.5)
    page.rect(plot.left, plot.bottom, plot.width, plot.height, stroke=1, fill=0)
    page.setFillColor(GREY)
    page.setFont(FACE, SMALL_SIZE)
    for value in (plot.low, plot.high):
        page.drawRightString(plot.left - 1.5 * mm, plot.y(value) - 2, _short(value))
    first, last = series.points[0].on, series.points[-1].on
    page.drawString(plot.left, bottom + 2.5 * mm, first)
    if last != first:
        page.drawRightString(plot.left + plot.width, bottom + 2.5 * mm, last)
    places = [(plot.x(point.on), plot.y(Decimal(point.value)), point) for point in series.points]
    page.setStrokeColor(BLUE)
    page.setLineWidth(1)
    for (x1, y1, _), (x2, y2, _) in pairwise(places):
        page.line(x1, y1, x2, y2)
    for x, y, point in places:
        page.setStrokeColor(RED if point.flag else BLUE)
        page.setFillColor(HexColor("#ffffff") if point.self_measured else RED if point.flag else BLUE)
        page.circle(x, y, 1.9, stroke=1, fill=1)
    # The newest value in figures: beside the name, where no line crosses it.
    newest = series.points[-1]
    page.setFillColor(RED if newest.flag else BLUE)
    page.setFont(FACE, TEXT_SIZE)
    page.drawRightString(plot.left + plot.width, bottom + CHART_HEIGHT - 4 * mm, newest.value)


def _draw_band(page: Canvas, plot: _Plot, points: Sequence[PointView]) -> None:
    page.setFillColor(BAND)
    edges = [plot.left, *(plot.x(point.on) for point in points[1:]), plot.left + plot.width]
    for place, point in enumerate(points):
        if not point.low and not point.high:
            continue
        low = plot.y(max(Decimal(point.low), plot.low)) if point.low else plot.bottom
        high = plot.y(min(Decimal(point.high), plot.high)) if point.high else plot.bottom + plot.height
        width = edges[place + 1] - edges[place]
        if high > low and width > 0:
            page.rect(edges[place], low, width, high - low, stroke=0, fill=1)


@dataclass(frozen=True)
class _Plot:
    """Where a value of a day stands on the page."""

    left: float
    bottom: float
    width: float
    height: float
    first: date
    days: int
    low: Decimal
    high: Decimal

    @classmethod
    def of(cls, points: Sequence[PointView], left: float, bottom: float, width: float, height: float) -> _Plot:
        """A frame that holds every value and the range around them, with a little air."""
        seen = [Decimal(point.value) for point in points]
        limits = [Decimal(text) for point in points for text in (point.low, point.high) if text]
        low, high = min([*seen, *limits]), max([*seen, *limits])
        air = (high - low or abs(high) or Decimal(1)) / 10
        first, last = date.fromisoformat(points[0].on), date.fromisoformat(points[-1].on)
        floor, ceiling = max(low - air, Decimal(0)), high + air
        if ceiling - floor >= WHOLE_FROM:
            floor, ceiling = floor.to_integral_value(ROUND_FLOOR), ceiling.to_integral_value(ROUND_CEILING)
        return cls(left, bottom, width, height, first, max((last - first).days, 1), floor, ceiling)

    def x(self, day: str) -> float:
        """Days are as far apart as they are in time, a little inside the frame."""
        share = (date.fromisoformat(day) - self.first).days / self.days
        return self.left + AIR + share * (self.width - 2 * AIR)

    def y(self, value: Decimal) -> float:
        """Upwards."""
        return self.bottom + float((value - self.low) / (self.high - self.low)) * self.height


def _range(low: str, high: str) -> str:
    if low and high:
        return f"{low} – {high}"
    return f"≥ {low}" if low else f"≤ {high}" if high else ""


def _short(value: Decimal) -> str:
    return str(value.quantize(Decimal(1) if value == value.to_integral_value() else Decimal("0.1")))


def _day(day: str) -> str:
    year, month, rest = day.split("-")
    return f"{year}年{int(month)}月{int(rest)}日"
