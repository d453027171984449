"""The unit and its package, judged by the systemd that will run them."""

from __future__ import annotations

import pytest

from appliance.machine import Machine


UNIT = "/usr/lib/systemd/system/kiosk.service"
EXPOSED_AT_MOST = 20
"""Tenths of systemd's points; 100 is no sandbox at all."""

pytestmark = pytest.mark.timeout(300)


@pytest.mark.proves("service", "real driver")
def test_systemd_finds_nothing_wrong_with_the_unit(machine: Machine) -> None:
    judged = machine.run(["systemd-analyze", "verify", "--man=no", UNIT], timeout=120.0)

    assert (judged.code, judged.out + judged.err) == (0, "")


@pytest.mark.proves("service", "real driver")
def test_the_sandbox_leaves_little_open(machine: Machine) -> None:
    judged = machine.run(
        [
            *("systemd-analyze", "security", "--offline=true", "--no-pager"),
            *(f"--threshold={EXPOSED_AT_MOST}", UNIT),
        ],
        timeout=120.0,
    )

    assert judged.code == 0, judged.out
    assert "Overall exposure level" in judged.out


@pytest.mark.proves("service", "real driver")
def test_the_package_is_whole_and_ships_nothing_among_the_technicians_files(
    machine: Machine,
) -> None:
    shipped = machine.check(["dpkg", "--listfiles", "kiosk"]).splitlines()
    state = machine.check(["dpkg", "--status", "kiosk"])
    # the appliance leaves manuals and documents out
    wrong = machine.run(["dpkg", "--verify", "kiosk"]).out.splitlines()

    assert not [line for line in wrong if "/usr/share/" not in line]
    assert "Status: install ok installed" in state
    assert not [path for path in shipped if path.startswith("/etc")]
    assert machine.check(["kiosk", "--version"], timeout=120.0).startswith("kiosk ")


@pytest.mark.proves("service", "real driver")
def test_a_kiosk_that_nobody_set_up_says_what_is_missing(machine: Machine) -> None:
    judged = machine.run(["kiosk", "config", "check"], user="kiosk", timeout=120.0)

    assert judged.code == 78
    assert "[room]" in judged.err
