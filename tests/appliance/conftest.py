"""
The booted appliance for all tests of a run, and the table at its end.

``make appliance-test`` says where the disk is; without it nothing here is collected.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

from appliance.machine import Machine
from tests.appliance.both_ends import Call, both_ends
from tests.appliance.guest_suites import bring_tests
from tests.appliance.host_suites import PORTS, HostSuites
from tests.appliance.table import Counts, Table


DISK = os.environ.get("APPLIANCE_DISK", "")
IS_FULL = os.environ.get("APPLIANCE") == "full"
TABLE = pytest.StashKey[Table]()
MACHINE = pytest.StashKey[Machine]()

collect_ignore_glob = [] if DISK else ["test_*.py"]


def pytest_configure(config: pytest.Config) -> None:
    """Begin the table."""
    config.stash[TABLE] = Table()
    config.addinivalue_line(
        "markers", "proves(interface, column): the cell of the table a test belongs to"
    )


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave out what is for the night; last comes what boots the machine anew.

    Left out, and not skipped: a skip says that this machine cannot run a test.
    """
    left_out = [] if IS_FULL else [i for i in items if i.get_closest_marker("nightly")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
    items.sort(key=lambda item: "test_panic" in item.nodeid)


@pytest.fixture(scope="session")
def host_suites(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[HostSuites]:
    """The synthetic column, under way."""
    suites = HostSuites(PORTS, tmp_path_factory.mktemp("host"))
    yield suites
    suites.close()


@pytest.fixture(scope="session")
def machine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    """Boot once; the kiosk is stopped, as every test wants its own devices."""
    if any("host_suites" in item.fixturenames for item in _selected(request)):
        request.getfixturevalue("host_suites")
    folder = Path(os.environ.get("APPLIANCE_OUT") or tmp_path_factory.mktemp("machine"))
    with Machine(Path(DISK), folder) as booted:
        request.config.stash[MACHINE] = booted
        bring_tests(booted)
        yield booted


def _selected(request: pytest.FixtureRequest) -> Iterator[pytest.Function]:
    return (item for item in request.session.items if isinstance(item, pytest.Function))


@pytest.fixture(scope="module")
def ends(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Call]:
    """Set a kiosk up for calls with an agent on the host."""
    with both_ends(machine, tmp_path_factory.mktemp("screen")) as call:
        yield call


@pytest.fixture
def call(ends: Call) -> Call:
    """Have both in a call."""
    ends.begin()
    return ends


@pytest.fixture
def table(request: pytest.FixtureRequest) -> Table:
    """The table that is printed at the end."""
    return request.config.stash[TABLE]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Run a test once more where the guest died, or stood still, of the emulator."""
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    machine = item.config.stash.get(MACHINE, None)
    has_failed = any(report.failed for report in reports)
    if has_failed and machine is not None and machine.is_lost:
        reporter = item.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(
                f"\nthe emulated machine was lost in {item.nodeid}: again"
            )
        machine.stop()
        machine.start()
        bring_tests(machine)
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    _note(item, has_failed=any(report.failed for report in reports))
    return True


def _note(item: pytest.Item, *, has_failed: bool) -> None:
    for mark in item.iter_markers("proves"):
        interface, column = mark.args
        counts = Counts(failed=1) if has_failed else Counts(passed=1)
        item.config.stash[TABLE].add(interface, column, counts)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table."""
    table = config.stash[TABLE]
    if table.cells:
        terminalreporter.section("interface x what it was proven on")
        for line in table.lines():
            terminalreporter.write_line(line)
