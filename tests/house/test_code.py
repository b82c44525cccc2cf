"""Small files, small functions, names that say the matter, one clock."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

from tests.house.tree import SERVICES, package, parsed, python, text

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
MAIN_LINES_MAX = 30
BANNED_SUFFIXES = ("Manager", "Helper", "Helpers", "Util", "Utils", "Base", "Data", "Info", "Impl")
CLOCK = Path("chassis/src/chassis/clock.py")
CLOCK_READS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("uuid", "uuid4")}
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
REFUSALS = {"Rejected": 0, "Problem": 1}
"""Which argument of a refusal is its code."""


def test_no_file_is_longer_than_400_lines() -> None:
    long = {str(path): len(text(path).splitlines()) for path in python()}
    assert {path: lines for path, lines in long.items() if lines > FILE_LINES_MAX} == {}


def test_no_function_is_longer_than_70_lines() -> None:
    long = [
        f"{path}:{node.lineno} {node.name} has {lines} lines"
        for path in python()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES_MAX
    ]
    assert long == []


def test_no_class_is_named_by_its_pattern() -> None:
    named = [
        f"{path}: {node.name}"
        for path in python()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ClassDef) and node.name.endswith(BANNED_SUFFIXES)
    ]
    assert named == []


def test_only_the_clock_reads_the_clock_and_makes_ids() -> None:
    reads = [f"{path}:{line}" for path in python() if path != CLOCK for line in _clock_reads(parsed(path))]
    assert reads == []


def test_a_refusal_code_is_kebab_case() -> None:
    codes = [(path, code) for path in python() for code in _refusal_codes(parsed(path))]
    assert len(codes) > 50, "the codes are found at all"
    assert [f"{path}: {code}" for path, code in codes if not CODE.fullmatch(code)] == []


def test_a_domain_imports_the_contracts_the_decider_and_the_standard_library_alone() -> None:
    domains = {package(service) / "domain" for service in SERVICES}
    wrong = []
    for path in python():
        domain = next((domain for domain in domains if path.is_relative_to(domain)), None)
        if domain is None:
            continue
        own = f"{domain.parent.name}.domain"
        wrong += [
            f"{path}: {name}"
            for name in _imports(parsed(path))
            if not (
                name.partition(".")[0] in sys.stdlib_module_names
                or name in {own, "chassis.decider"}
                or name.startswith((f"{own}.", "contracts."))
            )
        ]
    assert wrong == []


def test_every_service_is_composed_in_at_most_30_lines() -> None:
    lines = {service: len(text(package(service) / "main.py").splitlines()) for service in SERVICES}
    assert all(0 < count <= MAIN_LINES_MAX for count in lines.values()), lines


def _clock_reads(tree: ast.Module) -> list[int]:
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name):
                if (owner, name) in CLOCK_READS:
                    found.append(node.lineno)
            case ast.ImportFrom(module="uuid", names=names) if any(one.name == "uuid4" for one in names):
                found.append(node.lineno)
            case _:
                pass
    return found


def _refusal_codes(tree: ast.Module) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REFUSALS:
            place = REFUSALS[node.func.id]
            if len(node.args) > place and isinstance(code := node.args[place], ast.Constant):
                found.append(str(code.value))
    return found


def _imports(tree: ast.Module) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found.append(node.module or "")
    return found
