"""
A kernel that is dead is reset by the watchdog, if that took its time; the last, as it
boots anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

import pytest

from appliance.machine import Machine


TOO_LONG: Final = "/etc/systemd/system.conf.d/90-too-long.conf"


@pytest.fixture
def too_long(machine: Machine) -> Iterator[None]:
    """An hour, which the hardware cannot count."""
    machine.put(TOO_LONG, "[Manager]\nRuntimeWatchdogSec=1h\n")
    machine.check(["systemctl", "daemon-reexec"], timeout=120.0)
    yield
    machine.check(["rm", TOO_LONG])
    machine.check(["systemctl", "daemon-reexec"], timeout=120.0)


@pytest.mark.proves("watchdog (i6300esb)", "real driver")
def test_a_panic_resets_the_machine_and_the_kiosk_is_back(machine: Machine) -> None:
    machine.check(["systemctl", "start", "kiosk.service"], timeout=600.0)
    before = machine.check(["cat", "/proc/sys/kernel/random/boot_id"])

    machine.crash()
    has_bitten = machine.qmp.wait_for("WATCHDOG", 60.0)
    machine.wait_for_boot()

    assert has_bitten
    assert machine.check(["cat", "/proc/sys/kernel/random/boot_id"]) != before
    state = machine.run(["systemctl", "is-system-running", "--wait"], timeout=600.0)
    assert state.out.strip() == "running"
    assert (
        machine.check(["systemctl", "is-active", "kiosk.service"]).strip() == "active"
    )


@pytest.mark.usefixtures("too_long")
@pytest.mark.proves("watchdog (i6300esb)", "real driver")
def test_a_time_that_the_watchdog_refuses_is_what_the_doctor_says(
    machine: Machine,
) -> None:
    done = machine.run(["kiosk", "doctor", "--json"], timeout=240.0)

    checks = {check["what"]: check for check in json.loads(done.out)["checks"]}
    found = checks["board watchdog"]
    assert found["verdict"] == "failure", found
    assert done.code == 2
