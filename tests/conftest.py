"""Hypothesis profiles, the leak check, and the rule that nothing is skipped in silence."""

from __future__ import annotations

import fnmatch
import gc
import logging
import os
import threading
import tomllib
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.fakes.leaks import left_open
from tests.fakes.told_secrets import told


settings.register_profile("dev", max_examples=30, stateful_step_count=20, deadline=None)
# A gate that draws anew each time fails on what nobody touched; fuzzers draw anew.
settings.register_profile("gate", settings.get_profile("dev"), derandomize=True)
settings.register_profile("ci", max_examples=500, derandomize=True, deadline=None)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "gate" if os.environ.get("CI") else "dev")
)

_KEPT_AT_HOME = Path.home() / ".local" / "state" / "kiosk"
_ALLOWED = Path(__file__).with_name("allowed_skips.toml")
_skipped: list[str] = []
_told: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what ``make borders`` and ``make coverage`` run with."""
    told = "fail the run if a test's captured output gives a secret away"
    parser.addoption("--secrets", action="store_true", help=told)
    left = "look after each test whether it left a socket, a loop or a file open"
    parser.addoption("--left-open", action="store_true", help=left)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Look from now on only at what tests make: a look takes a tenth of the time."""
    if session.config.getoption("--left-open"):
        gc.collect()
        gc.freeze()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """
    Fail the test that left something open, its event loop being closed by now.

    Else the collector finds it during any later one, which then fails for it.
    """
    yield
    if item.config.getoption("--left-open") and (left := left_open()):
        pytest.fail(f"left open: {left}", pytrace=False)


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
def the_log_is_given_back() -> Iterator[None]:
    """Take away what a test's program logged with: its stream is closed after it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


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
    for name, text in report.sections:
        _told.extend(f"{report.nodeid}: {name}: {what}" for what in told(text, set()))


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
    if session.config.getoption("--secrets"):
        print(f"\nsecrets in captured output: {len(_told)} {_told[:10]}")  # noqa: T201 -- pytest's own output
        if _told:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if wrong:
        print(f"\nskipped but not listed in {_ALLOWED.name}: {wrong}")  # noqa: T201 -- pytest's own output
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
