"""Whether a change to published schemas lets every stored event and every reader go on as before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.publishing.schemas import Schema

DEPTH_MAX = 32
ANNOTATIONS = frozenset({"$schema", "$id", "$defs", "title", "description", "examples"})
HANDLED = frozenset(
    {"properties", "required", "enum", "default", "items", "prefixItems", "anyOf", "additionalProperties"}
)


def incompatibilities(before: Mapping[str, Schema], after: Mapping[str, Schema]) -> list[str]:
    """What breaks, one sentence each; schemas by path. New types and new optional fields break nothing."""
    found = []
    for path, schema in before.items():
        if path not in after:
            found.append(f"{path}: the type was removed")
        else:
            found += [
                f"{path}: {what}" for what in _compare(_Shape(schema, schema), _Shape(after[path], after[path]), "")
            ]
    return found


class _Shape:
    """A part of a schema, its reference followed."""

    def __init__(self, schema: Any, root: Schema) -> None:
        self.root = root
        for _ in range(DEPTH_MAX):
            if not (isinstance(schema, dict) and "$ref" in schema):
                break
            schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
        self.schema: Any = schema

    def part(self, schema: Any) -> _Shape:
        return _Shape(schema, self.root)


def _compare(before: _Shape, after: _Shape, at: str) -> Iterator[str]:
    if at.count("/") > DEPTH_MAX:
        raise RecursionError(f"schemas nest deeper than {DEPTH_MAX} at {at}")
    old, new = before.schema, after.schema
    if not isinstance(old, dict) or not isinstance(new, dict):
        if old != new:
            yield f"{_named(at)} changed from {old} to {new}"
        return
    yield from _constraints(old, new, at)
    yield from _fields(before, after, at)
    for keyword in ("items", "additionalProperties"):
        if keyword in old and keyword in new:
            yield from _compare(before.part(old[keyword]), after.part(new[keyword]), f"{at}/{keyword}")
        elif keyword in new:
            yield f"{_named(at)} is now limited by {keyword}"
    for keyword in ("anyOf", "prefixItems"):
        ours, theirs = old.get(keyword, []), new.get(keyword, [])
        if len(ours) != len(theirs):
            yield f"{_named(at)} changed its type ({keyword})"
            continue
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _compare(before.part(one), after.part(other), f"{at}/{keyword}/{number}")


def _constraints(old: Schema, new: Schema, at: str) -> Iterator[str]:
    """A keyword may go (except the type); none may come or change. An enumeration may grow."""
    if old.get("type") != new.get("type"):
        yield f"{_named(at)} changed its type from {old.get('type')} to {new.get('type')}"
    for keyword in new.keys() - ANNOTATIONS - HANDLED - {"type"}:
        if old.get(keyword) != new[keyword]:
            yield f"{_named(at)} is now limited by {keyword}"
    if "enum" in new:
        gone = [value for value in old.get("enum", []) if value not in new["enum"]]
        if "enum" not in old or gone:
            yield f"{_named(at)} no longer allows {gone or 'every value'}"
    if "default" in old and "default" in new and old["default"] != new["default"]:
        yield f"{_named(at)} means something else when it is absent"


def _fields(before: _Shape, after: _Shape, at: str) -> Iterator[str]:
    old, new = before.schema, after.schema
    ours, theirs = old.get("properties", {}), new.get("properties", {})
    for name in ours:
        if name not in theirs:
            yield f"{_named(f'{at}/{name}')} was removed"
        else:
            yield from _compare(before.part(ours[name]), after.part(theirs[name]), f"{at}/{name}")
    for name in new.get("required", []):
        if name not in old.get("required", []):
            yield f"{_named(f'{at}/{name}')} is now required"


def _named(at: str) -> str:
    return at.removeprefix("/") or "the event"
