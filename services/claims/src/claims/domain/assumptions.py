"""Which of a plan's parameters were not published: every refusal that rests on one is a person's to confirm (12a)."""

from __future__ import annotations

from typing import Any

from claims.domain.plan import Plan


class NoSuchParameter(LookupError):
    """A path that leads nowhere in the plan."""


def value_at(plan: Plan, path: str) -> Any:
    """The parameter at a dotted path; an entry of a list is named by its code. Raises NoSuchParameter."""
    value: Any = plan
    for name in path.split("."):
        value = _below(value, name, path)
    return value


def assumed(plan: Plan, *paths: str) -> bool:
    """Whether one of the parameters, or what it is a part of, is marked as assumed."""
    return any(path == mark or path.startswith(f"{mark}.") for path in paths for mark in plan.assumed)


def _below(value: Any, name: str, path: str) -> Any:
    match value:
        case dict():
            keys = {str(key): key for key in value}
            if name in keys:
                return value[keys[name]]
        case tuple():
            found = [one for one in value if getattr(one, "code", "") == name]
            if found:
                return found[0]
        case _ if name in getattr(value, "__struct_fields__", ()):
            return getattr(value, name)
    raise NoSuchParameter(path)
