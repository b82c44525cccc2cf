"""Golden bytes: one document an event type, committed once, that must decode for ever."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from contracts.catalog import CATALOG
from contracts.envelope import Envelope, Event, Sealed

FOLDER = "tests/contracts/golden"
SEALED = Sealed(
    suite="A256GCM", s="sample-person", k="identity", v=1, e="sample-decision", c="c2FtcGxlIGNpcGhlcnRleHQ="
)
FEN = 15_000_000
COUNT = 7
DATE = "2022-03-01"
PATH = "620000.620700.620725"


class NoSample(TypeError):
    """A field's type for which no sample is known; add one here."""


def document(wire: str) -> bytes:
    """A whole event of a type, every field filled by its name and type; the same bytes at every call."""
    sample = _sample("data", inspect.type_info(CATALOG.events[wire]))
    return CATALOG.encode(envelope(wire, sample))


def envelope(wire: str, data: Event | msgspec.Raw | dict[str, Any]) -> Envelope:
    """An envelope with every attribute set, around data of a type."""
    return Envelope(
        specversion="1.0",
        id="01800000-0000-7000-8000-000000000001.0",
        source=f"/huzhu/{wire.partition('.')[0]}",
        type=wire,
        subject="sample-1",
        time="2022-03-01T02:00:00.000000Z",
        datacontenttype="application/json",
        streamversion=1,
        actorsub="sample-actor",
        actororg="620725",
        actorpath=PATH,
        actorroles="county_clerk",
        traceparent="00-00000000000000000000000000000001-0000000000000001-01",
        commandkey="sample-actor|POST /samples|sample-key",
        causesource="/huzhu/enrolment",
        causeposition=COUNT,
        data=data,
    )


def write_missing(folder: Path) -> list[str]:
    """Write the documents of types that have none; what is there is never touched. Returns the types written."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [wire for wire in CATALOG.events if not (folder / f"{wire}.json").exists()]
    for wire in missing:
        (folder / f"{wire}.json").write_bytes(document(wire))
    return missing


def _sample(name: str, kind: inspect.Type) -> Any:
    match kind:
        case inspect.StructType(cls=cls) if cls is Sealed:
            return SEALED
        case inspect.StructType(cls=cls, fields=fields):
            return cls(**{field.name: _sample(field.name, field.type) for field in fields})
        case inspect.UnionType(types=types):
            return _sample(name, next(one for one in types if not isinstance(one, inspect.NoneType)))
        case inspect.VarTupleType(item_type=item):
            return (_sample(name, item),)
        case inspect.DictType(value_type=value):
            return {"sample": _sample(name, value)}
        case inspect.BoolType():
            return True
        case inspect.IntType():
            return FEN if name.endswith("_fen") else COUNT
        case inspect.StrType():
            return _text(name)
        case _:
            raise NoSample(f"{name}: {kind}")


def _text(name: str) -> str:
    if name == "date" or name.endswith(("_on", "_by_date")):
        return DATE
    return PATH if name == "org_path" else f"sample-{name}"
