"""
One site of the soak: kiosk, agent, room server and relay, and the ways between them.

The kiosk has a display of its own (the card that is none), synthetic devices, and keeps
records of its calls; all are the product's own processes.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from tests.bench.stage import rss_mb
from tests.fakes.branch import Branch, wait_until
from tests.fakes.camera_watch import devices_watched
from tests.fakes.descriptors import descriptors, is_at_rest
from tests.fakes.programs import Party, Server
from tests.fakes.proxy import Proxy, proxy


UNCONNECTED_S: Final = 60.0
"""A connection is kept 10 s for the next request; every 20 s an idle kiosk asks."""
SETTLED_S: Final = 2.5
"""After a call: its threads ended, and what it left free was given back."""
_STEADY_LOOKS: Final = 5
_LOOK_S: Final = 0.05
_DISPLAY: Final = {"device": "fake-drm:vc4-gen5", "mode": "1280x720@60"}


@dataclass(frozen=True, slots=True)
class Held:
    """
    What an idle kiosk holds.

    Attributes:
        names: Of its threads.

    """

    threads: int
    descriptors: int
    names: tuple[str, ...] = field(default=(), compare=False)


@dataclass(slots=True)
class Site:
    """
    Everybody of one site.

    Attributes:
        media: Between everybody and the relay.
        rooms: Between the kiosk and the room service.
        server: The one that runs now.

    """

    branch: Branch
    media: Proxy
    rooms: Proxy
    server: Server
    agent: Party
    kiosk: Party

    def kill_server(self) -> None:
        """End the room server without warning, and start it where it was."""
        self.server.kill()
        self.server = self.branch.start_again(self.server)

    def all_is_well(self) -> None:
        """End whatever was made to go wrong."""
        self.media.flow()
        self.rooms.flow()
        self.rooms.lose_answers(0)

    def rested(self) -> tuple[float, Held]:
        """Return the resident memory (MB) of the idle kiosk, and what it holds now."""
        time.sleep(SETTLED_S)
        return rss_mb(self.kiosk.pid), _held(self.kiosk.status())

    def held(self) -> Held:
        """Return what the kiosk holds once nothing of a call or a request is open."""
        while True:
            wait_until(lambda: is_at_rest(self.kiosk.pid), "let go of", UNCONNECTED_S)
            held = _held(self._steady())
            if is_at_rest(self.kiosk.pid):
                return held

    def descriptors(self) -> list[str]:
        """Return what each descriptor of the kiosk is."""
        return descriptors(self.kiosk.pid)

    def _steady(self) -> dict[str, Any]:
        looks = [self.kiosk.status()]
        while len(looks) < _STEADY_LOOKS:
            time.sleep(_LOOK_S)
            now = self.kiosk.status()
            if _held(now) != _held(looks[-1]):
                looks.clear()
            looks.append(now)
        return looks[-1]


@contextmanager
def open_site() -> Generator[Site]:
    """Open a site; that camera and microphone are closed outside calls is watched."""
    with ExitStack() as stack:
        media, rooms = (stack.enter_context(proxy()) for _ in range(2))
        branch = stack.enter_context(Branch())
        server = branch.start_server(
            public_rtmp=media.address, heartbeat_timeout_s=5.0, sweep_s=0.5
        )
        media.lead_to(server.rtmp_port)
        rooms.lead_to(int(server.url.rpartition(":")[2]))
        agent = branch.start_agent()
        branch.server_url = f"http://{rooms.address}"
        kiosk = branch.start_kiosk(
            display=_DISPLAY,
            call={"ended_s": 0.2},
            calls={"directory": str(branch.folder / "calls")},
            fleet={"report_s": 0},
        )
        kiosk.wait_for("IDLE")
        stack.enter_context(devices_watched(kiosk))
        yield Site(branch, media, rooms, server, agent, kiosk)


def _held(status: dict[str, Any]) -> Held:
    names = tuple(sorted(status["threads_cpu_s"]))
    return Held(status["threads"], status["fds"], names)
