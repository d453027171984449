"""
Both ends of a whole call: the guest's kiosk with its lines, and an agent on the host.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from appliance.machine import Machine
from tests.appliance.guest_kiosk import GuestKiosk, is_console
from tests.appliance.lines import Lines
from tests.appliance.other_side import OtherSide, wait_until


CALL, HANGUP, MUTE = 17, 27, 22
CAMERA_LAMP, MUTED_LAMP, CALL_LAMP = 23, 25, 12
DEVICES: Final = f"""
[camera]
device = "v4l2:vivid"
$CAMERA
[microphone]
device = "alsa:hw:CARD=Loopback,DEV=1,SUBDEV=1"
test_every_s = 0
[speaker]
device = "alsa:hw:CARD=Loopback,DEV=0,SUBDEV=0"
[audio]
echo_canceller = "off"
[buttons]
device = "gpiozero"
call = {CALL}
hangup = {HANGUP}
mute = {MUTE}
[indicators]
device = "gpiozero"
camera_open = {CAMERA_LAMP}
muted = {MUTED_LAMP}
in_call = {CALL_LAMP}
"""
NOT_OLDER_S: Final = 10.0
"""A picture painted on the host and seen on the guest's screen."""

AGENT_HZ: Final = 700
"""What the agent's microphone says."""
AT_REST: Final = {"IDLE", "ENDED"}


class Call:
    """Both ends of a call, and the lines of the kiosk's buttons and lamps."""

    def __init__(self, kiosk: GuestKiosk, other: OtherSide, lines: Lines) -> None:
        self.kiosk = kiosk
        self.other = other
        self.lines = lines

    def begin(self) -> None:
        """See to it that both are in a call, by the button if there is none."""
        known = {"IDLE", "IN_CALL"}
        now = self.kiosk.wait_until(lambda now: now.get("state") in known, "at rest")
        if now["state"] == "IDLE" and not self._called():
            # The emulator stood still for longer than a camera may be silent.
            assert self._called(), self.kiosk.log
        self.other.agent.wait_for("IN_CALL", 120.0)

    def rest(self) -> None:
        """See to it that nobody is in a call, by the button if somebody is."""
        known = {"IDLE", "IN_CALL"}
        now = self.kiosk.wait_until(lambda now: now.get("state") in known, "at rest")
        if now["state"] == "IN_CALL":
            self.lines.press(HANGUP)
        self.kiosk.wait_for("IDLE")

    def _called(self) -> bool:
        """Press once; whether that led to a call, or ended at once."""
        self.kiosk.wait_for("IDLE")
        self.other.agent.wait_for("WAITING", 120.0)
        self.lines.press(CALL)
        self.kiosk.wait_until(lambda now: now.get("state") not in AT_REST, "called")
        over = {"IN_CALL", *AT_REST}
        now = self.kiosk.wait_until(lambda now: now.get("state") in over, "answered")
        return bool(now["state"] == "IN_CALL")

    def sees_the_agent(self) -> bool:
        """Whether the agent's picture of now is on the kiosk's screen."""
        age = self.kiosk.age_of_picture()
        return age is not None and age < NOT_OLDER_S

    def survives(self, signal: str, seconds: float) -> list[bool]:
        """
        Send the daemon a signal; it is replaced, and back in this very call.

        Returns:
            Of each look at the screen meanwhile, whether it was a console.

        """
        before, room = self.kiosk.pid, self.kiosk.wait_for("IN_CALL")["room_id"]
        command = ["systemctl", "kill", f"--signal={signal}", "kiosk.service"]
        self.kiosk.machine.check(command)
        looks: list[bool] = []

        def is_replaced() -> bool:
            looks.append(is_console(self.kiosk.picture()))
            return self.kiosk.pid not in {0, before}

        wait_until(is_replaced, f"a successor after {signal}", seconds)

        def is_back() -> bool:
            looks.extend(is_console(self.kiosk.picture()) for _ in range(5))
            return self.kiosk.status().get("state") == "IN_CALL"

        wait_until(is_back, "back in the call", seconds)
        wait_until(self.sees_the_agent, "the agent's picture", seconds)
        assert self.kiosk.wait_for("IN_CALL")["room_id"] == room
        return looks


@contextmanager
def both_ends(machine: Machine, folder: Path) -> Iterator[Call]:
    """Have a kiosk set up for a call with an agent on the host."""
    machine.check(["modprobe", "vivid"])
    machine.check(["udevadm", "settle"])
    kiosk = GuestKiosk(machine, folder)
    try:
        with OtherSide() as other:
            kiosk.configure(other, DEVICES)
            yield Call(kiosk, other, Lines(machine))
    finally:
        kiosk.forget()
        machine.run(["modprobe", "--remove", "vivid"])
