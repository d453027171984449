"""What the doctor reads of systemd, of the watchdogs and of the rights to devices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from kiosk.app.doctor.check import Check, Verdict
from kiosk.app.doctor.service import (
    look_at_rights,
    look_at_service,
    seconds_of,
)


HEALTHY = {
    "LoadState": "loaded",
    "ActiveState": "active",
    "SubState": "running",
    "UnitFileState": "enabled",
    "NRestarts": "0",
    "WatchdogUSec": "15s",
    "ExecMainStartTimestampMonotonic": "6100000",
}


def looked(root: Path, unit: dict[str, str], runtime: str = "1min") -> dict[str, Check]:
    def run(argv: Sequence[str]) -> str:
        if "kiosk.service" in argv:
            return "".join(f"{name}={value}\n" for name, value in unit.items())
        return f"RuntimeWatchdogUSec={runtime}\n"

    return {check.what: check for check in look_at_service(root, run)}


@pytest.mark.parametrize(
    ("change", "verdict", "words"),
    [
        ({}, Verdict.GOOD, "started 6.1 s after the kernel"),
        ({"NRestarts": "3"}, Verdict.WARNING, "restarted 3 times"),
        ({"UnitFileState": "disabled"}, Verdict.WARNING, "not enabled"),
        ({"ActiveState": "failed"}, Verdict.FAILURE, "failed"),
        ({"LoadState": "not-found"}, Verdict.WARNING, "there is no kiosk.service"),
    ],
)
def test_the_unit_is_judged_by_what_systemd_says_of_it(
    tmp_path: Path, change: dict[str, str], verdict: Verdict, words: str
) -> None:
    check = looked(tmp_path, {**HEALTHY, **change})["service"]

    assert check.verdict is verdict
    assert words in check.evidence


def test_a_kiosk_that_nobody_watches_is_a_failure(tmp_path: Path) -> None:
    assert looked(tmp_path, HEALTHY)["watchdog"].verdict is Verdict.GOOD
    unwatched = {**HEALTHY, "WatchdogUSec": "0"}
    assert looked(tmp_path, unwatched)["watchdog"].verdict is Verdict.FAILURE


@pytest.mark.parametrize(
    ("state", "runtime", "verdict"),
    [
        ("active", "1min", Verdict.GOOD),
        ("active", "0", Verdict.WARNING),
        ("inactive", "1min", Verdict.FAILURE),
        (None, "1min", Verdict.WARNING),
    ],
)
def test_the_boards_watchdog_is_armed_only_if_the_kernel_says_so_too(
    tmp_path: Path, state: str | None, runtime: str, verdict: Verdict
) -> None:
    if state is not None:
        device = tmp_path / "sys/class/watchdog/watchdog0"
        device.mkdir(parents=True)
        (device / "state").write_text(f"{state}\n")
        (device / "identity").write_text("Broadcom BCM2835 Watchdog timer\n")

    check = looked(tmp_path, HEALTHY, runtime)["board watchdog"]

    assert check.verdict is verdict


@pytest.mark.parametrize(
    ("taken", "verdict", "words"),
    [
        ("60", Verdict.GOOD, "the hardware took 60 s"),
        ("15", Verdict.FAILURE, "the hardware took 15 s instead"),
        (None, Verdict.GOOD, "the hardware tells no time"),
    ],
)
def test_the_time_that_the_board_accepted_is_read_back(
    tmp_path: Path, taken: str | None, verdict: Verdict, words: str
) -> None:
    device = tmp_path / "sys/class/watchdog/watchdog0"
    device.mkdir(parents=True)
    (device / "state").write_text("active\n")
    if taken is not None:
        (device / "timeout").write_text(f"{taken}\n")

    check = looked(tmp_path, HEALTHY, "1min")["board watchdog"]

    assert check.verdict is verdict
    assert words in check.evidence


@pytest.mark.parametrize(
    ("span", "seconds"), [("14s", 14), ("1min 30s", 90), ("1h", 3600), ("0", 0)]
)
def test_a_time_span_of_systemd_is_read(span: str, seconds: int) -> None:
    assert seconds_of(span) == seconds


def test_a_node_that_is_not_there_or_may_not_be_used_is_named_with_its_cure(
    tmp_path: Path,
) -> None:
    (absent,) = look_at_rights(tmp_path, ["gpiozero"])
    node = tmp_path / "dev/gpiochip0"
    node.parent.mkdir()
    node.touch(0o600)
    (usable,) = look_at_rights(tmp_path, ["gpiozero"])

    assert (absent.verdict, absent.evidence) == (Verdict.FAILURE, "no dev/gpiochip*")
    assert usable.verdict is Verdict.GOOD
    assert "/dev/gpiochip0" in usable.evidence


def test_a_node_of_roots_is_shut(tmp_path: Path) -> None:
    node = tmp_path / "dev/gpiochip0"
    node.parent.mkdir()
    node.touch()
    node.chmod(0o600)
    stranger = "nobody", frozenset[int]()

    (shut,) = look_at_rights(tmp_path, ["gpiozero"], stranger)
    node.chmod(0o660)
    member = "nobody", frozenset({node.stat().st_gid})
    (usable,) = look_at_rights(tmp_path, ["gpiozero"], member)

    assert shut.verdict is Verdict.FAILURE
    assert shut.cure.startswith("`usermod -aG gpio nobody`")
    assert usable.verdict is Verdict.GOOD


def test_a_kiosk_of_synthetic_devices_needs_no_nodes(tmp_path: Path) -> None:
    (check,) = look_at_rights(tmp_path, ["synthetic", "headless"])

    assert check.verdict is Verdict.SKIPPED
