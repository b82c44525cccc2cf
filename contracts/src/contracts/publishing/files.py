"""The generated files: what they should hold, and writing or comparing them in a checkout."""

from __future__ import annotations

import json
from pathlib import Path

from contracts.publishing import asyncapi, golden, privacy, schemas
from contracts.publishing.compatibility import incompatibilities
from contracts.publishing.schemas import Schema

PUBLISHED = "contracts/published.json"
"""What readers rely on; only ever extended."""


class Breaking(Exception):
    """A change that a reader of published events does not survive; `found` has a sentence for each."""

    def __init__(self, found: list[str]) -> None:
        super().__init__("; ".join(found))
        self.found = found


def generated() -> dict[str, str]:
    """Every generated file by its path in the checkout. The golden documents are not among them: they stay."""
    found = {f"{schemas.FOLDER}/{path}": _text(schema) for path, schema in schemas.schemas().items()}
    found |= {f"{asyncapi.FOLDER}/{path}": _text(document) for path, document in asyncapi.asyncapi().items()}
    found[privacy.FILE] = privacy.privacy()
    return found


def write(checkout: Path) -> list[str]:
    """Bring a checkout's files up to date and make missing golden documents. Returns the paths that changed."""
    wanted = generated()
    changed = differing(checkout)
    for path in changed:
        if path in wanted:
            (checkout / path).parent.mkdir(parents=True, exist_ok=True)
            (checkout / path).write_text(wanted[path], encoding="utf-8")
        else:
            (checkout / path).unlink()
    made = golden.write_missing(checkout / golden.FOLDER)
    return changed + [f"{golden.FOLDER}/{wire}.json" for wire in made]


def differing(checkout: Path) -> list[str]:
    """The paths whose file is missing, stale or not as the catalogue has it now."""
    wanted = generated()
    there = {
        str(path.relative_to(checkout))
        for folder in (schemas.FOLDER, asyncapi.FOLDER)
        for path in (checkout / folder).rglob("*.json")
    }
    wrong = [path for path, text in wanted.items() if _read(checkout / path) != text]
    return sorted({*wrong, *(there - wanted.keys())})


def published(checkout: Path) -> dict[str, Schema]:
    """Every schema as it was published first or last extended, by its path below the schemas' folder."""
    path = checkout / PUBLISHED
    found: dict[str, Schema] = json.loads(path.read_bytes()) if path.exists() else {}
    return found


def publish(checkout: Path) -> list[str]:
    """Take today's schemas into what is published for ever; returns the paths that are new or wider.

    Raises Breaking, and changes nothing, when a reader of what was published would be broken.
    """
    before, after = published(checkout), schemas.schemas()
    if broken := incompatibilities(before, after):
        raise Breaking(broken)
    changed = [path for path, schema in after.items() if before.get(path) != schema]
    if changed:
        (checkout / PUBLISHED).parent.mkdir(parents=True, exist_ok=True)
        (checkout / PUBLISHED).write_text(_text(dict(sorted(after.items()))), encoding="utf-8")
    return changed


def load_schemas(folder: Path) -> dict[str, Schema]:
    """The schemas of a folder by their path below it."""
    return {str(path.relative_to(folder)): json.loads(path.read_bytes()) for path in sorted(folder.rglob("*.json"))}


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _text(document: Schema) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
