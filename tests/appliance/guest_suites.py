"""The contract suites, run in the guest on its drivers, as the user of the daemon."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from appliance.machine import Machine
from tests.appliance.table import Counts, counted, failures


ROOT = Path(__file__).parents[2]
PLACE = "/srv/kiosk-tests"
USER = "kiosk"
TEST_S = 120
"""A test that hangs is told with where it hangs, before its suite's time is over."""
_TESTS = ("ports", "display", "devices", "alsa", "v4l2", "wiring", "fakes")
_FILES = ("conftest.py", "allowed_skips.toml")


@dataclass(frozen=True, slots=True)
class Suite:
    """
    Tests of one interface on one real driver.

    Attributes:
        interface: Row of the table.
        paths: Files and folders of tests.
        only: pytest's ``-k``: the parameters of the real driver.
        modules: Drivers that are loaded for it and taken out again.
        timeout: Seconds for all of it, three times of what it takes on a quiet machine.

    """

    interface: str
    paths: tuple[str, ...]
    only: str
    modules: tuple[str, ...] = ()
    timeout: float = 300.0


def bring_tests(machine: Machine) -> None:
    """Put the tests of this tree, without the product, which is installed there."""
    tests = [ROOT / "tests" / name for name in (*_TESTS, *_FILES)]
    machine.put_tree([path for path in tests if path.exists()], f"{PLACE}/tests", USER)
    machine.put_tree([ROOT / "pyproject.toml"], PLACE, USER)


def run_suite(machine: Machine, suite: Suite) -> tuple[Counts, str]:
    """
    Run a suite in the guest.

    Returns:
        Counts, and what a person wants to read of failures; a suite that ran nothing
        has failed.

    """
    for module in suite.modules:
        machine.check(["modprobe", module])
    machine.check(["udevadm", "settle"])
    report = "/tmp/report.xml"
    command = (
        f"cd {PLACE} && exec env HOME=/tmp PYTHONDONTWRITEBYTECODE=1 "
        f"python3 -m pytest -q -p no:cacheprovider --junitxml={report} "
        f"-o faulthandler_timeout={TEST_S - 10} --timeout={TEST_S} -k '{suite.only}' "
        f"{' '.join(suite.paths)}"
    )
    try:
        done = machine.run(["sh", "-c", command], user=USER, timeout=suite.timeout)
        said = f"{done.out[-3000:]}{done.err[-2000:]}"
        if done.code not in {0, 1}:
            said += machine.run(["sh", "-c", "dmesg | tail -40"]).out
            return Counts(failed=1), f"pytest ended with {done.code}:\n{said}"
        junit = machine.get(report).decode()
    finally:
        for module in reversed(suite.modules):
            machine.run(["modprobe", "--remove", module])
    counts = counted(junit)
    if not counts.passed:
        return Counts(failed=1), f"no test was run:\n{said}"
    return counts, "\n\n".join(failures(junit)) or ("" if done.code == 0 else said)
