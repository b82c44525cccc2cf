"""Events of every type with any values their fields allow."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from msgspec import inspect

from contracts.envelope import Event

INT64 = 2**63 - 1
LENGTH_MAX = 3


def events(event: type[Event]) -> st.SearchStrategy[Event]:
    """Any event of a class."""
    return _values(inspect.type_info(event))


def _values(kind: inspect.Type) -> st.SearchStrategy[Any]:
    match kind:
        case inspect.StructType(cls=cls, fields=fields):
            return st.builds(cls, **{field.name: _values(field.type) for field in fields})
        case inspect.UnionType(types=types):
            return st.one_of([_values(one) for one in types])
        case inspect.VarTupleType(item_type=item):
            return st.lists(_values(item), max_size=LENGTH_MAX).map(tuple)
        case inspect.DictType(key_type=key, value_type=value):
            return st.dictionaries(_values(key), _values(value), max_size=LENGTH_MAX)
        case inspect.BoolType():
            return st.booleans()
        case inspect.IntType():
            return st.integers(-INT64, INT64)
        case inspect.StrType():
            return st.text(max_size=20)
        case inspect.NoneType():
            return st.none()
        case _:
            raise TypeError(f"no values are known for {kind}")
