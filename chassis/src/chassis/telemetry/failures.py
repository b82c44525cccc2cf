"""An error as it may be shown: its type, code and stack, without local values and without its message."""

from __future__ import annotations

import re
import traceback
from pathlib import PurePath
from typing import Any

from chassis.telemetry.masking import EVENT, EVENT_CHARS_MAX, TEXT_CHARS_MAX, mask

FRAMES_MAX = 40
CAUSES_MAX = 5
PATH_PARTS = 3
CODES = ("code", "err_code", "sqlstate")
CODE_NUMBER_MAX = 100_000
SQLSTATE = re.compile(r"[0-9A-Z]{5}")


def describe(error: BaseException, *, depth: int = 0) -> dict[str, Any]:
    """The type, the stable code or SQLSTATE, the frames (innermost last), causes and members of a group.

    Messages quote what they complain about, so one is shown (masked) only if the class says `plain_message = True`.
    """
    frames = list(traceback.walk_tb(error.__traceback__))[-FRAMES_MAX:]
    shown: dict[str, Any] = {
        "type": type(error).__qualname__,
        "stack": [
            f"{'/'.join(PurePath(frame.f_code.co_filename).parts[-PATH_PARTS:])}:{line} {frame.f_code.co_name}"
            for frame, line in frames
        ],
    }
    for name in CODES:
        code = _code(getattr(error, name, None))
        if code is not None:
            shown[name] = code
    if isinstance(error, OSError) and error.strerror:
        shown["errno"] = error.errno
    if getattr(type(error), "plain_message", False) is True:
        shown["message"] = mask(str(error))[:TEXT_CHARS_MAX]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if depth < CAUSES_MAX:
        if cause is not None:
            shown["cause"] = describe(cause, depth=depth + 1)
        if isinstance(error, BaseExceptionGroup):
            shown["members"] = [describe(member, depth=depth + 1) for member in error.exceptions[:CAUSES_MAX]]
    return shown


def _code(value: object) -> str | int | None:
    """A stable code: a kebab-case word, an SQLSTATE, or a small number."""
    if (
        isinstance(value, str)
        and len(value) <= EVENT_CHARS_MAX
        and (EVENT.fullmatch(value) or SQLSTATE.fullmatch(value))
    ):
        return mask(value)
    return value if type(value) is int and 0 <= value < CODE_NUMBER_MAX else None
