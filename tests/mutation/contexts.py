"""A plugin of pytest, under coverage: which test ran which line, and for how long."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from coverage import Coverage


TIMES = "MUTATION_TIMES"
"""The environment's name for the file of seconds by test."""
_times: dict[str, float] = {}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Name the lines that run for a test after it, those of its tasks too."""
    watching = Coverage.current()
    assert watching is not None, "not run by coverage"
    watching.switch_context(item.nodeid)
    began = time.process_time()
    yield
    _times[item.nodeid] = time.process_time() - began
    watching.switch_context("")


def pytest_sessionfinish() -> None:
    Path(os.environ[TIMES]).write_text(json.dumps(_times), encoding="utf-8")
