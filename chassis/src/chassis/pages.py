"""Pages of PDF with Chinese on them: a font of just the letters that a document shows."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files

from fontTools import subset
from fontTools.ttLib import TTFont as FontFile
from fontTools.varLib import instancer
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfbase.ttfonts import TTFont

FONT_PACKAGE = "justmytype_intl_cjk"
FONT_FILE = "fonts/ofl/notosanssc/NotoSansSC[wght].ttf"
"""Noto Sans SC, under the SIL Open Font License 1.1. A document embeds only the letters it shows."""
WEIGHT = 400
FACE = "NotoSansSC"
TABLES_DROPPED = ["BASE", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx"]
"""Of use for vertical lines and joined letters only."""

CLOSING = frozenset("、。,;:!?)】》”%")
_WORDS = re.compile(r"[0-9A-Za-z.,%/_-]+|\n|.")

_registering = threading.Lock()
"""Fonts are registered by name for the whole process, and each document has a font of its own letters."""


@contextmanager
def letters(text: str) -> Iterator[str]:
    """Draw in here with the font whose name is given; it has the letters of `text` and no other.

    Blocks, also while another document is drawn, so callers use a thread. A letter that Noto Sans SC lacks shows as
    an empty box.
    """
    font = TTFont(FACE, io.BytesIO(_font(text)))
    with _registering:
        registerFont(font)
        try:
            yield FACE
        finally:
            # A name is registered once for ever, and the next document has other letters: so it is taken out again.
            pdfmetrics._fonts.pop(FACE)  # noqa: SLF001 - nothing public forgets a font
            pdfmetrics._dynFaceNames.pop(font.face.name)  # noqa: SLF001


def wrapped(text: str, size: float, width: float) -> list[str]:
    """The text in parts that fit, within `letters`; Chinese breaks anywhere, but no part begins with a closing mark.

    Numbers and Latin words stay whole where they fit; a closing mark may hang over the width.
    """
    parts = [""]
    for word in _WORDS.findall(text):
        if word == "\n":
            parts.append("")
            continue
        pieces = [word] if stringWidth(word, FACE, size) <= width else list(word)
        for piece in pieces:
            if parts[-1] and piece not in CLOSING and stringWidth(parts[-1] + piece, FACE, size) > width:
                parts.append("")
            parts[-1] += piece
    return parts


def _font(text: str) -> bytes:
    options = subset.Options()
    options.layout_features = []
    options.notdef_outline = True
    options.drop_tables += TABLES_DROPPED
    with FontFile(str(files(FONT_PACKAGE) / FONT_FILE), lazy=True, recalcTimestamp=False) as font:
        cut = subset.Subsetter(options)
        cut.populate(text=text)
        cut.subset(font)
        instancer.instantiateVariableFont(font, {"wght": WEIGHT}, inplace=True)
        out = io.BytesIO()
        font.save(out)
    return out.getvalue()
