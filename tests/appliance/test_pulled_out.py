"""
What people pull out of a kiosk, or what breaks off in it: drivers unbound under it.

Rows D02, D08, D10, D11 and D16 of the fault catalogue, at the kernel's own drivers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

from appliance.machine import Machine
from tests.appliance.both_ends import AGENT_HZ, Call
from tests.appliance.guest_kiosk import GuestKiosk, is_console
from tests.appliance.other_side import wait_until
from tests.appliance.table import Table


BARS: Final = 5
"""Strong colours of vivid's test card; a card that we draw has none."""
CHIP: Final = "/sys/kernel/config/gpio-sim/kiosk/live"
MAKE_LINES: Final = "/usr/lib/kiosk-appliance/lines.sh"
THIEF: Final = "display-thief"
_TAKE: Final = """
import array, ctypes, fcntl, os, struct, sys, time
folder, drm, resources, set_crtc = f"/proc/{sys.argv[1]}/fd", 226, 0xC04064A0, 0xC06864A2
set_master, drop_master, pidfd_getfd = 0x641E, 0x641F, 438
def is_card(number):
    try:  # by its device: the path of what a predecessor opened leads nowhere from here
        return os.major(os.stat(f"{folder}/{number}").st_rdev) == drm
    except OSError:
        return False  # closed meanwhile
cards = list(filter(is_card, os.listdir(folder)))
ours = os.open(f"{folder}/{cards[0]}", os.O_RDWR)
process, libc = os.pidfd_open(int(sys.argv[1])), ctypes.CDLL(None)
for number in cards:
    theirs = libc.syscall(pidfd_getfd, process, int(number), 0)
    assert theirs >= 0, number
    try:
        fcntl.ioctl(theirs, drop_master, 0)
    except OSError:
        pass  # one that is not the master
    os.close(theirs)
fcntl.ioctl(ours, set_master, 0)
crtcs = array.array("I", [0] * 16)
asked = bytearray(struct.pack("4Q8I", 0, crtcs.buffer_info()[0], 0, 0, 0, 16, *[0] * 6))
fcntl.ioctl(ours, resources, asked)
for crtc in crtcs[: struct.unpack("4Q8I", asked)[5]]:
    fcntl.ioctl(ours, set_crtc, bytearray(struct.pack("Q7I68x", 0, 0, crtc, *[0] * 5)))
print("taken", flush=True)
time.sleep(3600)
"""
"""Somebody else takes the display, with the rights of root, and switches it off."""

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.nightly,
]


def bind(machine: Machine, driver: str, device: str, *, is_bound: bool) -> None:
    """Bind a driver to a device, or pull the device away from it."""
    file = f"/sys/bus/platform/drivers/{driver}/{'bind' if is_bound else 'unbind'}"
    machine.check(["sh", "-c", f'echo "{device}" > {file}'], timeout=120.0)


@pytest.mark.proves("camera (vivid)", "call")
def test_a_camera_that_is_pulled_out_leaves_the_call_its_voices_and_comes_back_in_it(
    call: Call, table: Table
) -> None:
    def shows_bars() -> bool:
        return call.other.colours_seen() >= BARS

    machine = call.kiosk.machine
    wait_until(shows_bars, "the test card's colours at the agent's", 120.0)
    bind(machine, "vivid", "vivid.0", is_bound=False)
    try:
        wait_until(lambda: not shows_bars(), "a still card at the agent's", 120.0)
        wait_until(lambda: call.kiosk.hears(AGENT_HZ), "the agent's voice", 120.0)
        state = call.kiosk.status()["state"]
    finally:
        bind(machine, "vivid", "vivid.0", is_bound=True)
    with table.timed("camera put back to the agent's picture of it"):
        wait_until(shows_bars, "the camera's picture at the agent's", 120.0)

    assert (state, call.kiosk.status()["state"]) == ("IN_CALL", "IN_CALL")


@pytest.mark.proves("loudspeaker (aloop)", "call")
def test_a_sound_card_that_is_pulled_out_and_put_back_is_heard_again_in_the_call(
    call: Call,
) -> None:
    machine = call.kiosk.machine
    before = call.kiosk.pid
    # who keeps it open holds the driver up: this returns once the kiosk let go
    bind(machine, "snd_aloop", "snd_aloop.0", is_bound=False)
    state = call.kiosk.status()["state"]
    bind(machine, "snd_aloop", "snd_aloop.0", is_bound=True)

    wait_until(lambda: call.kiosk.hears(AGENT_HZ), "the agent's voice", 180.0)

    assert (state, call.kiosk.status()["state"]) == ("IN_CALL", "IN_CALL")
    assert call.kiosk.pid == before


@pytest.mark.proves("buttons and lamps", "call")
def test_buttons_that_break_off_are_told_and_work_again_once_they_are_back(
    ends: Call,
) -> None:
    machine, kiosk = ends.kiosk.machine, ends.kiosk
    ends.rest()
    before = kiosk.pid

    machine.check(["sh", "-c", f"echo 0 > {CHIP}"])
    told = kiosk.wait_until(lambda now: now.get("state") == "OUT_OF_SERVICE", "told")
    machine.check(["sh", "-c", f"echo 1 > {CHIP} && {MAKE_LINES}"])
    kiosk.wait_for("IDLE")

    assert str(told["reason"]).startswith("D")
    assert not is_console(kiosk.picture())
    assert kiosk.pid == before
    ends.begin()


@contextmanager
def taken(kiosk: GuestKiosk) -> Iterator[dict[str, Any]]:
    """Have somebody else own the display, dark; what the kiosk says of it then."""
    machine = kiosk.machine
    words = ["systemd-run", "--quiet", "--collect", f"--unit={THIEF}"]
    machine.check([*words, "python3", "-c", _TAKE, str(kiosk.pid)])

    def is_taken() -> bool:
        log = machine.check(["journalctl", f"--unit={THIEF}", "--output=cat"])
        assert "Traceback" not in log, log
        return "taken" in log.splitlines()

    try:
        wait_until(is_taken, "somebody else's display", 120.0)
        wait_until(lambda: is_console(kiosk.picture()), "a dark display", 60.0)
        yield kiosk.wait_until(lambda now: bool(now["display"]["missing"]), "told")
    finally:
        machine.run(["systemctl", "stop", f"{THIEF}.service"])


@pytest.mark.proves("display (virtio-gpu)", "call")
def test_a_display_that_somebody_else_took_is_lit_again_once_he_is_gone(
    call: Call, table: Table
) -> None:
    kiosk, before = call.kiosk, call.kiosk.pid
    wait_until(call.sees_the_agent, "the agent's picture", 120.0)

    with taken(kiosk) as told:
        pass
    with table.timed("display given back to the agent's picture, in a call"):
        wait_until(call.sees_the_agent, "the agent's picture again", 60.0)

    assert "somebody else owns" in told["display"]["missing"]
    assert (told["state"], kiosk.status()["state"]) == ("IN_CALL", "IN_CALL")
    assert kiosk.pid == before


@pytest.mark.proves("display (virtio-gpu)", "call")
def test_a_display_that_was_taken_at_rest_is_lit_again_though_nothing_moves_on_it(
    ends: Call, table: Table
) -> None:
    kiosk, before = ends.kiosk, ends.kiosk.pid
    ends.rest()

    with taken(kiosk) as told:
        pass
    with table.timed("display given back to its picture, at rest"):
        wait_until(lambda: not is_console(kiosk.picture()), "its picture again", 60.0)

    kiosk.wait_for("IDLE")
    assert "somebody else owns" in told["display"]["missing"]
    assert told["state"] in {"IDLE", "OUT_OF_SERVICE"}  # the latter after 1.5 s
    assert kiosk.pid == before


@pytest.mark.proves("display (virtio-gpu)", "call")
def test_a_display_whose_plug_is_pulled_is_told_and_lit_again(
    ends: Call, table: Table
) -> None:
    machine, kiosk = ends.kiosk.machine, ends.kiosk
    status = machine.check(["sh", "-c", "ls -d /sys/class/drm/card*-*/status"]).split()
    (plug,) = status
    try:
        machine.check(["sh", "-c", f"echo off > {plug}"])
        # this driver tells nobody of its plug: another card that comes is news as well
        machine.check(["modprobe", "vkms"])
        told = kiosk.wait_until(lambda now: bool(now["display"]["missing"]), "told")
        machine.check(["sh", "-c", f"echo detect > {plug}"])
        with table.timed("plugged in to lit"):
            kiosk.wait_until(lambda now: not now["display"]["missing"], "lit", 60.0)
    finally:
        machine.run(["modprobe", "--remove", "vkms"])

    assert told["display"]["missing"]
    wait_until(lambda: not is_console(kiosk.picture()), "a picture", 60.0)
