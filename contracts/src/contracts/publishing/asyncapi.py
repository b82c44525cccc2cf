"""AsyncAPI 3.0 documents, one a publisher: its subjects are the channels, its events the messages."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from contracts.catalog import PUBLISHERS
from contracts.envelope import Event
from contracts.publishing.schemas import DIALECT, ENVELOPE

FOLDER = "contracts/asyncapi"
VERSION = "3.0.0"
CONTENT_TYPE = "application/cloudevents+json"
SCHEMA_FORMAT = "application/schema+json;version=2020-12"

Document = dict[str, Any]


def asyncapi() -> dict[str, Document]:
    """Every document by its path below the folder: `claims.json`."""
    return {f"{publisher}.json": document(publisher, events) for publisher, events in PUBLISHERS.items()}


def document(publisher: str, events: Mapping[str, type[Event]]) -> Document:
    """What one publisher sends. A subject is the event's wire type; the schemas lie beside, in their own files."""
    return {
        "asyncapi": VERSION,
        "info": {
            "title": f"Events of {publisher}",
            "version": "1.0.0",
            "description": "Each message is one CloudEvents 1.0 JSON document, the bytes that the log holds.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {wire: _channel(wire) for wire in events},
        "operations": {f"send-{wire}": _operation(wire) for wire in events},
        "components": {"messages": {wire: _message(publisher, wire, event) for wire, event in events.items()}},
    }


def _channel(wire: str) -> Document:
    return {"address": wire, "messages": {wire: {"$ref": f"#/components/messages/{wire}"}}}


def _operation(wire: str) -> Document:
    channel = f"#/channels/{wire}"
    return {"action": "send", "channel": {"$ref": channel}, "messages": [{"$ref": f"{channel}/messages/{wire}"}]}


def _message(publisher: str, wire: str, event: type[Event]) -> Document:
    summary = (inspect.getdoc(event) or "").partition("\n")[0]
    return {
        "name": wire,
        "title": event.__name__,
        "summary": summary,
        "contentType": CONTENT_TYPE,
        "payload": {
            "schemaFormat": SCHEMA_FORMAT,
            "schema": {
                "$schema": DIALECT,
                "allOf": [{"$ref": f"../schemas/{ENVELOPE}"}],
                "properties": {"type": {"const": wire}, "data": {"$ref": f"../schemas/{publisher}/{wire}.json"}},
            },
        },
    }
