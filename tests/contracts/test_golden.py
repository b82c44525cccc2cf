"""Every event type decodes, for ever, the bytes that were once written for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

from contracts.catalog import CATALOG, PUBLISHERS
from contracts.envelope import Envelope, Event
from contracts.publishing import golden
from contracts.publishing.schemas import ENVELOPE, schemas
from tests.contracts import strategies

FOLDER = Path(__file__).parent / "golden"
FILES = sorted(FOLDER.glob("*.json"))
SCHEMAS = schemas()


def test_every_event_type_of_the_catalogue_has_its_golden_document() -> None:
    missing = CATALOG.events.keys() - {path.stem for path in FILES}
    assert not missing, f"run `huzhu contracts generate` and commit: {sorted(missing)}"


def test_no_golden_document_is_of_a_type_that_the_catalogue_has_lost() -> None:
    assert not {path.stem for path in FILES} - CATALOG.events.keys()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_golden_document_decodes_to_what_stands_in_it(path: Path) -> None:
    body = path.read_bytes()
    document = json.loads(body)
    header = CATALOG.header(body)
    event = CATALOG.event(header)
    assert header.type == path.stem == document["type"]
    assert type(event) in CATALOG.wire_types, "the domain sees the newest version only"
    if header.type in CATALOG.upcasters:
        return
    assert type(event) is CATALOG.events[path.stem]
    again = {name: getattr(header, name) for name in header.__struct_fields__ if name != "data"}
    assert _as_it_was(msgspec.to_builtins(event), document["data"]) == document["data"]
    if _leaf_names(document["data"]) == _leaf_names(msgspec.to_builtins(event)):
        assert CATALOG.encode(Envelope(**again, data=event)) == body
    else:  # the type has got an optional field since: what was known then is still written the same
        known = _as_it_was(msgspec.to_builtins(event), document["data"])
        assert CATALOG.encode(Envelope(**again, data=known)) == body


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_golden_document_is_valid_by_the_published_schemas(path: Path) -> None:
    document = json.loads(path.read_bytes())
    publisher = path.stem.partition(".")[0]
    jsonschema_rs.validate(SCHEMAS[ENVELOPE], document)
    jsonschema_rs.validate(SCHEMAS[f"{publisher}/{path.stem}.json"], document["data"])


def test_a_golden_document_that_exists_is_never_rewritten(tmp_path: Path) -> None:
    kept = tmp_path / "claims.claim-filed.v1.json"
    kept.write_bytes(b"as it was")
    made = golden.write_missing(tmp_path)
    assert kept.read_bytes() == b"as it was"
    assert "claims.claim-filed.v1" not in made
    assert golden.write_missing(tmp_path) == []


@settings(max_examples=15, deadline=None, derandomize=True)
@given(data=st.data())
@pytest.mark.parametrize("wire", sorted(CATALOG.events))
def test_any_event_comes_back_from_its_bytes_as_it_was(wire: str, data: st.DataObject) -> None:
    event: Event = data.draw(strategies.events(CATALOG.events[wire]))
    body = CATALOG.encode(golden.envelope(wire, event))
    again = CATALOG.event(CATALOG.header(body))
    assert again == (CATALOG.upcasters[wire](event) if wire in CATALOG.upcasters else event)
    if wire not in CATALOG.upcasters:
        assert CATALOG.encode(golden.envelope(wire, again)) == body


def test_a_wire_type_names_its_publisher_and_is_published_once() -> None:
    wires = [wire for events in PUBLISHERS.values() for wire in events]
    assert len(wires) == len(set(wires))
    for publisher, events in PUBLISHERS.items():
        for wire in events:
            assert wire.startswith(f"{publisher}.")
            assert wire.rpartition(".")[2].removeprefix("v").isdigit()


def test_an_event_holds_no_float_anywhere() -> None:
    for event in CATALOG.events.values():
        assert "FloatType" not in repr(inspect.type_info(event))


def _as_it_was(value: Any, written: Any) -> Any:
    """The value without the fields that what was written does not have."""
    if isinstance(value, dict) and isinstance(written, dict):
        return {name: _as_it_was(value[name], written[name]) for name in value if name in written}
    if isinstance(value, list | tuple) and isinstance(written, list) and len(value) == len(written):
        return [_as_it_was(one, other) for one, other in zip(value, written, strict=True)]
    return value


def _leaf_names(value: Any, at: str = "") -> set[str]:
    if isinstance(value, dict):
        return {at}.union(*(_leaf_names(one, f"{at}.{name}") for name, one in value.items()))
    if isinstance(value, list | tuple):
        return {at}.union(*(_leaf_names(one, f"{at}[]") for one in value))
    return {at}
