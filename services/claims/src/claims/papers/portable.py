"""PDFs: counted, and rendered page by page into pictures of a bounded size."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pypdfium2
from PIL import Image
from pypdfium2 import raw

from claims.papers.refusals import Unfit

POINTS_MAX = 14_400
"""Of a side, as Acrobat allows: 200 inches."""
_pdfium = threading.Lock()
"""The library holds one document at a time."""


def check(content: bytes, pages_max: int) -> int:
    """How many pages there are, each of which has a size. Raises Unfit."""
    with _pdfium, _document(content) as document:
        pages = len(document)
        if pages == 0:
            raise Unfit(422, "paper-damaged", "The PDF has no pages.")
        if pages > pages_max:
            raise Unfit(413, "paper-too-many-pages", f"The PDF has more than {pages_max} pages.")
        for number in range(pages):
            width, height = document.get_page_size(number)
            if not (0 < width <= POINTS_MAX and 0 < height <= POINTS_MAX):
                raise Unfit(413, "paper-too-many-pixels", "A page of the PDF is larger than allowed.")
        return pages


def render(content: bytes, page: int, side_pixels_max: int) -> Image.Image:
    """A page, counted from 1, as large as its longer side may be. Raises Unfit page-unknown, paper-damaged."""
    with _pdfium, _document(content) as document:
        if not 1 <= page <= len(document):
            raise Unfit(404, "page-unknown", "The paper has no such page.", "page")
        opened = document[page - 1]
        try:
            scale = side_pixels_max / max(*opened.get_size(), 1)
            bitmap = opened.render(scale=scale, may_draw_forms=False)
            try:
                image: Image.Image = bitmap.to_pil().convert("RGB")
                return image
            finally:
                bitmap.close()
        finally:
            opened.close()


@contextmanager
def _document(content: bytes) -> Iterator[Any]:
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD:
            raise Unfit(422, "paper-locked", "The PDF is protected by a password.") from None
        raise Unfit(422, "paper-damaged", "The PDF is damaged or cut short.") from None
    try:
        yield document
    except pypdfium2.PdfiumError:
        raise Unfit(422, "paper-damaged", "The PDF is damaged or cut short.") from None
    finally:
        document.close()
