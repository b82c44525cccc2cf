"""Values of nobody that look like a person's, made from a seed at run time."""

import random

from chassis.telemetry.masking import _is_luhn, _is_resident

SEED = 20_261_124


def resident(draw: random.Random, ends: str = "0123456789") -> str:
    """An ID number with a valid checksum, of a division and a century that do not exist."""
    while True:
        front = f"99{draw.randrange(10_000):04d}18{draw.randrange(10_000):04d}15{draw.randrange(1_000):03d}"
        last = next(last for last in "0123456789X" if _is_resident(front + last))
        if last in ends:
            return front + last


def card(draw: random.Random, length: int) -> str:
    front = "62" + "".join(str(draw.randrange(10)) for _ in range(length - 3))
    return next(front + last for last in "0123456789" if _is_luhn(front + last))


def _canaries() -> dict[str, str]:
    draw = random.Random(SEED)
    return {
        "name": "".join(chr(draw.randrange(0x4E00, 0x9FA5)) for _ in range(3)),
        "latin name": "Zhaxi Canary",
        "resident": resident(draw),
        "card": card(draw, 19),
        "mobile": f"139{draw.randrange(10**8):08d}",
    }


CANARIES = _canaries()
