"""One simulator: what stands before the devices, and the page that shows it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from httpx import AsyncBaseTransport

from kiosk import ports
from kiosk.simulator.cable import Cable
from kiosk.simulator.feed import Feed
from kiosk.simulator.front import PageButtons, PageLamps
from kiosk.simulator.plugs import (
    HeardSpeaker,
    PluggedCamera,
    PluggedMicrophone,
    SkewedClock,
)
from kiosk.simulator.room_log import RoomLog
from kiosk.simulator.server import PageServer
from kiosk.simulator.site import make_site
from kiosk.simulator.switches import DEVICE_FAULTS, Switch, Switches
from kiosk.simulator.watched_display import Glass, WatchedDisplay
from kiosk.simulator.wire import Input, Pressed, Switched


class Simulator:
    """
    Wraps the devices of one kiosk; nothing is served before :meth:`serve`.

    Args:
        faults: Which switches the page has.

    Attributes:
        switches: The faults.
        feed: What pages are told.
        cable: Leads to servers on this machine.

    """

    def __init__(self, faults: Collection[Switch] = DEVICE_FAULTS) -> None:
        self._faults = faults
        self.switches = Switches()
        self.feed = Feed()
        self._display: WatchedDisplay | None = None
        self._buttons: PageButtons | None = None
        self._server: PageServer | None = None
        self.cable = Cable(self.switches)
        self.switches.listen(self._tell_switches)

    def clock(self, clock: ports.Clock) -> ports.Clock:
        """Return a clock that can go wrong."""
        return SkewedClock(clock, self.switches)

    def display(self, glass: Glass) -> WatchedDisplay:
        """Return the display that the page shows."""
        self._display = WatchedDisplay(glass, self.switches, self.feed.note)
        return self._display

    def camera(self, make: Callable[[], ports.Camera]) -> Callable[[], ports.Camera]:
        """Return what makes cameras with a plug."""
        return lambda: PluggedCamera(make(), self.switches)

    def microphone(
        self, make: Callable[[], ports.Microphone]
    ) -> Callable[[], ports.Microphone]:
        """Return what makes microphones with a plug."""
        return lambda: PluggedMicrophone(make(), self.switches)

    def speaker(self, make: Callable[[], ports.Speaker]) -> Callable[[], ports.Speaker]:
        """Return what makes loudspeakers that are heard on the page."""
        return lambda: HeardSpeaker(make(), self.feed.hear)

    def buttons(self, buttons: ports.Buttons, clock: ports.Clock) -> ports.Buttons:
        """Return the buttons, those of the page among them."""
        self._buttons = PageButtons(buttons, clock)
        return self._buttons

    def lamps(self, lamps: ports.Indicators) -> ports.Indicators:
        """Return the lamps, shown on the page as well."""
        return PageLamps(lamps, lambda lit: self.feed.tell("lamps", lit))

    def room_transport(
        self, transport: AsyncBaseTransport, clock: ports.Clock
    ) -> AsyncBaseTransport:
        """Return the way to the room server, which the page's log tells of."""
        tell = partial(self.feed.add, "room")
        return RoomLog(transport, self.cable, clock, tell)

    def serve(self, port: int, about: dict[str, Any]) -> str:
        """
        Serve the page and return its address, which is a secret.

        Args:
            port: On loopback; 0: any free one.
            about: What the page says of this kiosk.

        Raises:
            DeviceError: The port is taken.

        """
        assert self._display is not None, "a simulator without a display"
        self.feed.tell("about", about)
        self._tell_switches()
        site = make_site(self.feed, self._display, self._take)
        self._server = PageServer(site, port)
        return self._server.address

    def close(self) -> None:
        """Serve no longer, and pass nothing on; safe to repeat."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        self.cable.close()

    def _take(self, said: Input) -> None:
        match said:
            case Pressed(button, down):
                if self._buttons is not None:
                    self._buttons.move(button, down=down)
            case Switched(switch, on) if switch in self._faults:
                self.switches.throw(switch, on=on)
            case _:
                return

    def _tell_switches(self, *_: object) -> None:
        on = self.switches.on
        self.feed.tell("switches", {each.value: each in on for each in self._faults})
