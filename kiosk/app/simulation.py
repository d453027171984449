"""
Puts the simulator before the devices of a kiosk that asks for it.

``[display] device = "simulator"`` is the one switch; a kiosk without it gets its
devices back as they are, and no thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from httpx import AsyncBaseTransport

from kiosk import ports
from kiosk.app.room_service import asked_url
from kiosk.app.trust import client_context
from kiosk.call.states import State
from kiosk.config.schema import KioskConfig
from kiosk.config.values import is_loopback, parse_device
from kiosk.daemon.display_watch import DisplayFacts
from kiosk.daemon.loop import Daemon
from kiosk.display.headless import HeadlessDisplay
from kiosk.roomclient.http_door import room_transport
from kiosk.simulator.switches import DEVICE_FAULTS, Switch


if TYPE_CHECKING:
    from kiosk.simulator.simulator import Simulator


STATUS_S = 0.5


@dataclass(frozen=True, slots=True)
class Simulation:
    """
    A simulator before a kiosk's devices, or nothing.

    Attributes:
        simulator: None where there is none.
        port: Where its page is served.

    """

    simulator: Simulator | None
    port: int = 0

    def clock(self, clock: ports.Clock) -> ports.Clock:
        """Return the clock to use."""
        if self.simulator is None:
            return clock
        return self.simulator.clock(clock)

    def display(self, glass: HeadlessDisplay) -> ports.Display:
        """Return the display to use."""
        if self.simulator is None:
            return glass
        return self.simulator.display(glass)

    def look_at_display(self) -> DisplayFacts:
        """Tell whether there is a display that people can see."""
        simulator = self.simulator
        if simulator is None:
            return DisplayFacts(lit="headless: nobody sees it")
        if simulator.switches.is_on(Switch.SCREEN):
            return DisplayFacts(missing="no display is connected")
        return DisplayFacts()

    def camera(self, make: Callable[[], ports.Camera]) -> Callable[[], ports.Camera]:
        """Return what makes the camera to use."""
        return make if self.simulator is None else self.simulator.camera(make)

    def microphone(
        self, make: Callable[[], ports.Microphone]
    ) -> Callable[[], ports.Microphone]:
        """Return what makes the microphone to use."""
        return make if self.simulator is None else self.simulator.microphone(make)

    def speaker(self, make: Callable[[], ports.Speaker]) -> Callable[[], ports.Speaker]:
        """Return what makes the loudspeaker to use."""
        return make if self.simulator is None else self.simulator.speaker(make)

    def buttons(self, buttons: ports.Buttons, clock: ports.Clock) -> ports.Buttons:
        """Return the buttons to use."""
        if self.simulator is None:
            return buttons
        return self.simulator.buttons(buttons, clock)

    def lamps(self, lamps: ports.Indicators) -> ports.Indicators:
        """Return the lamps to use."""
        if self.simulator is None:
            return lamps
        return self.simulator.lamps(lamps)

    def room_transport(
        self, config: KioskConfig, clock: ports.Clock
    ) -> AsyncBaseTransport | None:
        """Return the way to the room server, None for the usual one."""
        if self.simulator is None:
            return None
        network = config.network
        tls = client_context(network)
        usual = room_transport(asked_url(config), tls, network.way)
        return self.simulator.room_transport(usual, clock)

    def resolver(self) -> Any:
        """Return what finds the relay for the media, None for the usual one."""
        if self.simulator is None:
            return None
        cabled = import_module("kiosk.app.cabled")
        return cabled.CabledResolver(self.simulator.cable)

    def close(self) -> None:
        """Close all there is; safe to repeat."""
        if self.simulator is not None:
            self.simulator.close()

    async def serve(
        self,
        config: KioskConfig,
        clock: ports.Clock,
        daemon: Daemon,
        on_page: Callable[[str], None],
    ) -> None:
        """Serve the page until cancelled; ``on_page`` gets its address."""
        simulator = self.simulator
        if simulator is None:
            return
        width, height = config.display.pixels
        about = {
            "name": config.kiosk.name,
            "branch": config.kiosk.branch or "",
            "size": [width, height],
            "rotation": config.display.rotation,
            "desk": config.simulator.desk or "",
            "states": [state.name for state in State],
        }
        on_page(simulator.serve(self.port, about))
        async with asyncio.TaskGroup() as group:
            group.create_task(_tell_status(simulator, daemon))
            group.create_task(_play_customer(simulator, config, clock))
            async for event in daemon.subscribe():
                simulator.feed.add("events", event)


async def _tell_status(simulator: Simulator, daemon: Daemon) -> None:
    while True:
        if simulator.feed.is_watched:
            simulator.feed.tell("status", daemon.status())
        await asyncio.sleep(STATUS_S)


async def _play_customer(
    simulator: Simulator, config: KioskConfig, clock: ports.Clock
) -> None:
    """Send another customer to the agent while the switch says so."""
    keep_busy = import_module("kiosk.app.busy_customer").keep_busy
    changed = asyncio.Event()
    loop = asyncio.get_running_loop()

    def look(_switch: Switch, _on: bool) -> None:  # noqa: FBT001 -- a callback's
        loop.call_soon_threadsafe(changed.set)

    simulator.switches.listen(look)
    while True:
        await changed.wait()
        changed.clear()
        if not simulator.switches.is_on(Switch.BUSY):
            continue
        async with asyncio.TaskGroup() as group:
            customer = group.create_task(keep_busy(config, clock))
            while simulator.switches.is_on(Switch.BUSY):
                await changed.wait()
                changed.clear()
            customer.cancel()


def simulation_of(config: KioskConfig) -> Simulation:
    """Return the simulation that the configuration asks for."""
    if parse_device(config.display.device).kind != "simulator":
        return Simulation(None)
    module = import_module("kiosk.simulator.simulator")
    return Simulation(module.Simulator(faults_of(config)), config.simulator.port)


def faults_of(config: KioskConfig) -> tuple[Switch, ...]:
    """Return the faults that this kiosk can be given."""
    faults = DEVICE_FAULTS
    if is_loopback(urlsplit(config.room.server).hostname or ""):
        faults += (Switch.NETWORK,)
    if config.room.enrolment_key is None:  # else a customer would need one of his own
        faults += (Switch.BUSY,)
    return faults
