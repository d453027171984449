"""The repository keeps its own rules: sizes, names, words, samples."""

from __future__ import annotations

import ast
import itertools
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repo.readme_parts import (
    DIAGRAM_MARKS,
    PAGE,
    SAMPLE,
    SAMPLE_MARKS,
    diagram,
    part,
    sample,
)


ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "kiosk").rglob("*.py"))
BESIDE = [
    path for part in ("tests", "image-build") for path in (ROOT / part).rglob("*.py")
]
LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
LONGEST_CLASS = 250
LONGEST_SAMPLE = 30
BANNED_NAMES = re.compile(
    r"(?i)(manager|helper|utils?$|^util|misc|handler|^do_|process_)"
)


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


def definitions(path: Path) -> Iterator[ast.ClassDef | ast.FunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node  # type: ignore[misc]


def length(node: ast.ClassDef | ast.FunctionDef) -> int:
    assert node.end_lineno is not None
    first = node.body[0]
    documented = ast.get_docstring(node) is not None and first.end_lineno is not None
    return node.end_lineno - (first.end_lineno or 0 if documented else node.lineno)


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_a_module_says_what_it_is_for_and_fits_on_a_few_screens(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert ast.get_docstring(ast.parse(text)), "no module docstring"
    assert len(text.splitlines()) <= LONGEST_MODULE


def test_what_stands_beside_the_product_fits_on_a_few_screens_too() -> None:
    sizes = {
        ids(path): len(path.read_text(encoding="utf-8").splitlines()) for path in BESIDE
    }

    assert sizes
    assert {} == {name: size for name, size in sizes.items() if size > LONGEST_MODULE}


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_functions_and_classes_are_small_and_plainly_named(path: Path) -> None:
    for node in definitions(path):
        limit = LONGEST_CLASS if isinstance(node, ast.ClassDef) else LONGEST_FUNCTION
        assert length(node) <= limit, f"{node.name}: {length(node)} lines"
        assert not BANNED_NAMES.search(node.name), node.name


def test_no_room_has_a_name_without_a_purpose() -> None:
    names = {path.stem for path in MODULES}

    assert not names & {"helper", "helpers", "util", "utils", "misc", "common"}


def test_the_package_that_only_looks_like_drm_is_no_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [
        *project["project"]["dependencies"],
        *itertools.chain(*project["project"]["optional-dependencies"].values()),
    ]
    pinned = [
        line
        for name in ("latest.txt", "trixie.txt")
        for line in (ROOT / "constraints" / name).read_text("utf-8").splitlines()
    ]

    assert not [name for name in wanted + pinned if re.match(r"kms\b", name)]


def test_the_gate_ends_with_the_readmes_test_command() -> None:
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8").rstrip().splitlines()

    assert gate[-1] == "make test"
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_developers_diagram_is_drawn_from_the_table() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert part(page, DIAGRAM_MARKS) == diagram()


def test_the_developers_sample_is_the_one_that_is_run_and_is_short() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert part(page, SAMPLE_MARKS) == sample()
    assert len(SAMPLE.read_text(encoding="utf-8").splitlines()) <= LONGEST_SAMPLE


def test_both_dependency_sets_pin_everything() -> None:
    for name in ("latest.txt", "trixie.txt"):
        lines = (ROOT / "constraints" / name).read_text(encoding="utf-8").splitlines()
        pins = [line for line in lines if line and not line.startswith("#")]
        assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==\S+", pin) for pin in pins), name
