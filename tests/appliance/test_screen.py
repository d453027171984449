"""The virtio display as the host sees it: our picture, and its return after a loss."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from appliance.machine import Machine
from tests.appliance.guest_suites import PLACE, USER


pytestmark = pytest.mark.proves("display (virtio-gpu)", "real driver")

BELIEVED = "/tmp/believed.png"
_GONE = """
card=$(readlink -f /sys/class/drm/card0/device)
while [ ! -e "$card/remove" ]; do card=$(dirname "$card"); done
echo 1 > "$card/remove"
"""
_LOG = ["journalctl", "--unit=kiosk", "--boot", "--output=cat", "--no-pager"]


def _eventually(is_so: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() >= deadline:
            return False
        time.sleep(1.0)
    return True


def _is_same(one: Path, other: Path) -> bool:
    with Image.open(one) as first, Image.open(other) as second:
        difference = ImageChops.difference(first.convert("RGB"), second.convert("RGB"))
    return difference.getbbox() is None


def _is_plain(path: Path) -> bool:
    with Image.open(path) as image:
        return len(image.convert("RGB").getcolors(1 << 20) or ()) < 3


def test_the_host_sees_what_the_display_says_it_shows(
    machine: Machine, tmp_path: Path
) -> None:
    machine.check(["systemctl", "stop", "kiosk.service"])
    started = ["systemd-run", f"--uid={USER}", "--unit=shown", "--collect"]
    words = ["python3", "-m", "tests.fakes.shown_on_card", BELIEVED]
    machine.check([*started, f"--working-directory={PLACE}", *words])
    try:
        there = ["test", "-e", BELIEVED]
        assert _eventually(lambda: machine.run(there).code == 0, 90.0)
        seen = machine.screendump(tmp_path / "seen.png")
        (tmp_path / "believed.png").write_bytes(machine.get(BELIEVED))
    finally:
        machine.check(["systemctl", "stop", "shown.service"])

    assert not _is_plain(seen)
    assert _is_same(seen, tmp_path / "believed.png")


def test_a_card_that_goes_away_and_comes_back_is_lit_and_drawn_again(
    machine: Machine, tmp_path: Path
) -> None:
    machine.check(["systemctl", "restart", "kiosk.service"], timeout=300.0)
    log = [*_LOG, f"--since=@{float(machine.check(['date', '+%s'])):.0f}"]

    machine.check(["sh", "-c", _GONE])
    is_told = _eventually(lambda: "display lost" in machine.check(log), 60.0)
    machine.check(["sh", "-c", "echo 1 > /sys/bus/pci/rescan"])
    is_back = _eventually(lambda: "display found" in machine.check(log), 90.0)

    assert (is_told, is_back) == (True, True)
    seen = tmp_path / "seen.png"
    assert _eventually(lambda: not _is_plain(machine.screendump(seen)), 30.0)
    assert (
        machine.check(["systemctl", "show", "-P", "NRestarts", "kiosk"]).strip() == "0"
    )
