"""Why a file is not taken as a paper."""

from __future__ import annotations


class Unfit(Exception):
    """Not a paper that can be kept: the status, a stable code, a sentence, the field."""

    def __init__(self, status: int, code: str, sentence: str, field: str = "file") -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.sentence = sentence
        self.field = field
