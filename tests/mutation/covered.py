"""Which plain tests of the pure packages run which line, the fastest first."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache

from coverage import CoverageData

from tests.mutation.contexts import TIMES
from tests.mutation.forked import PLAIN, ROOT
from tests.mutation.kept import Kept


PACKAGES = ("call", "room", "rtmp")
TESTS = ("tests/call", "tests/room", "tests/rtmp", "tests/wire")
MATTERS = (
    *(f"kiosk/{package}" for package in PACKAGES),
    *TESTS,
    "tests/mutation/mutator.py",
)
_COVERED = ROOT / ".mutation-coverage"
_TIMES = ROOT / ".mutation-coverage.times"
_STAMP = ROOT / ".mutation-coverage.stamp"


def cover() -> None:
    """Run the tests once, unless they ran like this before."""
    if Kept(_STAMP, MATTERS).verdicts:
        return
    sources = ",".join(f"kiosk/{package}" for package in PACKAGES)
    settings = ROOT / ".mutation-coveragerc"
    settings.write_text("[run]\nbranch = false\n", encoding="utf-8")
    run = [f"--rcfile={settings}", f"--data-file={_COVERED}", f"--source={sources}"]
    tests = ["-m", "pytest", "-p", "tests.mutation.contexts", *PLAIN, *TESTS]
    subprocess.run(
        [sys.executable, "-m", "coverage", "run", *run, *tests],
        cwd=ROOT,
        env={**os.environ, TIMES: str(_TIMES)},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    settings.unlink()
    Kept(_STAMP, MATTERS).add("covered", 1)


def tests_of(file: str, line: int) -> Sequence[str]:
    """
    Return the tests that run a line, those of the nearest file first.

    All of them, where it runs at import or no test says that it runs it.
    """
    contexts = set(_contexts(file).get(line, ()))
    tests = [test for test in times() if test in contexts]
    if not tests or "" in contexts:
        return [*tests, *(test for test in times() if test not in contexts)]
    files = [test.split("::")[0] for test in tests]
    return sorted(tests, key=lambda test: -files.count(test.split("::")[0]))


@cache
def times() -> Mapping[str, float]:
    """Return how many seconds each test takes, the fastest first."""
    found: dict[str, float] = json.loads(_TIMES.read_text(encoding="utf-8"))
    return dict(sorted(found.items(), key=lambda item: item[1]))


@cache
def _contexts(file: str) -> Mapping[int, list[str]]:
    covered = CoverageData(str(_COVERED))
    covered.read()
    return covered.contexts_by_lineno(str(ROOT / file))
