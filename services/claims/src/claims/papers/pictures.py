"""Papers as bytes: recognised and checked by their content, and shown as pictures without their metadata."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pi_heif
from PIL import Image, ImageOps, UnidentifiedImageError

from claims.papers import portable
from claims.papers.refusals import Unfit

JPEG, PNG, HEIC, PDF = "JPEG", "PNG", "HEIC", "PDF"
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"hevc", b"hevx")
HEAD_BYTES = 1_024
TAIL_BYTES = 66_000
"""A ZIP's directory ends within this of its end."""
SHOWN_SIDE_PIXELS_MAX = 2_400
SHOWN_QUALITY = 90
SIDE_PIXELS_MIN = 64
HEIF_PLUGIN = "HEIF"

pi_heif.register_heif_opener(thumbnails=False)


@dataclass(frozen=True)
class Bounds:
    """How large a paper may be."""

    pixels_max: int
    pages_max: int


@dataclass(frozen=True)
class Recognised:
    """What the bytes are."""

    format: str
    pages: int


def recognise(content: bytes, bounds: Bounds) -> Recognised:
    """What the bytes are, all of them decoded once. Raises Unfit with a stable code."""
    format_ = _format(content)
    if format_ == PDF:
        return Recognised(PDF, portable.check(content, bounds.pages_max))
    with _opened(content, format_, bounds) as image:
        image.load()
    return Recognised(format_, 1)


def show(content: bytes, format_: str, page: int, bounds: Bounds) -> bytes:
    """One page as a JPEG: upright, bounded, and nothing in it but what is seen. Raises Unfit page-unknown."""
    if format_ == PDF:
        image = portable.render(content, page, SHOWN_SIDE_PIXELS_MAX)
    elif page != 1:
        raise Unfit(404, "page-unknown", "The paper has no such page.", "page")
    else:
        with _opened(content, format_, bounds) as opened:
            # A large JPEG is decoded small at once.
            opened.draft("RGB", (SHOWN_SIDE_PIXELS_MAX, SHOWN_SIDE_PIXELS_MAX))
            image = ImageOps.exif_transpose(opened)
    return _plain_jpeg(image)


def _plain_jpeg(image: Image.Image) -> bytes:
    """Pixels alone: a fresh picture is not given the old one's EXIF, XMP, ICC or comments."""
    if image.mode in ("RGBA", "LA", "PA", "P"):
        coloured = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(coloured)
        image = ground
    image = image.convert("RGB")
    image.thumbnail((SHOWN_SIDE_PIXELS_MAX, SHOWN_SIDE_PIXELS_MAX), Image.Resampling.LANCZOS)
    fresh = Image.new("RGB", image.size)
    fresh.paste(image)
    out = io.BytesIO()
    fresh.save(out, "JPEG", quality=SHOWN_QUALITY)
    return out.getvalue()


def _format(content: bytes) -> str:
    """By the first bytes; a file that is two things at once is none."""
    head, tail = content[:HEAD_BYTES], content[-TAIL_BYTES:]
    if not content:
        raise Unfit(422, "paper-empty", "The file is empty.")
    if head.startswith(b"\xff\xd8\xff"):
        found = JPEG
    elif head.startswith(b"\x89PNG\r\n\x1a\n"):
        found = PNG
    elif head[4:8] == b"ftyp" and head[8:12] in HEIC_BRANDS:
        found = HEIC
    elif head.startswith(b"%PDF-"):
        found = PDF
    else:
        raise Unfit(415, "paper-format-unknown", "The file must be a picture (JPEG, PNG, HEIC) or a PDF.")
    if (found != PDF and b"%PDF-" in head) or b"PK\x05\x06" in tail:
        raise Unfit(422, "paper-ambiguous", "The file is a picture and something else at once.")
    return found


@contextmanager
def _opened(content: bytes, format_: str, bounds: Bounds) -> Iterator[Image.Image]:
    """A picture whose header keeps the bounds; what goes wrong while it is decoded makes it damaged."""
    plugin = HEIF_PLUGIN if format_ == HEIC else format_
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the bound below is ours
            image = Image.open(io.BytesIO(content), formats=[plugin])
        with image:
            _check(image, format_, bounds)
            yield image
    except Image.DecompressionBombError:
        raise _too_many_pixels() from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error):
        raise Unfit(422, "paper-damaged", "The picture is damaged or cut short.") from None


def _check(image: Image.Image, format_: str, bounds: Bounds) -> None:
    if image.width * image.height > bounds.pixels_max:
        raise _too_many_pixels()
    if min(image.size) < SIDE_PIXELS_MIN:
        raise Unfit(422, "paper-too-small", f"A side of the picture has fewer than {SIDE_PIXELS_MIN} pixels.")
    # Telephones put a preview or a short film behind a JPEG; what is shown is its first picture.
    if format_ != JPEG and getattr(image, "n_frames", 1) > 1:
        raise Unfit(422, "paper-animated", "The picture moves; send a still one.")


def _too_many_pixels() -> Unfit:
    return Unfit(413, "paper-too-many-pixels", "The picture has more pixels than allowed.")
