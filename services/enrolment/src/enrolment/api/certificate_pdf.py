"""The certificate of a cover (保障确认书) as a page of PDF: what is covered, and a code that anyone may check."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, timedelta

import segno
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from chassis.pages import FACE, letters, wrapped
from enrolment.domain.certificate import grouped

TITLE_SIZE, TEXT_SIZE, SMALL_SIZE = 26.0, 12.0, 9.0
MARGIN = 25 * mm
VALUE_AT = 62 * mm
LINE = 11 * mm
QR_SIDE = 42 * mm
QR_ERROR_CORRECTION = "m"

TITLE = "保障确认书"
CARRIER = "中国职工保险互助会兰州办事处"
CHECK = "扫码可核验本确认书是否有效;核验页不显示任何个人信息。"
NOTICE = "本确认书依参保记录生成,以保障活动的实施细则为准。"


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What the page says. Dates are half-open; `name` is the member's whole name, `id_no` is masked."""

    number: str
    plan_name: str
    donor: str
    name: str
    id_no: str
    union: str
    effective_on: date
    ends_on: date
    issued_on: date
    verify_url: str


def write(certificate: Certificate) -> bytes:
    """The PDF: one page of A4."""
    last_day = certificate.ends_on - timedelta(days=1)
    lines = (
        ("确认书编号", grouped(certificate.number)),
        ("保障活动", certificate.plan_name),
        ("姓 名", certificate.name),
        ("证件号码", certificate.id_no),
        ("所属工会", certificate.union),
        ("保障期间", f"{_day(certificate.effective_on)}零时至{_day(last_day)}二十四时"),
        *((("赠送单位", certificate.donor),) if certificate.donor else ()),
        ("承办单位", CARRIER),
    )
    issued = f"出具日期 {_day(certificate.issued_on)}"
    texts = [TITLE, CHECK, NOTICE, issued, *(text for line in lines for text in line)]
    with letters("".join(texts)):
        return _page(certificate, lines, issued)


def _page(certificate: Certificate, lines: tuple[tuple[str, str], ...], issued: str) -> bytes:
    out = io.BytesIO()
    # Nothing of the machine or the moment enters the file: equal certificates are equal bytes.
    page = Canvas(out, pagesize=A4, invariant=1)
    width, height = A4
    page.setTitle(f"{TITLE} {grouped(certificate.number)}")
    page.setFont(FACE, TITLE_SIZE)
    page.drawCentredString(width / 2, height - 45 * mm, TITLE)
    page.line(MARGIN, height - 54 * mm, width - MARGIN, height - 54 * mm)
    at = height - 70 * mm
    page.setFont(FACE, TEXT_SIZE)
    for label, value in lines:
        page.drawString(MARGIN, at, label)
        for part in wrapped(value, TEXT_SIZE, width - MARGIN - VALUE_AT):
            page.drawString(VALUE_AT, at, part)
            at -= LINE
    _draw_code(page, certificate.verify_url, MARGIN, at - QR_SIDE)
    page.setFont(FACE, SMALL_SIZE)
    page.drawString(MARGIN + QR_SIDE + 8 * mm, at - 18 * mm, CHECK)
    page.drawString(MARGIN + QR_SIDE + 8 * mm, at - 26 * mm, NOTICE)
    page.setFont(FACE, TEXT_SIZE)
    page.drawRightString(width - MARGIN, at - QR_SIDE - 20 * mm, CARRIER)
    page.drawRightString(width - MARGIN, at - QR_SIDE - 20 * mm - LINE, issued)
    page.showPage()
    page.save()
    return out.getvalue()


def _draw_code(page: Canvas, url: str, left: float, bottom: float) -> None:
    """The QR code as black squares, its quiet zone around it."""
    rows = [bytes(row) for row in segno.make(url, error=QR_ERROR_CORRECTION, micro=False).matrix_iter(border=4)]
    side = QR_SIDE / len(rows)
    for down, row in enumerate(rows):
        for across, dark in enumerate(row):
            if dark:
                page.rect(left + across * side, bottom + QR_SIDE - (down + 1) * side, side, side, stroke=0, fill=1)


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
