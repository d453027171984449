"""``systemctl reload``: a configuration taken up, and one that is refused, by one process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from appliance.machine import Machine
from tests.appliance.guest_kiosk import SETTINGS, GuestKiosk, is_console
from tests.appliance.other_side import wait_until


KIOSK: Final = "kiosk.service"
GOOD: Final = (
    '[room]\nserver = "http://127.0.0.1:9"\n[network]\ninsecure = true\n'
    '[display]\ndevice = "drm"\n'
)

pytestmark = [pytest.mark.timeout(600), pytest.mark.proves("service", "real driver")]


@pytest.fixture
def kiosk(machine: Machine, tmp_path: Path) -> Iterator[GuestKiosk]:
    """One that nobody has set up, and that runs."""
    guest = GuestKiosk(machine, tmp_path)
    guest.forget()
    machine.check(["systemctl", "restart", KIOSK], timeout=300.0)
    yield guest
    guest.forget()


def words_of(machine: Machine, what: str) -> str:
    words = ["systemctl", "show", "--value", f"--property={what}", KIOSK]
    return machine.check(words).strip()


def test_a_kiosk_is_set_up_by_a_reload_and_a_mistake_leaves_it_as_it_was(
    machine: Machine, kiosk: GuestKiosk
) -> None:
    kiosk.wait_for("UNCONFIGURED")
    before = kiosk.pid
    machine.put(f"{SETTINGS}/kiosk.toml", GOOD)
    machine.check(["chmod", "-R", "a+rX", str(SETTINGS)])

    machine.check(["systemctl", "reload", KIOSK], timeout=120.0)
    kiosk.wait_until(lambda now: now.get("state") != "UNCONFIGURED", "set up")
    seen = kiosk.picture()
    machine.put(f"{SETTINGS}/kiosk.toml", GOOD.replace("server", "sever"))
    machine.check(["systemctl", "reload", KIOSK], timeout=120.0)

    wait_until(
        lambda: "kiosk.toml:2" in words_of(machine, "StatusText"), "refused", 60.0
    )
    assert kiosk.status()["state"] != "UNCONFIGURED"
    assert (kiosk.pid, words_of(machine, "NRestarts")) == (before, "0")
    assert not is_console(seen)
    assert not is_console(kiosk.picture())
    assert words_of(machine, "ActiveState") == "active"
