"""
Devices that are none, below a kiosk's own adapters, for faults that no plug can make.

A Raspberry Pi's camera board, a USB headset and the pins of a header stand where
picamera2, ALSA and gpiozero do; the adapters above get them through their
constructors.  What befalls them is ordered through a socket in ``$FAULT_DEVICES``, a
JSON object a connection: see :class:`Orders`.  ``$FAULT_JAMMED`` names a pin that is
held down from the beginning.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from gpiozero.pins.mock import MockFactory, MockPin

from kiosk import wiring
from kiosk.alsa.testing import FakeSound
from kiosk.devices import camera_picamera2, microphone_alsa, speaker_alsa
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.testing.picamera2_board import FakeBoard
from kiosk.wiring.chips import Chip, Chips
from kiosk.wiring.header import Factory
from tests.fakes.gpio_kernel import FakeGpioKernel


CARD: Final = "Headset"
_MOST: Final = 1 << 20


class JammedPin(MockPin):  # type: ignore[misc]
    """A pin whose button is held down: no resistor pulls it up."""

    def _set_pull(self, value: str) -> None:
        super()._set_pull(value)
        self.drive_low()


class Orders:
    """
    What may befall the devices; the name of an order is that of a method.

    Args:
        folder: Empty; nodes and cards are shown there.

    """

    def __init__(self, folder: Path) -> None:
        self._kernel = FakeGpioKernel(folder)
        self._kernel.add()
        self._pins = MockFactory()
        self._sound = FakeSound(folder / "sound", MonotonicClock(), "0.11")
        self._card = self._sound.add(CARD)
        self._card.noise = 3
        self._board = FakeBoard()
        self._free = MockFactory()

    def put_in_place(self) -> None:
        """Have the kiosk's adapters made with these."""
        chips = self._kernel.chips()
        header = wiring.Header
        wiring.Header = partial(  # type: ignore[assignment,misc]
            header, chips=chips, make_factory=self._open_pins
        )
        camera = camera_picamera2.Picamera2Camera
        camera_picamera2.Picamera2Camera = partial(  # type: ignore[assignment,misc]
            camera, vendor=self._board.load
        )
        machine = self._sound.machine
        microphone = microphone_alsa.AlsaMicrophone
        microphone_alsa.AlsaMicrophone = partial(  # type: ignore[assignment,misc]
            microphone, machine=machine
        )
        speaker = speaker_alsa.AlsaSpeaker
        speaker_alsa.AlsaSpeaker = partial(  # type: ignore[assignment,misc]
            speaker, machine=machine
        )

    def camera(self, **faults: object) -> None:
        """Switch faults of the camera board on and off."""
        for name, value in faults.items():
            assert hasattr(self._board.faults, name), name
            setattr(self._board.faults, name, value)

    def sound(self, **faults: object) -> None:
        """Switch faults of the sound card on and off."""
        for name, value in faults.items():
            assert hasattr(self._card, name), name
            setattr(self._card, name, value)

    def xruns(self, count: int, every_s: float) -> None:
        """Let the card lose what it has in its buffers, so many times."""
        for _ in range(count):
            self._card.xrun()
            time.sleep(every_s)

    def hold(self, pid: int) -> None:
        """Let another program have the card."""
        self._sound.hold(self._card, pid, "player")

    def let_go(self) -> None:
        """Let that program end."""
        self._sound.let_go(self._card)

    def turn(
        self, edges: list[tuple[int, int, bool]], *, is_heard: bool = True
    ) -> None:
        """
        Close and open contacts.

        Args:
            edges: Microseconds after now, pin, whether it closes.
            is_heard: Whether the pins are the kiosk's; else some that nobody has.

        """
        pins = self._pins if is_heard else self._free
        begun = time.monotonic()
        for at, number, is_closed in edges:
            time.sleep(max(0.0, begun + at / 1_000_000 - time.monotonic()))
            _drive(pins.pin(f"GPIO{number}"), is_closed=is_closed)

    def _open_pins(self, _: Chips, __: Chip) -> Factory:
        self._pins = MockFactory()
        jammed = os.environ.get("FAULT_JAMMED")
        if jammed:
            self._pins.pin(f"GPIO{jammed}", pin_class=JammedPin)
        factory: Factory = self._pins
        return factory


def stand_in(place: str) -> None:
    """Put the devices in place, and take orders from now on."""
    folder = Path(place)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "sound").mkdir(parents=True)
    orders = Orders(folder)
    orders.put_in_place()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "orders.sock"))
    listener.listen()
    threading.Thread(
        target=_obey, args=(listener, orders), name="stand-ins", daemon=True
    ).start()


def _obey(listener: socket.socket, orders: Orders) -> None:
    while True:
        with listener.accept()[0] as asked, asked.makefile("rb") as lines:
            told: Mapping[str, Any] = json.loads(lines.readline(_MOST))
            done = {}
            for order, about in told.items():
                done[order] = getattr(orders, order)(**about)
            asked.sendall(json.dumps(done).encode() + b"\n")


def _drive(pin: MockPin, *, is_closed: bool) -> None:
    if is_closed:
        pin.drive_low()
    else:
        pin.drive_high()
