"""The rules sheet of a plan's version, for leaflets and stations: for anyone, as JSON and as a PDF."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.params import PathParameter
from litestar.types import ControllerRouterHandler
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from chassis.pages import FACE, letters, wrapped
from chassis.web import Problem
from chassis.web.public import PUBLIC, Limiter, client_address
from claims.api.plans import DIGESTS, PLANS
from claims.domain.rules_sheet import RulesSheet, Section, sheet_of

ASKED_BURST = 30
ASKED_PER_HOUR = 600
"""Questions of one client address; the gateway bounds them too."""
SHEETS_KEPT_MAX = 16
"""Drawn sheets kept: a version never changes."""
TITLE_SIZE, HEAD_SIZE, TEXT_SIZE, SMALL_SIZE = 17.0, 12.5, 10.0, 8.0
WIDTH, HEIGHT = A4
LEFT, RIGHT, BOTTOM = 20 * mm, WIDTH - 20 * mm, 20 * mm
TOP: float = HEIGHT - 22 * mm
LEADING = 5.6 * mm
INDENT = 4 * mm
MARK = "•"
NOTICE = "本页依保障方案的数据生成,以实施细则为准。咨询电话 12351。"

Code = Annotated[str, PathParameter(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9-]+$")]
Version = Annotated[int, PathParameter(ge=1, le=100_000)]

_asked = Limiter(ASKED_BURST, ASKED_PER_HOUR)


@get("/public/plans/{code:str}/{version:int}/sheet", opt=PUBLIC)
async def rules_sheet(code: Code, version: Version, request: Request[Any, Any, Any]) -> RulesSheet:
    """The sentences."""
    _asked.take(client_address(request))
    return _sheet(code, version)


@get("/public/plans/{code:str}/{version:int}/sheet.pdf", opt=PUBLIC, media_type="application/pdf")
async def rules_sheet_pdf(code: Code, version: Version, request: Request[Any, Any, Any]) -> Response[bytes]:
    """The same as pages of A4."""
    _asked.take(client_address(request))
    _sheet(code, version)
    page = await asyncio.to_thread(drawn, code, version)
    headers = {"Content-Disposition": 'inline; filename="rules.pdf"'}
    return Response(page, media_type="application/pdf", headers=headers)


def _sheet(code: str, version: int) -> RulesSheet:
    plan = PLANS.get((code, version))
    if plan is None:
        raise Problem(404, "plan-unknown", "There is no such version of a plan.", "code")
    return sheet_of(plan)


@lru_cache(maxsize=SHEETS_KEPT_MAX)
def drawn(code: str, version: int) -> bytes:
    """The PDF of a version; equal versions are equal bytes. Blocks. Raises Problem plan-unknown."""
    sheet = _sheet(code, version)
    footer = f"{code} 第 {version} 版  {DIGESTS[code, version][:16]}  {NOTICE}"
    texts = [sheet.title, footer, "第页0123456789"]
    texts += [text for section in sheet.sections for text in (section.heading, *section.sentences)]
    with letters("".join(texts) + MARK):
        return _pages(sheet, footer)


def _pages(sheet: RulesSheet, footer: str) -> bytes:
    out = io.BytesIO()
    page = Canvas(out, pagesize=A4, invariant=1)
    page.setTitle(sheet.title)
    at, number = _begun(page, footer, 1), 1
    page.setFont(FACE, TITLE_SIZE)
    for part in wrapped(sheet.title, TITLE_SIZE, RIGHT - LEFT):
        page.drawString(LEFT, at, part)
        at -= TITLE_SIZE * 1.5
    for section in sheet.sections:
        at -= LEADING / 2
        for text, size, indent, marked in _lines(section):
            if at < BOTTOM + LEADING:
                page.showPage()
                number += 1
                at = _begun(page, footer, number)
            page.setFont(FACE, size)
            if marked:
                page.drawString(LEFT, at, MARK)
            page.drawString(LEFT + indent, at, text)
            at -= LEADING
    page.showPage()
    page.save()
    return out.getvalue()


def _lines(section: Section) -> Iterator[tuple[str, float, float, bool]]:
    """Text, size, indentation, and whether a sentence begins with it."""
    yield section.heading, HEAD_SIZE, 0.0, False
    for sentence in section.sentences:
        for place, part in enumerate(wrapped(sentence, TEXT_SIZE, RIGHT - LEFT - INDENT)):
            yield part, TEXT_SIZE, INDENT, place == 0


def _begun(page: Canvas, footer: str, number: int) -> float:
    page.setFont(FACE, SMALL_SIZE)
    page.drawString(LEFT, BOTTOM - 8 * mm, footer)
    page.drawRightString(RIGHT, BOTTOM - 8 * mm, f"第 {number} 页")
    return TOP


ROUTES: list[ControllerRouterHandler] = [rules_sheet, rules_sheet_pdf]
