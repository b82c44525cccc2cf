"""Lines of text found in a picture, laid level: which stands in which row, and what follows what."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

Point = tuple[float, float]

ROW_SHARE = 0.55
"""Two lines stand in one row when their middles are nearer than this share of the lower one's height."""
SHEET_TURNS = (0.0, math.pi)


@dataclass(frozen=True)
class Line:
    """A recognised line: its text, the reader's confidence in percent, the four corners of its box in pixels."""

    text: str
    confidence: int
    corners: tuple[Point, Point, Point, Point]

    @property
    def angle(self) -> float:
        """The direction of its longer side in radians; which end is the beginning is not known."""
        first, second, third, _ = self.corners
        along, across = _vector(first, second), _vector(second, third)
        x, y = along if math.hypot(*along) >= math.hypot(*across) else across
        return math.atan2(y, x)

    @property
    def length(self) -> float:
        """Its longer side in pixels."""
        first, second, third, _ = self.corners
        return max(math.hypot(*_vector(first, second)), math.hypot(*_vector(second, third)))


@dataclass(frozen=True)
class Level:
    """A line after the paper was laid level: where it begins and ends, and between which heights."""

    text: str
    confidence: int
    left: float
    right: float
    top: float
    bottom: float

    @property
    def middle(self) -> float:
        """Half of its height."""
        return (self.top + self.bottom) / 2

    @property
    def height(self) -> float:
        """How high its box is."""
        return self.bottom - self.top


@dataclass(frozen=True)
class Page:
    """All lines of a picture, level."""

    lines: tuple[Level, ...]

    @cached_property
    def rows(self) -> tuple[tuple[Level, ...], ...]:
        """The lines in rows from the top, each row from the left."""
        left = sorted(self.lines, key=lambda line: line.left)
        rows: list[list[Level]] = []
        for line in left:
            # A tilted row drifts: what matters is the nearest line before this one, not the row's first.
            near = [row for row in rows if _together(row[-1], line)]
            if near:
                min(near, key=lambda row: abs(row[-1].middle - line.middle)).append(line)
            else:
                rows.append([line])
        return tuple(tuple(row) for row in sorted(rows, key=lambda row: row[0].middle))


def pages(lines: Sequence[Line], anchor: Line) -> Iterable[Page]:
    """The lines laid level by the direction of `anchor`, and once more upside down."""
    for turn in SHEET_TURNS:
        angle = anchor.angle + turn
        yield Page(tuple(_level(line, angle) for line in lines))


def longest(lines: Sequence[Line]) -> Line:
    """The line whose direction tells most; of no lines there is none."""
    return max(lines, key=lambda line: line.length)


def _level(line: Line, angle: float) -> Level:
    cos, sin = math.cos(angle), math.sin(angle)
    along = [x * cos + y * sin for x, y in line.corners]
    across = [y * cos - x * sin for x, y in line.corners]
    return Level(line.text, line.confidence, min(along), max(along), *_heights(across))


def _heights(across: list[float]) -> tuple[float, float]:
    """Between the middle of the upper and of the lower corners: a slanted box is not higher than its text."""
    ordered = sorted(across)
    return (ordered[0] + ordered[1]) / 2, (ordered[2] + ordered[3]) / 2


def _together(before: Level, after: Level) -> bool:
    overlap = before.right - after.left
    near = abs(before.middle - after.middle) < ROW_SHARE * min(before.height, after.height)
    return near and overlap < min(before.right - before.left, after.right - after.left)


def _vector(start: Point, end: Point) -> Point:
    return end[0] - start[0], end[1] - start[1]
