"""
Buttons on the keys of a keypad, a remote control or an accessible switch: Linux evdev.

Chosen by a name that stays (the device's own, or its link below ``by-id``), never by
the number of its node.  Three rules:

1. What is listened to is grabbed: a key that calls must not also type on a console.
2. A device that is unplugged lets go of every key, is one fault, and is looked for
   every second; the same name plugged in again is used again.
3. Accessible switches are contacts on a cheap controller and bounce as well, so keys
   are judged like contacts (:mod:`kiosk.contacts`), by the kernel's own time.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from kiosk.contacts import Front, Place, Rules
from kiosk.errors import DeviceError
from kiosk.ports import (
    Button,
    ButtonEdge,
    ButtonFault,
    ButtonTrouble,
    Clock,
    Micros,
    Probe,
)
from kiosk.wiring import Unusable
from kiosk.wiring.inputs import EVENT, InputDevice, InputNodes, Kind


LOOK_US: Final = 1_000_000
"""So often a device that is gone is looked for."""
OLDEST_US: Final = 5_000_000
"""A stamp of the kernel's that is older, or of the future, is no stamp."""
CHUNK: Final = 64
"""Events read at once."""
NAP_S: Final = 0.05
"""Between two looks at a device that sends nonsense, so that it costs nothing."""
JOIN_S: Final = 2.0
MICROS: Final = 1_000_000

News = ButtonEdge | ButtonFault


@dataclass(frozen=True, slots=True)
class ButtonKey:
    """
    A button and its key.

    Attributes:
        code: The number of the key, as Linux has it.
        name: For messages.

    """

    code: int
    name: str
    rules: Rules = field(default_factory=Rules)


class EvdevButtons:
    """
    Implements :class:`kiosk.ports.Buttons` with keys.

    Args:
        clock: Says what is due; stamps edges that the kernel did not stamp.
        keys: Which key each button is.
        name: Of the device; empty: the only one that has the keys.
        nodes: Finds and opens it.

    """

    def __init__(
        self,
        clock: Clock,
        keys: Mapping[Button, ButtonKey],
        name: str = "",
        *,
        nodes: InputNodes | None = None,
    ) -> None:
        self._clock = clock
        self._keys = keys
        self._name = name
        self._nodes = nodes or InputNodes()
        self._buttons = {key.code: button for button, key in keys.items()}
        self._thread: threading.Thread | None = None
        self._wake: tuple[int, int] | None = None
        self._tell: Callable[[News], None] | None = None

    def probe(self) -> Probe:
        """Say whether the device is there and has the keys; takes nothing from it."""
        found = f"keys {', '.join(key.name for key in self._keys.values())}"
        try:
            devices = self._find()
        except Unusable as error:
            return error.probed(found)
        names = " and ".join(sorted({device.name for device in devices}))
        _close(devices)
        return Probe(f"{found} of {names}")

    def start(
        self,
        on_edge: Callable[[ButtonEdge], None],
        on_fault: Callable[[ButtonFault], None] | None = None,
    ) -> None:
        """
        Begin to listen, and keep the keys from everybody else.

        Raises:
            DeviceError: No such device, no right to open it, a key that it does not
                have, or another program has grabbed it.

        """
        if self._tell is not None:
            raise DeviceError("buttons", self._name or "evdev", "already started")

        def tell(news: News) -> None:
            if isinstance(news, ButtonEdge):
                on_edge(news)
            elif on_fault is not None:
                on_fault(news)

        try:
            devices = self._grabbed()
        except Unusable as error:
            raise error.of("buttons") from error
        front = self._front(devices)
        self._tell = tell
        self._wake = os.pipe2(os.O_CLOEXEC)
        self._thread = threading.Thread(
            target=self._run,
            args=(devices, front, self._wake[0]),
            name="buttons",
            daemon=True,
        )
        self._thread.start()

    def close(self) -> None:
        """Tell nothing more and let go of the device."""
        thread, self._thread = self._thread, None
        wake, self._wake = self._wake, None
        self._tell = None
        if thread is None or wake is None:
            return
        os.write(wake[1], b"x")
        if thread is not threading.current_thread():
            thread.join(JOIN_S)
        for end in wake:
            os.close(end)

    # -- on our own thread -----------------------------------------------------

    def _run(self, devices: list[InputDevice], front: Front, wake: int) -> None:
        try:
            while devices:
                self._listen(devices, front, wake)
                _close(devices)
                devices = self._wait_for_return(front, wake)
                front = self._front(devices)
                if devices:  # and is read from now on: who is told so may press
                    self._say([self._gone(is_over=True)])
        finally:
            _close(devices)

    def _front(self, devices: list[InputDevice]) -> Front:
        for device in devices:
            device.forget()
        held = {code for device in devices for code in device.held()}
        places = {
            button: Place(key.name, key.rules) for button, key in self._keys.items()
        }
        closed = [button for button, key in self._keys.items() if key.code in held]
        return Front(places, closed, self._clock.now())

    def _listen(self, devices: list[InputDevice], front: Front, wake: int) -> None:
        """Read until one of the devices is gone, or nobody listens any more."""
        by_fd = {device.fd: device for device in devices}
        while self._is_heard():
            ready, _, _ = select.select([*by_fd, wake], [], [], self._wait_s(front))
            if wake in ready:
                return
            for fd in ready:
                try:
                    chunk = os.read(fd, CHUNK * EVENT.size)
                except BlockingIOError:
                    continue
                except OSError:
                    return
                if not chunk:
                    return
                self._take(by_fd[fd], chunk, front)
            self._say(front.pass_time(self._clock.now()))
            if front.is_storming and self._is_heard():
                select.select([wake], [], [], NAP_S)

    def _take(self, device: InputDevice, chunk: bytes, front: Front) -> None:
        for kind, code, value, stamp in device.events(chunk):
            now = self._clock.now()
            at = Micros(stamp) if 0 <= now - stamp < OLDEST_US else now
            if kind is Kind.LOST:
                self._look_again(device, front, at)
            elif code in self._buttons:
                button = self._buttons[code]
                self._say(front.turn(button, is_closed=bool(value), at=at))

    def _look_again(self, device: InputDevice, front: Front, at: Micros) -> None:
        """Take the keys as they are: the kernel had no room for what they did."""
        held = device.held()
        for code in device.codes & self._buttons.keys():
            news = front.turn(self._buttons[code], is_closed=code in held, at=at)
            self._say(news)

    def _wait_for_return(self, front: Front, wake: int) -> list[InputDevice]:
        if not self._is_heard():
            return []
        self._say(front.lift(self._clock.now()))
        self._say([self._gone(is_over=False)])
        while self._is_heard():
            ready, _, _ = select.select([wake], [], [], LOOK_US / MICROS)
            if wake in ready:
                break
            with contextlib.suppress(Unusable):
                return self._grabbed()
        return []

    def _gone(self, *, is_over: bool) -> ButtonFault:
        name = self._name or "the keypad"
        words = f"all buttons: {name} is unplugged; it is looked for"
        if is_over:
            words = f"all buttons: {name} is there again"
        now = self._clock.now()
        return ButtonFault(None, ButtonTrouble.GONE, words, is_over, now)

    def _wait_s(self, front: Front) -> float | None:
        due = front.due
        return None if due is None else max(0, due - self._clock.now()) / MICROS

    def _is_heard(self) -> bool:
        return self._thread is threading.current_thread()

    def _say(self, news: list[News]) -> None:
        for each in news:
            tell = self._tell
            if tell is not None and self._is_heard():
                tell(each)

    # -- devices ---------------------------------------------------------------

    def _find(self) -> list[InputDevice]:
        names = {key.code: key.name for key in self._keys.values()}
        return self._nodes.find(self._name, names)

    def _grabbed(self) -> list[InputDevice]:
        devices = self._find()
        try:
            for device in devices:
                device.grab()
        except Unusable:
            _close(devices)
            raise
        return devices


def _close(devices: list[InputDevice]) -> None:
    for device in devices:
        device.close()
