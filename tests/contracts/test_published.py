"""What is committed for readers of other languages is what the events say now, and breaks nobody."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from contracts.catalog import PUBLISHERS
from contracts.publishing import asyncapi, files, schemas
from contracts.publishing.compatibility import incompatibilities
from contracts.publishing.schemas import Schema

GIT_TIMEOUT_S = 20


def test_the_committed_files_are_what_the_catalogue_generates(repository: Path) -> None:
    stale = files.differing(repository)
    assert stale == [], "run `huzhu contracts generate` and commit what it writes"


def test_a_stale_a_missing_and_a_left_over_file_are_told(tmp_path: Path) -> None:
    files.write(tmp_path)
    assert files.differing(tmp_path) == []
    (tmp_path / schemas.FOLDER / "claims" / "claims.claim-paid.v1.json").write_text("{}")
    (tmp_path / asyncapi.FOLDER / "notify.json").unlink()
    (tmp_path / schemas.FOLDER / "claims" / "claims.claim-forgotten.v1.json").write_text("{}")
    assert files.differing(tmp_path) == [
        f"{asyncapi.FOLDER}/notify.json",
        f"{schemas.FOLDER}/claims/claims.claim-forgotten.v1.json",
        f"{schemas.FOLDER}/claims/claims.claim-paid.v1.json",
    ]
    assert files.write(tmp_path)
    assert files.differing(tmp_path) == []


@pytest.mark.parametrize("path", sorted(schemas.schemas()))
def test_a_schema_is_valid_json_schema(path: str) -> None:
    jsonschema_rs.meta.validate(schemas.schemas()[path])


def test_no_published_schema_is_changed_incompatibly(repository: Path) -> None:
    assert incompatibilities(files.published(repository), schemas.schemas()) == []


def test_every_event_is_published_as_it_is(repository: Path) -> None:
    assert files.published(repository) == schemas.schemas(), "run `huzhu contracts publish` and commit what it writes"


def test_what_was_published_is_never_taken_back_by_a_later_one(repository: Path) -> None:
    """The list itself may only grow: it is held against the commit before."""
    before = _published(repository, "HEAD^")
    assert incompatibilities(before, files.published(repository)) == []


def test_publishing_refuses_what_breaks_a_reader_and_leaves_the_list(tmp_path: Path) -> None:
    assert files.publish(tmp_path) == list(schemas.schemas())
    assert files.publish(tmp_path) == []
    path = tmp_path / files.PUBLISHED
    wider = json.loads(path.read_bytes())
    wider["claims/claims.claim-paid.v1.json"]["properties"]["since"] = TEXT
    path.write_text(json.dumps(wider))
    with pytest.raises(files.Breaking, match="since was removed"):
        files.publish(tmp_path)
    assert json.loads(path.read_bytes()) == wider


def _published(repository: Path, commit: str) -> Mapping[str, Schema]:
    def git(*arguments: str) -> str:
        command = ["git", "-C", str(repository), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=GIT_TIMEOUT_S, check=False)
        if done.returncode:
            pytest.skip(f"there is no {commit} to compare with: {done.stderr.strip() or 'git failed'}")
        return done.stdout

    if not git("ls-tree", "--name-only", commit, "--", files.PUBLISHED).strip():
        pytest.skip(f"nothing was published at {commit}")
    found: Mapping[str, Schema] = json.loads(git("show", f"{commit}:{files.PUBLISHED}"))
    return found


def _object(properties: Schema, required: list[str] | None = None, **more: Any) -> dict[str, Schema]:
    shape = {"type": "object", "properties": properties, "required": required or [], **more}
    return {"library/library.book-lent.v1.json": shape}


TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
VALUE = {"$defs": {"Shelf": {"type": "object", "properties": {"row": NUMBER}, "required": ["row"]}}}
OTHER_VALUE = {"$defs": {"Shelf": {"type": "object", "properties": {"row": TEXT}, "required": ["row"]}}}
SHELF = {"$ref": "#/$defs/Shelf"}
BREAKING = {
    "a removed type": (_object({"a": TEXT}), {}, "the type was removed"),
    "a removed field": (_object({"a": TEXT, "b": TEXT}), _object({"a": TEXT}), "b was removed"),
    "a changed type": (_object({"a": TEXT}), _object({"a": NUMBER}), "a changed its type from string to integer"),
    "a new required field": (_object({"a": TEXT}), _object({"a": TEXT, "b": TEXT}, ["b"]), "b is now required"),
    "an optional field made required": (_object({"a": TEXT}), _object({"a": TEXT}, ["a"]), "a is now required"),
    "a tightened enum": (
        _object({"a": {"enum": ["x", "y"]}}), _object({"a": {"enum": ["x"]}}), "a no longer allows ['y']",
    ),
    "an enum where all was allowed": (_object({"a": {}}), _object({"a": {"enum": ["x"]}}), "no longer allows every"),
    "a field of a value": (_object({"a": SHELF}, **VALUE), _object({"a": SHELF}, **OTHER_VALUE), "a/row changed its"),
    "an element's type": (
        _object({"a": {"type": "array", "items": TEXT}}), _object({"a": {"type": "array", "items": NUMBER}}), "a/items",
    ),
    "a value that may be absent": (
        _object({"a": TEXT}), _object({"a": {"anyOf": [TEXT, {"type": "null"}]}}), "a changed its type",
    ),
    "a bound": (_object({"a": TEXT}), _object({"a": {**TEXT, "maxLength": 3}}), "a is now limited by maxLength"),
    "another default": (
        _object({"a": {**TEXT, "default": ""}}), _object({"a": {**TEXT, "default": "x"}}), "means something else",
    ),
}  # fmt: skip
HARMLESS = {
    "nothing": (_object({"a": TEXT}, ["a"]), _object({"a": TEXT}, ["a"])),
    "a new type": ({}, _object({"a": TEXT})),
    "a new optional field": (_object({"a": TEXT}), _object({"a": TEXT, "b": {**TEXT, "default": ""}})),
    "a wider enum": (_object({"a": {"enum": ["x"]}}), _object({"a": {"enum": ["x", "y"]}})),
    "other words": (_object({"a": TEXT}, description="was"), _object({"a": TEXT}, description="is")),
    "a lifted bound": (_object({"a": {**TEXT, "maxLength": 3}}), _object({"a": TEXT})),
}


@pytest.mark.parametrize(("before", "after", "said"), BREAKING.values(), ids=BREAKING.keys())
def test_a_breaking_change_is_told(before: dict[str, Schema], after: dict[str, Schema], said: str) -> None:
    found = incompatibilities(before, after)
    assert any(said in what for what in found), found


@pytest.mark.parametrize(("before", "after"), HARMLESS.values(), ids=HARMLESS.keys())
def test_a_harmless_change_is_no_finding(before: dict[str, Schema], after: dict[str, Schema]) -> None:
    assert incompatibilities(before, after) == []


class Reference(msgspec.Struct, forbid_unknown_fields=True, rename={"ref": "$ref"}):
    ref: str


class Description(msgspec.Struct, forbid_unknown_fields=True):
    title: str
    version: str
    description: str


class Channel(msgspec.Struct, forbid_unknown_fields=True):
    address: str
    messages: dict[str, Reference]


class Operation(msgspec.Struct, forbid_unknown_fields=True):
    action: str
    channel: Reference
    messages: list[Reference]


class Payload(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    schema_format: str
    schema: dict[str, Any]


class Message(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    name: str
    title: str
    summary: str
    content_type: str
    payload: Payload


class Components(msgspec.Struct, forbid_unknown_fields=True):
    messages: dict[str, Message]


class AsyncApi(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """The part of AsyncAPI 3.0 in use: https://www.asyncapi.com/docs/reference/specification/v3.0.0."""

    asyncapi: str
    info: Description
    default_content_type: str
    channels: dict[str, Channel]
    operations: dict[str, Operation]
    components: Components


@pytest.mark.parametrize("publisher", sorted(PUBLISHERS))
def test_an_asyncapi_document_has_the_structure_of_3_0_and_every_event(publisher: str, repository: Path) -> None:
    path = repository / asyncapi.FOLDER / f"{publisher}.json"
    raw = json.loads(path.read_bytes())
    document = msgspec.convert(raw, AsyncApi)
    assert document.asyncapi == "3.0.0"
    assert list(document.channels) == [channel.address for channel in document.channels.values()]
    assert list(document.channels) == list(PUBLISHERS[publisher]) == list(document.components.messages)
    assert {operation.action for operation in document.operations.values()} == {"send"}
    for operation in document.operations.values():
        assert _resolve(raw, operation.channel.ref)["address"] in PUBLISHERS[publisher]
        assert all("$ref" in _resolve(raw, one.ref) for one in operation.messages), "a message of its own channel"
    for channel in document.channels.values():
        assert [_resolve(raw, one.ref)["name"] for one in channel.messages.values()] == [channel.address]
    for message in document.components.messages.values():
        schema = message.payload.schema
        assert schema["properties"]["type"] == {"const": message.name}
        for part in (*schema["allOf"], schema["properties"]["data"]):
            assert (path.parent / part["$ref"]).resolve().is_file()


def _resolve(document: Any, ref: str) -> Any:
    for part in ref.removeprefix("#/").split("/"):
        document = document[part]
    return document
