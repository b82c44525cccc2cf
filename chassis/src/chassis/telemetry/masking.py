"""What may stand in a log line or a span: listed fields with plain values, and nothing that looks like a person."""

from __future__ import annotations

import re
from typing import Generic, NoReturn, TypeVar

T = TypeVar("T")

MASK = "***"
VALUE_CHARS_MAX = 200
TEXT_CHARS_MAX = 300
ITEMS_MAX = 32

# fmt: off
FIELDS = frozenset(
    {
        "actor", "after", "attempt", "attempts", "attempts_max", "batch", "batch_id", "before", "bytes", "category",
        "causeposition", "causesource", "checkpoint", "code", "command", "command_key",
        "connection", "consumer", "contiguous", "count", "decision_id", "delay_ms", "document_id", "durable",
        "duration_ms", "duration_us", "error", "event_id", "event_type", "events", "exit_code", "expected", "field",
        "first", "head", "host", "interval_ms", "job", "kek_version", "key_id", "kind", "lag", "last", "lease",
        "limit", "line_id", "log", "method", "moved", "org", "org_path", "page", "parked", "part",
        "person_id", "pid", "port", "position", "profile", "projection", "publisher", "purpose",
        "queue", "reaction", "reason", "roles", "route", "rows", "sequence", "service", "signal", "size",
        "sort", "source", "stage", "state", "status", "stream", "subject", "sweep", "table", "tail", "timeout_ms",
        "timeout_s", "total", "type", "version", "worker",
    }
)
# fmt: on
"""The names of fields that hold identifiers, counts and codes. A service adds its own in `configure_logging`."""

EVENT = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
EVENT_CHARS_MAX = 80
PLAIN = re.compile(r"[A-Za-z0-9._:/@{}+|<>=,*$#~()\[\]-]*")
"""Values are single words in ASCII: identifiers, codes, routes. A sentence or a name of a person is not."""

_FOREIGN = re.compile(r"[^\x20-\x7e]+")
_NUMBERS = re.compile(
    r"(?P<id>(?<![0-9A-Za-z])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9A-Za-z]))"
    r"|(?P<resident>(?<!\d)(?:\d{17}|\d{6}[ -]\d{8}[ -]\d{3})[\dXx](?!\d))"
    r"|(?P<card>(?<!\d)(?:\d{16,19}|\d{4}(?P<gap>[ -])\d{4}(?P=gap)\d{4}(?P=gap)\d{4}(?:(?P=gap)\d{1,3})?)(?!\d))"
    r"|(?P<mobile>(?<!\d)1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d))"
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def mask(text: str) -> str:
    """Text without ID numbers (valid checksum), card numbers (Luhn), mobiles and anything outside ASCII.

    Names of people here are written in Chinese and this project's own texts are not, so the last rule is a good net.
    """
    return _NUMBERS.sub(_hide, _FOREIGN.sub(MASK, text))


def _hide(found: re.Match[str]) -> str:
    text = found.group()
    if found["id"]:
        return text
    if found["resident"]:
        bare = text.replace(" ", "").replace("-", "")
        return MASK if _is_resident(bare) or _is_luhn(bare) else text
    return MASK if found["mobile"] or _is_luhn(text) else text


def _is_resident(text: str) -> bool:
    if text[6:8] in ("19", "20"):
        return True  # a birth year: an ID number with a slip of the pen is still somebody's
    remainder = sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS, strict=False)) % 11
    return "10X98765432"[remainder] == text[17].upper()


def _is_luhn(text: str) -> bool:
    digits = [int(char) for char in text if char.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


Plain = str | int | float | bool | None


class Refused(Exception):
    """A value that may not be shown."""


def plain(value: object) -> Plain | list[Plain]:
    """A value as it may be shown: a number, a truth, one masked word, or a short list of them. Raises Refused."""
    if isinstance(value, (list, tuple, set, frozenset)):
        if len(value) > ITEMS_MAX:
            raise Refused
        return [_single(item) for item in value]
    return _single(value)


def _single(value: object) -> Plain:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Secret):
        return MASK
    if type(value) in (int, float):
        text = str(value)
        return value if mask(text) == text else MASK  # type: ignore[return-value]
    if isinstance(value, str):
        text = mask(str(value))
        if len(text) <= VALUE_CHARS_MAX and PLAIN.fullmatch(text):
            return text
    raise Refused


class Secret(Generic[T]):
    """A value that shows itself only to who asks for it by `reveal`; its text is stars, and it has no JSON."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        """Wrap a value."""
        self._value = value

    def reveal(self) -> T:
        """The value."""
        return self._value

    def __repr__(self) -> str:
        """Stars."""
        return MASK

    def __str__(self) -> str:
        """Stars."""
        return MASK

    def __format__(self, _format: str) -> str:
        """Stars."""
        return MASK

    def __reduce__(self) -> NoReturn:
        """A secret leaves the process in no other way."""
        raise TypeError("a secret cannot be copied out of the process")
