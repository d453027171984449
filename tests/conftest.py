"""Hypothesis profiles, the leak check, and the rule that nothing is skipped in silence."""

from __future__ import annotations

import fnmatch
import os
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings


settings.register_profile("dev", max_examples=30, stateful_step_count=20, deadline=None)
settings.register_profile("ci", max_examples=500, derandomize=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

_KEPT_AT_HOME = Path.home() / ".local" / "state" / "kiosk"
_ALLOWED = Path(__file__).with_name("allowed_skips.toml")
_skipped: list[str] = []


@pytest.fixture(autouse=True)
def no_thread_is_left_behind() -> Iterator[None]:
    """Fail a test that leaves one of its threads running."""
    before = set(threading.enumerate())
    yield
    left = [
        thread
        for thread in set(threading.enumerate()) - before
        if not thread.name.startswith(("asyncio_", "ThreadPoolExecutor"))
    ]
    for thread in left:
        thread.join(2.0)
    alive = [thread.name for thread in left if thread.is_alive()]
    assert not alive, f"threads left running: {alive}"


@pytest.fixture(autouse=True)
def no_server_keeps_its_rooms_at_home() -> Iterator[None]:
    """Fail a test whose ``kiosk server`` writes where people's own one does."""
    before = _KEPT_AT_HOME.exists()
    yield
    assert before or not _KEPT_AT_HOME.exists(), f"made {_KEPT_AT_HOME}"


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember every skipped test."""
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run if a test was skipped that may not be."""
    allowed = [
        str(entry["test"])
        for entry in tomllib.loads(_ALLOWED.read_text(encoding="utf-8"))["skip"]
    ]
    wrong = [
        nodeid
        for nodeid in _skipped
        if not any(fnmatch.fnmatch(nodeid, pattern) for pattern in allowed)
    ]
    if wrong:
        print(f"\nskipped but not listed in {_ALLOWED.name}: {wrong}")  # noqa: T201 -- pytest's own output
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
