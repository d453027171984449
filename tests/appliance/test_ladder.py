"""
A kiosk that fails again and again: what systemd and the failure ladder make of it.

Its program is replaced by one that fails at once; nothing else is changed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from appliance.machine import Machine
from tests.appliance.guest_kiosk import GuestKiosk, is_console
from tests.appliance.other_side import wait_until


SAFE: Final = "kiosk-safe-screen.service"
KIOSK: Final = "kiosk.service"
HISTORY: Final = "/var/lib/kiosk-ladder/history.json"
BROKEN: Final = "/etc/systemd/system/kiosk.service.d/90-broken.conf"

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.proves("failure ladder", "real driver"),
]


def is_active(machine: Machine, unit: str) -> bool:
    return machine.run(["systemctl", "is-active", "--quiet", unit]).code == 0


def log_of_the_ladder(machine: Machine) -> str:
    words = ["journalctl", "--identifier=kiosk-ladder", "--output=cat", "--no-pager"]
    return machine.check(words)


@pytest.fixture
def broken(machine: Machine, tmp_path: Path) -> Iterator[GuestKiosk]:
    """A kiosk that ends as soon as it starts, and has just been started."""
    machine.check(["systemctl", "stop", KIOSK])
    machine.run(["rm", "-f", HISTORY])
    machine.put(BROKEN, "[Service]\nExecStart=\nExecStart=/bin/false\n")
    machine.check(["systemctl", "daemon-reload"])
    machine.run(["systemctl", "--no-block", "start", KIOSK])
    yield GuestKiosk(machine, tmp_path)
    machine.run(["rm", "-f", BROKEN])
    machine.check(["systemctl", "daemon-reload"])
    units = ["kiosk-retry.timer", "kiosk-retry-slowly.timer", SAFE, KIOSK]
    machine.run(["systemctl", "stop", *units])
    machine.run(["systemctl", "reset-failed", KIOSK, SAFE])
    machine.run(["rm", "-f", HISTORY])


def test_people_read_where_to_go_until_the_cause_is_gone_and_nobody_has_to_come(
    machine: Machine, broken: GuestKiosk
) -> None:
    wait_until(lambda: is_active(machine, SAFE), "the safe screen", 120.0)
    wait_until(lambda: not is_console(broken.picture()), "its picture", 60.0)
    page = broken.picture()
    machine.check(["rm", BROKEN])
    machine.check(["systemctl", "daemon-reload"])
    looks: list[bool] = []

    def is_back() -> bool:
        looks.append(is_console(broken.picture()))
        return bool(broken.status())

    wait_until(is_back, "the kiosk itself", 180.0)

    assert not any(looks)
    assert not is_active(machine, SAFE)
    assert (broken.picture() != page).any()
    assert "safe screen" in log_of_the_ladder(machine)


@pytest.mark.nightly
def test_it_is_rebooted_and_after_three_reboots_never_again(
    machine: Machine, broken: GuestKiosk
) -> None:
    first = machine.check(["cat", "/proc/sys/kernel/random/boot_id"])
    wait_until(lambda: is_active(machine, SAFE), "the safe screen", 120.0)
    machine.wait_for_boot(300.0)
    assert machine.check(["cat", "/proc/sys/kernel/random/boot_id"]) != first
    wait_until(lambda: is_active(machine, SAFE), "the safe screen again", 180.0)
    history = json.loads(machine.get(HISTORY))
    history["reboots"] = [0.0] * 3
    machine.put(HISTORY, json.dumps(history))

    wait_until(lambda: "stay" in log_of_the_ladder(machine), "no more reboots", 300.0)

    time.sleep(30.0)
    assert is_active(machine, SAFE)
    assert not is_console(broken.picture())
