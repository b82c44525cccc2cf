"""What happens to a paper when it is photographed: it is turned, tilted, shaded, blurred, noisy, compressed."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFilter

MARGIN = 0.14
TABLES = ((148, 126, 100), (60, 62, 66), (196, 196, 190), (92, 110, 92))


@dataclass(frozen=True)
class Conditions:
    """How bad a photograph may be; every figure is a bound, drawn up to.

    Degrees; `tilt` a share of the side; blur in pixels; `noise` and `shade` a share of full white.
    """

    degrees_from: float = 0.0
    degrees: float = 0.0
    tilt: float = 0.0
    scale: float = 1.0
    blur: float = 0.0
    noise: float = 0.0
    shade: float = 0.0
    jpeg_quality: int = 92


CLEAN = Conditions()
MILD = Conditions(degrees=3, tilt=0.01, blur=0.8, noise=0.03, shade=0.2, jpeg_quality=85)
HARD = Conditions(degrees_from=4, degrees=10, tilt=0.05, scale=0.62, blur=1.2, noise=0.055, shade=0.5, jpeg_quality=45)
LEVELS = {"clean": CLEAN, "mild": MILD, "hard": HARD}


def photograph(draw: random.Random, paper: Image.Image, conditions: Conditions) -> bytes:
    """The paper on a table, as a JPEG; CLEAN is a scan without a table."""
    picture = paper if conditions == CLEAN else _on_table(draw, paper, conditions)
    if conditions.scale != 1:
        size = (round(picture.width * conditions.scale), round(picture.height * conditions.scale))
        picture = picture.resize(size, Image.Resampling.BICUBIC)
    if conditions.shade:
        picture = _shaded(draw, picture, conditions.shade)
    if conditions.blur:
        picture = picture.filter(ImageFilter.GaussianBlur(draw.uniform(0.3, 1) * conditions.blur))
    if conditions.noise:
        picture = _noisy(draw, picture, conditions.noise)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=conditions.jpeg_quality)
    return out.getvalue()


def _on_table(draw: random.Random, paper: Image.Image, conditions: Conditions) -> Image.Image:
    """Turned and seen from the side, with a table around it."""
    margin = round(max(paper.size) * MARGIN)
    width, height = paper.width + 2 * margin, paper.height + 2 * margin
    table = Image.new("RGB", (width, height), draw.choice(TABLES))
    table.paste(paper, (margin, margin))
    degrees = draw.uniform(conditions.degrees_from, conditions.degrees) * draw.choice((-1, 1))
    ground = table.getpixel((0, 0))
    assert isinstance(ground, tuple)
    table = table.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=ground)

    def off(side: int) -> float:
        return draw.uniform(0, conditions.tilt) * side

    corners = (
        off(width), off(height), off(width), height - off(height),
        width - off(width), height - off(height), width - off(width), off(height),
    )  # fmt: skip
    return table.transform(table.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC)


def _shaded(draw: random.Random, picture: Image.Image, shade: float) -> Image.Image:
    """Darker towards one corner."""
    gradient = Image.linear_gradient("L").rotate(draw.choice((0, 90, 180, 270)))
    darkest = round(255 * (1 - draw.uniform(0.4, 1) * shade))
    light = gradient.point(lambda value: darkest + (255 - darkest) * value // 255).resize(picture.size)
    return ImageChops.multiply(picture, Image.merge("RGB", (light, light, light)))


def _noisy(draw: random.Random, picture: Image.Image, noise: float) -> Image.Image:
    """Grain: the sum of two even draws a pixel, of a standard deviation of `noise`."""
    count = picture.width * picture.height
    first, second = (Image.frombytes("L", picture.size, draw.randbytes(count)) for _ in range(2))
    grain = ImageChops.add(first, second, scale=2)  # 0..255 around 127, a deviation of 52
    spread = noise * draw.uniform(0.5, 1) * 255 / 52
    bright = grain.point(lambda value: max(round((value - 127) * spread), 0))
    dark = grain.point(lambda value: max(round((127 - value) * spread), 0))
    return ImageChops.subtract(ImageChops.add(picture, _grey(bright)), _grey(dark))


def _grey(light: Image.Image) -> Image.Image:
    return Image.merge("RGB", (light, light, light))
