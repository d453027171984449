"""The devices of a kiosk's calls: made anew for each, asked how they are, listened to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from kiosk import ports
from kiosk.app import devices
from kiosk.app.devices import Remembered
from kiosk.app.inspection import wrong_with
from kiosk.app.level_test import LevelTest
from kiosk.app.simulation import Simulation
from kiosk.config.schema import KioskConfig
from kiosk.daemon.devices_open import DevicesOpen
from kiosk.ports import Fault


@dataclass(frozen=True, slots=True)
class CallDevices:
    """
    What makes camera, microphone and loudspeaker.

    Attributes:
        probes: Ask each, beside the one that may be open.
        level: Listens to the microphone while nobody calls.

    """

    camera: Remembered[ports.Camera]
    microphone: Remembered[ports.Microphone]
    speaker: Remembered[ports.Speaker]
    probes: Mapping[Fault, Callable[[], ports.Probe]]
    level: LevelTest

    def look(self, known: Mapping[Fault, str]) -> Mapping[Fault, str]:
        """Find out what is wrong with each; gets what is known; takes seconds."""
        self.level.listen(is_suspect=bool(known.get(Fault.MICROPHONE)))
        return wrong_with(self.probes)

    def observe(self) -> DevicesOpen:
        """Tell which of them are open, as they themselves say."""
        camera, microphone = self.camera.last, self.microphone.last
        speaker = self.speaker.last
        return DevicesOpen(
            camera=camera is not None and camera.is_open,
            microphone=self.level.is_open
            or (microphone is not None and microphone.is_open),
            speaker=speaker is not None and speaker.is_open,
        )


def call_devices(
    config: KioskConfig, clock: ports.Clock, simulation: Simulation
) -> CallDevices:
    """Return the configured devices, with the simulator before them if there is one."""
    camera = simulation.camera(partial(devices.make_camera, config, clock))
    microphone = simulation.microphone(partial(devices.make_microphone, config, clock))
    speaker = simulation.speaker(partial(devices.make_speaker, config, clock))
    made_camera, made_speaker = Remembered(camera), Remembered(speaker)
    level = LevelTest(
        microphone,
        clock,
        every_s=config.microphone.test_every_s,
        deaf_s=devices.deaf_after_s(config),
    )

    made_microphone = Remembered(microphone, before=level.give_way)
    return CallDevices(
        made_camera,
        made_microphone,
        made_speaker,
        {
            Fault.CAMERA: partial(_ask, made_camera),
            Fault.MICROPHONE: lambda: level.judge(_ask(made_microphone)),
            Fault.SPEAKER: partial(_ask, made_speaker),
        },
        level,
    )


def _ask(device: Remembered[Any]) -> ports.Probe:
    """Ask a device; that we ourselves hold it is not what is wrong with it."""
    found: ports.Probe = device.make().probe()
    last = device.last
    if found.wrong and last is not None and last.is_open:
        return ports.Probe(f"{found.found}, open")
    return found
