"""Whatever is handed in as a paper is a still picture of a bounded size, or is refused by a code."""

from __future__ import annotations

import contextlib
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable

import pillow_heif
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from claims.papers.pictures import Bounds, recognise, show
from claims.papers.refusals import Unfit

BOUNDS = Bounds(pixels_max=4_000_000, pages_max=3)
SIZE = (240, 160)
PLACE = "31 deg 2' 11\" N"


def scan(size: tuple[int, int] = SIZE) -> Image.Image:
    return Image.frombytes("RGB", size, random.Random("scan").randbytes(size[0] * size[1] * 3))


def saved(image: Image.Image, format_: str, **how: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format_, **how)
    return out.getvalue()


def jpeg() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = PLACE
    exif[0x0112] = 6  # the camera was held upright
    return saved(scan(), "JPEG", exif=exif.tobytes())


def png() -> bytes:
    return saved(scan(), "PNG")


def heic() -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(scan()).save(out, quality=60)
    return out.getvalue()


def pdf(pages: int = 2) -> bytes:
    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(300, 200)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


LOCKED_PDF = b"""%%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>endobj
4 0 obj<</Filter/Standard/V 1/R 2/P -44/O<%s>/U<%s>>>endobj
trailer<</Root 1 0 R/Size 5/Encrypt 4 0 R/ID[<00><00>]>>
%%%%EOF""" % (b"11" * 32, b"22" * 32)


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("a", "b")
    return out.getvalue()


def claiming(width: int, height: int) -> bytes:
    """A PNG whose header claims a size that its few bytes do not have."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def moving() -> bytes:
    return saved(scan(), "PNG", save_all=True, append_images=[scan().rotate(180)], duration=100)


@pytest.mark.parametrize(
    ("make", "format_", "pages"), [(jpeg, "JPEG", 1), (png, "PNG", 1), (heic, "HEIC", 1), (pdf, "PDF", 2)]
)
def test_four_formats_are_recognised_by_their_content(make: Callable[[], bytes], format_: str, pages: int) -> None:
    content = make()
    told = recognise(content, BOUNDS)
    assert (told.format, told.pages) == (format_, pages)
    with Image.open(io.BytesIO(show(content, format_, 1, BOUNDS))) as shown:
        assert shown.format == "JPEG"
        assert min(shown.size) >= 160


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "paper-empty"),
        (b"hello, this is a letter", "paper-format-unknown"),
        (saved(scan(), "GIF"), "paper-format-unknown"),
        (zipped(), "paper-format-unknown"),
        (b"MZ" + bytes(300), "paper-format-unknown"),
        (jpeg()[:-2000], "paper-damaged"),
        (jpeg()[:40], "paper-damaged"),
        (png()[:-2000], "paper-damaged"),
        (heic()[:-2000], "paper-damaged"),
        (pdf()[:30], "paper-damaged"),
        (b"\xff\xd8\xff" + bytes(500), "paper-damaged"),
        (LOCKED_PDF, "paper-locked"),
        (saved(scan((1, 1)), "PNG"), "paper-too-small"),
        (saved(scan((900, 20)), "JPEG"), "paper-too-small"),
        (claiming(20_000, 20_000), "paper-too-many-pixels"),
        (claiming(2_001, 2_000), "paper-too-many-pixels"),
        (claiming(200, 200), "paper-damaged"),
        (moving(), "paper-animated"),
        (jpeg() + zipped(), "paper-ambiguous"),
        (pdf() + zipped(), "paper-ambiguous"),
        (jpeg()[:20] + b"%PDF-1.4" + jpeg()[20:], "paper-ambiguous"),
        (pdf(4), "paper-too-many-pages"),
    ],
)
def test_what_is_no_paper_is_refused_by_its_code(content: bytes, code: str) -> None:
    with pytest.raises(Unfit) as refused:
        recognise(content, BOUNDS)
    assert refused.value.code == code
    assert refused.value.sentence.endswith(".")


def test_what_is_shown_is_upright_and_without_metadata() -> None:
    original = jpeg()
    assert PLACE.encode() in original
    shown = show(original, "JPEG", 1, BOUNDS)
    assert PLACE.encode() not in shown
    with Image.open(io.BytesIO(shown)) as image:
        assert image.size == (SIZE[1], SIZE[0])
        assert not image.getexif()
        assert not {"exif", "icc_profile", "comment", "xmp"} & set(image.info)


def test_a_page_that_is_not_there_is_refused() -> None:
    for content, format_, page in ((pdf(), "PDF", 3), (jpeg(), "JPEG", 2)):
        with pytest.raises(Unfit) as refused:
            show(content, format_, page, BOUNDS)
        assert refused.value.code == "page-unknown"


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([jpeg(), png(), heic(), pdf()]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=12),
)
def test_a_spoiled_file_is_taken_or_refused_by_a_code(content: bytes, spoils: list[tuple[float, int]]) -> None:
    spoiled = bytearray(content)
    for where, value in spoils:
        spoiled[int(where * (len(spoiled) - 1))] = value
    with contextlib.suppress(Unfit):
        told = recognise(bytes(spoiled), BOUNDS)
        show(bytes(spoiled), told.format, 1, BOUNDS)
