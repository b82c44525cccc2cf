"""The reading process: pictures in by a pipe, fields out, one at a time; it has no network and writes no file.

Run as `python -m claims.papers.reader`. Half a gigabyte of models and a second of work for each picture stay out of the
service; what a picture can do to a decoder, it does here.
"""

from __future__ import annotations

import io
import resource
import socket
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec
from PIL import Image, ImageFilter, ImageOps

from claims.papers.fields import Found, is_sure, read_fields
from claims.papers.layout import Line
from claims.papers.pipe import Answer, Question, receive, send

SIDE_PIXELS_MAX = 1280
"""A card has no smaller print; more pixels cost time and are not read better."""
LARGER = 1.6
PASSES_MAX = 3
MEMORY_BYTES_MAX = 4 * 1024**3
"""Of addresses, of which the models and a picture use an eighth as memory."""


class Reader:
    """The models, loaded once."""

    def __init__(self) -> None:
        # It is an optional extra, and takes two seconds.
        from rapidocr import RapidOCR  # noqa: PLC0415

        self._engine: Any = RapidOCR(
            params={
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                "Global.log_level": "critical",
            }
        )

    def read(self, kind: str, picture: bytes) -> list[Found]:
        """The fields of a picture; tried again, clearer, while the paper's own number is not sure."""
        best: list[Found] = []
        for image in _versions(picture):
            found = read_fields(kind, self._lines(image))
            if is_sure(kind, found):
                return found
            best = max(best, found, key=len)
        return best

    def _lines(self, image: Image.Image) -> list[Line]:
        # It comes with the models, and is as optional.
        import numpy  # noqa: ICN001, PLC0415

        # The engine takes colours in OpenCV's order.
        told = self._engine(numpy.asarray(image)[:, :, ::-1])
        if told.boxes is None or told.txts is None:
            return []
        return [
            Line(text, int(score * 100), tuple((float(x), float(y)) for x, y in box))  # type: ignore[arg-type]
            for box, text, score in zip(told.boxes, told.txts, told.scores, strict=True)
        ]


def _versions(picture: bytes) -> Iterator[Image.Image]:
    """The picture as it is, larger with more contrast, and without its grain."""
    with Image.open(io.BytesIO(picture), formats=["JPEG"]) as opened:
        plain = opened.convert("RGB")
    plain.thumbnail((SIDE_PIXELS_MAX, SIDE_PIXELS_MAX), Image.Resampling.LANCZOS)
    yield plain
    size = (round(plain.width * LARGER), round(plain.height * LARGER))
    yield ImageOps.autocontrast(plain.resize(size, Image.Resampling.BICUBIC), cutoff=1)
    yield plain.filter(ImageFilter.MedianFilter(3))


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer until there is no more to read."""
    reader = Reader()
    while (frame := receive(questions)) is not None:
        question = msgspec.msgpack.decode(frame, type=Question)
        found = reader.read(question.kind, question.picture)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        send(answers, msgspec.msgpack.encode(Answer(fields=found, peak_mb=peak_mb)))


class NoSocket(socket.socket):
    """What there is instead of sockets, so that nothing is fetched and nothing gets out."""

    def __init__(self, *_: object, **__: object) -> None:
        raise OSError("this process has no network")


def main() -> None:
    """Bound the process and serve its pipes."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a picture is not left behind in a dump
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    socket.socket = NoSocket  # type: ignore[misc]
    answers = sys.stdout.buffer
    sys.stdout = sys.stderr
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
