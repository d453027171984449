"""The guest's own ``kiosk.service``: configured, pressed and looked at from outside."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from appliance.machine import HOST, Machine
from tests.appliance.other_side import CAMERA, NAME, PATIENT, OtherSide
from tests.fakes.hearing import samples_of, tones_in
from tests.fakes.painted_time import painted_seconds


SETTINGS: Final = Path("/etc/kiosk")
_ASK: Final = """
import socket
s = socket.socket(socket.AF_UNIX)
s.settimeout(20)
s.connect("/run/kiosk/control.sock")
s.sendall(b"GET /status HTTP/1.0\\r\\nHost: kiosk\\r\\n\\r\\n")
answer = b""
while chunk := s.recv(65536):
    answer += chunk
print(answer.partition(b"\\r\\n\\r\\n")[2].decode())
"""
"""``kiosk status``, but for its imports: an emulator takes seconds for those."""

_RECORD: Final = """
import alsaaudio, base64, time
pcm = alsaaudio.PCM(alsaaudio.PCM_CAPTURE, device="hw:Loopback,1,0", rate=48000,
    channels=1, format=alsaaudio.PCM_FORMAT_S16_LE, periodsize=960, periods=8)
heard, begin = b"", time.monotonic()
try:
    while len(heard) < 240000 and time.monotonic() - begin < 20:
        count, period = pcm.read()
        heard += period if count > 0 else b""
except alsaaudio.ALSAAudioError:
    pass  # nobody plays at the other end: that is silence
print(base64.b64encode(heard).decode())
"""
"""What comes out of the loudspeaker, at the other end of its cable; 2.5 s."""
_SAY: Final = """
import alsaaudio, math, struct, sys
hz = int(sys.argv[1])
pcm = alsaaudio.PCM(alsaaudio.PCM_PLAYBACK, device="hw:Loopback,0,1", rate=48000,
    channels=1, format=alsaaudio.PCM_FORMAT_S16_LE, periodsize=960, periods=8)
wave = [round(8000 * math.sin(2 * math.pi * hz * i / 48000)) for i in range(48000)]
second = struct.pack("<48000h", *wave)
while True:
    for at in range(0, 96000, 1920):
        pcm.write(second[at:at + 1920])
"""
"""A voice before the microphone: a tone at the other end of its cable."""
_VOICE: Final = "kiosk-voice"

Picture = npt.NDArray[np.uint8]


class GuestKiosk:
    """
    Args:
        machine: Booted.
        folder: For pictures of its screen.

    """

    def __init__(self, machine: Machine, folder: Path) -> None:
        self.machine = machine
        self._dump = folder / "screen.png"

    def configure(self, other: OtherSide, devices: str) -> None:
        """Write its configuration, with these devices, and start it anew."""
        hosts = f"127.0.0.1 localhost\n{HOST} {NAME}\n"
        self.machine.put("/etc/hosts", hosts)
        self.machine.put(f"{SETTINGS}/ca.pem", other.authority)
        call = "".join(f"{key} = {value}\n" for key, value in PATIENT.items())
        camera = "".join(f"{key} = {json.dumps(v)}\n" for key, v in CAMERA.items())
        text = (
            f'[room]\nserver = "{other.url}"\n[network]\nca_file = "{SETTINGS}/ca.pem"\n'
            f'[call]\n{call}[display]\ndevice = "drm"\nself_view = false\n{devices}'
        )
        self.machine.put(f"{SETTINGS}/kiosk.toml", text.replace("$CAMERA", camera))
        script = f"chown -R root:kiosk {SETTINGS} && chmod -R u=rwX,g=rX,o= {SETTINGS}"
        self.machine.check(["sh", "-c", script])
        self.machine.check(["systemctl", "restart", "kiosk.service"], timeout=600.0)

    def forget(self) -> None:
        """Stop it, and leave it as nobody has set it up."""
        self.machine.run(["systemctl", "stop", "kiosk.service"], timeout=60.0)
        files = (f"{SETTINGS}/{name}" for name in ("kiosk.toml", "ca.pem"))
        self.machine.run(["rm", "-f", *files])

    @property
    def pid(self) -> int:
        """Of the daemon; 0 while there is none."""
        words = ["systemctl", "show", "--value", "--property=MainPID", "kiosk.service"]
        return int(self.machine.check(words))

    def status(self) -> dict[str, Any]:
        """Return what the daemon says; nothing while it is not there."""
        done = self.machine.run(["python3", "-S", "-c", _ASK], user="kiosk")
        found: dict[str, Any] = json.loads(done.out) if done.code == 0 else {}
        return found

    def wait_for(self, state: str, seconds: float = 240.0) -> dict[str, Any]:
        """Return the first status in that state, or fail and say what was instead."""
        return self.wait_until(lambda now: now.get("state") == state, state, seconds)

    def wait_until(
        self,
        is_true: Callable[[Mapping[str, Any]], bool],
        what: str,
        seconds: float = 240.0,
    ) -> dict[str, Any]:
        """Return the first status of which something is true, or fail."""
        deadline = time.monotonic() + seconds
        while not is_true(status := self.status()):
            assert time.monotonic() < deadline, (
                f"not within {seconds:g} s: {what}; {status.get('state')}, "
                f"{status.get('reason')}\n{self.log}"
            )
            time.sleep(0.5)
        return status

    @property
    def log(self) -> str:
        """The last that it wrote."""
        words = ["journalctl", "--unit=kiosk", "--output=cat", "--lines=40"]
        return self.machine.check([*words, "--no-pager"])

    def picture(self) -> Picture:
        """Return what its screen shows now: height, width, red, green and blue."""
        self.machine.screendump(self._dump)
        with Image.open(self._dump) as found:
            return np.asarray(found.convert("RGB"))

    def age_of_picture(self) -> float | None:
        """
        Return how many seconds ago the picture on its screen was painted, on this host.

        None where there is no such picture.
        """
        screen = self.picture()
        height, width = screen.shape[:2]
        top = (height - width * 9 // 16) // 2
        grey = np.asarray(Image.fromarray(screen[top:]).convert("L")).ravel().tolist()
        now = time.monotonic()
        painted = painted_seconds(grey, width, now)
        return None if painted is None else now - painted

    def hears(self, hz: int) -> bool:
        """Whether a tone comes out of its loudspeaker now."""
        done = self.machine.check(["python3", "-c", _RECORD], user="kiosk")
        return hz in tones_in(samples_of(base64.b64decode(done)), [hz])

    @contextmanager
    def saying(self, hz: int) -> Iterator[None]:
        """Have somebody hum a tone before its microphone."""
        unit = ["systemd-run", "--quiet", f"--unit={_VOICE}", "--uid=kiosk"]
        self.machine.check([*unit, "python3", "-c", _SAY, str(hz)])
        try:
            yield
        finally:
            self.machine.run(["systemctl", "stop", f"{_VOICE}.service"])


def is_console(picture: Picture) -> bool:
    """Whether it is a text console, or nothing: black nearly everywhere."""
    black = (picture < 4).all(axis=2)
    return bool(black.mean() > 0.6)
