"""A read model that names the events it answers to names exactly those that its `apply` matches."""

from __future__ import annotations

import ast
import inspect
from importlib import import_module
from importlib.util import find_spec

import pytest

from chassis.projections import Projection
from tests.house.tree import SERVICES, package


def declaring() -> list[Projection]:
    found: list[Projection] = []
    for service in SERVICES:
        name = f"{package(service).name}.projections"
        if find_spec(name) is None:
            continue  # a service without read models
        found += [one for one in import_module(name).ALL if one.events is not None]
    return found


def matched(projection: Projection) -> set[str]:
    """The class names in the patterns of `match recorded.event`."""
    tree = ast.parse(inspect.getsource(projection.apply))
    return {
        node.cls.id for node in ast.walk(tree) if isinstance(node, ast.MatchClass) and isinstance(node.cls, ast.Name)
    }


@pytest.mark.parametrize("projection", declaring(), ids=lambda one: f"{one.source}-{one.name}")
def test_a_read_model_declares_what_it_matches(projection: Projection) -> None:
    assert projection.events is not None
    assert {event.__name__ for event in projection.events} == matched(projection)


def test_the_read_models_of_a_whole_roster_declare_their_events() -> None:
    assert len(declaring()) >= len(("rosters", "roster_problems", "members", "covers", "seats"))
