"""JSON Schemas (2020-12): one for each event's data, and one for the CloudEvents envelope around it."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec

from contracts.catalog import PUBLISHERS
from contracts.envelope import Envelope, Event

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FOLDER = "contracts/schemas"
ENVELOPE = "envelope.json"

Schema = dict[str, Any]


def schema_of(struct: type[msgspec.Struct], name: str) -> Schema:
    """The schema of one Struct, its own shape at the top, the shapes it uses under `$defs` by name."""
    made: Schema = msgspec.json.decode(msgspec.json.encode(msgspec.json.schema(struct)))  # as it is once read back
    shapes: dict[str, Schema] = made["$defs"]
    own = shapes.pop(made["$ref"].rpartition("/")[2])
    schema = {"$schema": DIALECT, "$id": f"urn:huzhu:schema:{name}", **_described(own)}
    if shapes:
        schema["$defs"] = {shape: _described(shapes[shape]) for shape in sorted(shapes)}
    return schema


def event_schema(wire: str, event: type[Event]) -> Schema:
    """The schema of an event's `data`."""
    return schema_of(event, wire)


def _described(schema: Schema) -> Schema:
    """The docstring without its indentation, which differs between versions of Python."""
    return {**schema, "description": inspect.cleandoc(schema.get("description", ""))}


def schemas() -> dict[str, Schema]:
    """Every schema by its path below the schemas' folder: `claims/claims.claim-filed.v1.json`."""
    found = {ENVELOPE: schema_of(Envelope, "envelope")}
    for publisher, events in PUBLISHERS.items():
        for wire, event in events.items():
            found[f"{publisher}/{wire}.json"] = event_schema(wire, event)
    return found
