"""Which field of which event is sealed and which stands plain: the table a reviewer of personal data reads."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import inspect

from contracts.catalog import PUBLISHERS
from contracts.envelope import Sealed

FILE = "contracts/PRIVACY.md"
HEAD = """# Personal data in events

Made from the events' definitions by `huzhu contracts generate`. A sealed field is ciphertext under the data key of
one person and category; without the keyring it is unreadable, for ever once the key is destroyed. A plain field stays
readable in every copy of the log. `[]` is each element of a list, `{}` each value of a map.
"""


def privacy() -> str:
    """The table, a section a publisher, in the order of its catalogue."""
    parts = [HEAD]
    for publisher, events in PUBLISHERS.items():
        parts.append(f"\n## {publisher}\n\n| Event | Sealed | Plain |\n|---|---|---|\n")
        for wire, event in events.items():
            fields = list(fields_of(event))
            sealed = ", ".join(f"`{name}`" for name, is_sealed in fields if is_sealed)
            plain = ", ".join(f"`{name}`" for name, is_sealed in fields if not is_sealed)
            parts.append(f"| `{wire}` | {sealed or '–'} | {plain or '–'} |\n")
    return "".join(parts)


def fields_of(struct: type) -> Iterator[tuple[str, bool]]:
    """Each leaf of a Struct: its name from the top, and whether it is sealed."""
    kind = inspect.type_info(struct)
    assert isinstance(kind, inspect.StructType)
    for field in kind.fields:
        yield from _leaves(field.encode_name, field.type)


def _leaves(name: str, kind: inspect.Type) -> Iterator[tuple[str, bool]]:
    match kind:
        case inspect.StructType(cls=cls) if cls is Sealed:
            yield name, True
        case inspect.StructType(fields=fields):
            for field in fields:
                yield from _leaves(f"{name}.{field.encode_name}", field.type)
        case inspect.UnionType(types=types):
            found: dict[str, bool] = {}
            for one in types:
                if not isinstance(one, inspect.NoneType):
                    found.update(_leaves(name, one))
            yield from found.items()
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            yield from _leaves(f"{name}[]", item)
        case inspect.DictType(value_type=item):
            yield from _leaves(f"{name}{{}}", item)
        case _:
            yield name, False
