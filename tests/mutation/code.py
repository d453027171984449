"""
Makes a sample of mistakes in the pure packages; each meets the tests of its line.

A mistake within a function is put into the function as it is in memory, and the tests
that are in memory, too, are run.  One that takes effect while its module is imported
needs everything imported anew, and may make any test fail: it meets all.
"""

from __future__ import annotations

import gc
import importlib.abc
import importlib.util
import os
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest
from typing_extensions import override

from tests.mutation.covered import MATTERS, PACKAGES, TESTS, cover, tests_of
from tests.mutation.forked import ENDED, PLAIN, ROOT, shared
from tests.mutation.kept import Kept
from tests.mutation.mutator import Mistake, is_in_function, mistakes_in, with_mistake


_SURVIVED = 1
Functions = Mapping[str, Sequence[FunctionType]]
"""All functions there are, by the file they are from."""


def judged(how_many: int, seed: int) -> tuple[list[Mistake], list[Mistake]]:
    """Judge a sample; return it, and of it those that nobody noticed."""
    chosen = sample(how_many, seed)
    kept = Kept(ROOT / ".mutated", MATTERS)
    new = [one for one in chosen if one.key not in kept.verdicts]
    if new:
        os.chdir(ROOT)
        cover()
        code = pytest.main([*PLAIN, "-qq", "-s", *TESTS], plugins=[Jury(new, kept)])
        if code:
            raise SystemExit(f"the tests of the pure packages do not run: {code}")
    return chosen, [one for one in chosen if kept.verdicts[one.key]]


def sample(how_many: int, seed: int) -> list[Mistake]:
    """Draw mistakes from all that can be made in the pure packages."""
    found: list[Mistake] = []
    for package in PACKAGES:
        for path in sorted((ROOT / "kiosk" / package).glob("*.py")):
            file = str(path.relative_to(ROOT))
            found += mistakes_in(file, path.read_text(encoding="utf-8"))
    return random.Random(seed).sample(found, how_many)


class Jury:
    """A plugin of pytest: instead of all once, some tests are run on each mutant."""

    def __init__(self, mutants: Sequence[Mistake], kept: Kept) -> None:
        self._mutants = mutants
        self._kept = kept

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        functions = _functions_in_memory()
        # the quick ones first: for the others all is imported anew
        quick_first = sorted(self._mutants, key=lambda one: not _is_in_function(one))
        items = {item.nodeid: item for item in session.items}

        def judge(mistake: Mistake) -> int:
            if not _is_in_function(mistake) or not put_in(
                mistake, functions[str(ROOT / mistake.file)]
            ):
                return _judged_anew(mistake)
            tests = tests_of(mistake.file, mistake.line)
            return _survives(session, [items[test] for test in tests])

        for mistake, verdict in shared(quick_first, judge):
            self._kept.add(mistake.key, 0 if verdict == ENDED else verdict)
            if self._kept.verdicts[mistake.key]:
                sys.__stderr__.write(f"SURVIVED {mistake}\n")  # type: ignore[union-attr]
        return True


def _survives(session: pytest.Session, items: Sequence[pytest.Item]) -> int:
    for item in items:
        item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
        if session.testsfailed:
            return 0
    return _SURVIVED


def _is_in_function(mistake: Mistake) -> bool:
    source = (ROOT / mistake.file).read_text(encoding="utf-8")
    return is_in_function(source, mistake)


def _functions_in_memory() -> Functions:
    found: dict[str, list[FunctionType]] = {}
    for one in gc.get_objects():
        if isinstance(one, FunctionType):
            found.setdefault(one.__code__.co_filename, []).append(one)
    return found


def put_in(mistake: Mistake, functions: Sequence[FunctionType]) -> bool:
    """
    Make a mistake in a module that is in memory, whoever imported from it.

    Returns:
        Whether that could be done: a function keeps the variables it closes over.

    """
    source = (ROOT / mistake.file).read_text(encoding="utf-8")
    module = compile(with_mistake(source, mistake), str(ROOT / mistake.file), "exec")
    codes = {
        (code.co_qualname, code.co_firstlineno): code for code in _codes_in(module)
    }
    changed = 0
    for function in functions:
        old = function.__code__
        new = codes.get((old.co_qualname, old.co_firstlineno), old)
        if new != old:
            if new.co_freevars != old.co_freevars:
                return False
            function.__code__ = new
            changed += 1
    return changed > 0


def _codes_in(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes_in(constant)


# -- what takes effect at import ----------------------------------------------------


class Mistaken(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module with its mistake."""

    def __init__(self, mistake: Mistake) -> None:
        self._mistake = mistake
        self._name = mistake.file.removesuffix(".py").replace("/", ".")

    @override
    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if name != self._name:
            return None
        return importlib.util.spec_from_file_location(
            name, ROOT / self._mistake.file, loader=self
        )

    @override
    def exec_module(self, module: ModuleType) -> None:
        source = (ROOT / self._mistake.file).read_text(encoding="utf-8")
        tree = with_mistake(source, self._mistake)
        exec(compile(tree, self._mistake.file, "exec"), module.__dict__)

    def commit(self) -> None:
        """Have every later import find it."""
        ours = {"kiosk", "tests"}
        for name in [one for one in sys.modules if one.split(".")[0] in ours]:
            del sys.modules[name]
        sys.meta_path.insert(0, self)


def _judged_anew(mistake: Mistake) -> int:
    rounds = _rounds_of(mistake)
    Mistaken(mistake).commit()
    for tests in rounds:
        if int(pytest.main(["-x", *PLAIN, *tests])):
            return 0
    return _SURVIVED


def _rounds_of(mistake: Mistake) -> list[Sequence[str]]:
    """Return the tests of the module's own name, of those that run it, then all."""
    name = Path(mistake.file).stem
    own = f"tests/{Path(mistake.file).parts[1]}/test_{name}.py"
    rounds: list[Sequence[str]] = [[own]] if (ROOT / own).exists() else []
    return [*rounds, TESTS]
