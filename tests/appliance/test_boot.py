"""The appliance as a machine: it boots, nothing in it fails, and it heals itself."""

from __future__ import annotations

import pytest

from appliance.machine import Machine


@pytest.mark.proves("boot", "real driver")
def test_everything_starts_and_no_unit_fails(machine: Machine) -> None:
    state = machine.run(["systemctl", "is-system-running", "--wait"], timeout=600.0)

    failed = machine.check(["systemctl", "--failed", "--no-legend", "--plain"])
    assert (state.out.strip(), failed.strip()) == ("running", "")


@pytest.mark.proves("boot", "real driver")
def test_the_kiosks_user_is_nobody_special(machine: Machine) -> None:
    words = machine.check(["id", "-nG", "kiosk"]).split()

    assert "root" not in words
    assert {"video", "audio", "gpio", "input"} <= set(words)


@pytest.mark.proves("watchdog (i6300esb)", "real driver")
def test_systemd_feeds_the_machines_watchdog(machine: Machine) -> None:
    identity = machine.check(["cat", "/sys/class/watchdog/watchdog0/identity"])
    state = machine.check(["cat", "/sys/class/watchdog/watchdog0/state"])
    timeout = machine.check(["cat", "/sys/class/watchdog/watchdog0/timeout"])

    assert identity.startswith("i6300ESB")
    assert state.strip() == "active"
    assert int(timeout) == 20
