"""
The other end of a call, on the host: room server, relay and an agent, over TLS.

Guest and host know the server by one name, which means 10.0.2.2 there and loopback
here; so stream URLs are good on both.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import numpy as np
from typing_extensions import override

from kiosk.app.private_ca import make_private_ca
from tests.bench.outside_reader import I420, PIXELS_AT
from tests.fakes.branch import Branch
from tests.fakes.hearing import heard, tones_in
from tests.fakes.programs import Party
from tests.lab.network import Place


NAME: Final = "rooms.test"
STRONG: Final = 60
"""Distance from grey, of 255, from which a colour is strong."""
PATIENT: Final = {
    "reserve_s": 60.0,
    "publish_s": 60.0,
    "answer_s": 300.0,
    "picture_s": 120.0,
    "reconnect_s": 120.0,
    "grace_s": 240.0,
    "ended_s": 1.0,
}
"""An emulated machine is ten times slower than a Raspberry Pi."""
CAMERA: Final = {"preset": "180p", "picture_rate": 10, "bitrate_kbps": 200}


@dataclass(frozen=True, slots=True)
class NamedPlace(Place):
    """This machine, for processes that know it by one more name."""

    hosts: Path

    @override
    def command(self, *command: str) -> list[str]:
        script = 'mount --bind "$0" /etc/hosts && exec "$@"'
        return ["unshare", "--mount", "sh", "-c", script, str(self.hosts), *command]


class OtherSide:
    """Server and agent, running while it is entered."""

    def __init__(self) -> None:
        self._branch = Branch()
        self.folder = self._branch.folder
        hosts = self.folder / "hosts"
        hosts.write_text(f"127.0.0.1 localhost {NAME}\n", "utf-8")
        self._branch.place = NamedPlace("127.0.0.1", "", hosts)
        self._ca = make_private_ca(self.folder / "tls", [NAME])
        self._agent: Party | None = None

    def __enter__(self) -> Self:
        tls = {"certificate": str(self._ca.certificate), "key": str(self._ca.key)}
        server = self._branch.start_server({"tls": tls}, public_host=NAME)
        self.url = f"https://{NAME}:{urlsplit(server.url).port}"
        self._branch.server_url = self.url
        self._agent = self._branch.start_agent(
            call=PATIENT,
            camera=CAMERA,
            network={"ca_file": str(self._ca.authority)},
            display={"framebuffer": str(self.folder / "agent.fb"), "size": "320x180"},
        )
        self.agent.wait_for("WAITING", 60.0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._branch.__exit__(kind, error, trace)

    @property
    def agent(self) -> Party:
        assert self._agent is not None, "not entered"
        return self._agent

    @property
    def authority(self) -> bytes:
        """The certificate that the kiosk trusts."""
        return self._ca.authority.read_bytes()

    def hears(self, hz: int) -> bool:
        """Whether a tone was in the last that the agent's loudspeaker played."""
        return hz in tones_in(heard(self.agent.speaker, 1.5), [hz])

    def colours_seen(self) -> int:
        """Return how many strong colours are in the picture that the agent sees now."""
        return colours_in((self.folder / "agent.fb").read_bytes())


def colours_in(panel: bytes) -> int:
    """
    Return how many strong colours cover 2 % of a picture each.

    Args:
        panel: A framebuffer file, as :mod:`kiosk.display.framebuffer` says.

    """
    width, height, kind = struct.unpack_from("<III", panel, 8)
    if kind != I420 or width * height == 0:
        return 0
    size = (width + 1) // 2 * ((height + 1) // 2)
    chroma = np.frombuffer(panel, np.uint8, 2 * size, PIXELS_AT + width * height)
    u, v = (plane.astype(np.int16) - 128 for plane in chroma.reshape(2, size))
    is_strong = np.abs(u) + np.abs(v) > STRONG
    kinds = (u[is_strong] + 128 >> 5) * 8 + (v[is_strong] + 128 >> 5)
    return int((np.bincount(kinds, minlength=64) > size * 0.02).sum())


def wait_until(is_true: Callable[[], bool], what: str, seconds: float) -> None:
    """Wait for something that takes seconds to look at; or fail by its name."""
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.3)
