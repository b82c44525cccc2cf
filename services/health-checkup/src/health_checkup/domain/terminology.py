"""Names that others gave: LOINC codes with their long names, and the listed critical illnesses (domain 3.1)."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any


def _read(name: str) -> Any:
    return json.loads(resources.files("health_checkup").joinpath("terminology", name).read_text(encoding="utf-8"))


LOINC_NAMES: dict[str, str] = {one["code"]: one["long_name"] for one in _read("loinc.v1.json")["codes"]}
ILLNESSES: dict[str, str] = {one["code"]: one["name"] for one in _read("illnesses.v1.json")["illnesses"]}
"""Code to Chinese name, as the plans list them: a confirmed one is a reason to offer a claim, never one against it."""
