"""
Buttons that stay open while one daemon makes way for the next, and lose no press: no
finger's, and none of whoever presses in its place by the control socket.

Between two daemons edges are kept, in order and with their times; the successor gets
them when it can act on them.  It is also told again what its predecessor knew: that
the door is open, and which button is to be mended.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from kiosk.daemon.presses import press_for
from kiosk.ports import Button, ButtonEdge, ButtonFault, Buttons, Micros, Probe


MOST_KEPT: Final = 100
"""Edges; whoever hammers the panel for seconds wants no more than this."""


def _nobody(_: object) -> None:
    """Tell nobody."""


class KeptButtons:
    """
    Implements :class:`kiosk.ports.Buttons` with others that outlive a daemon.

    Args:
        buttons: The real ones; closed by :meth:`close`, unless edges are held then.

    """

    def __init__(self, buttons: Buttons) -> None:
        self._buttons = buttons
        self._lock = threading.RLock()  # a device may report while it is started
        self._on_edge: Callable[[ButtonEdge], None] = _nobody
        self._on_fault: Callable[[ButtonFault], None] = _nobody
        self._is_started = False
        self._is_held = False
        self._kept: deque[ButtonEdge] = deque(maxlen=MOST_KEPT)
        self._fingers: set[Button] = set()
        self._door: ButtonEdge | None = None
        self._faults: dict[object, ButtonFault] = {}

    @property
    def is_touched(self) -> bool:
        """Whether a finger is on a button: what it means is not decided yet."""
        with self._lock:
            return bool(self._fingers)

    @property
    def is_held(self) -> bool:
        """Whether edges are kept."""
        return self._is_held

    def probe(self) -> Probe:
        """Ask the real ones."""
        return self._buttons.probe()

    def start(
        self,
        on_edge: Callable[[ButtonEdge], None],
        on_fault: Callable[[ButtonFault], None] | None = None,
    ) -> None:
        """
        Report edges to this listener from now on, but those that are held.

        Raises:
            DeviceError: The real ones cannot be started; may be tried again.

        """
        with self._lock:
            self._on_edge, self._on_fault = on_edge, on_fault or _nobody
            if self._is_started and self._door is not None:
                on_edge(self._door)
            for fault in self._faults.values():
                self._on_fault(fault)
        if not self._is_started:
            self._buttons.start(self._hear, self._hear_fault)
            self._is_started = True

    def hold(self) -> None:
        """Keep edges from now on instead of reporting them."""
        with self._lock:
            self._is_held = True

    def release(self) -> None:
        """Report what was kept, and everything that follows; safe to repeat."""
        with self._lock:
            self._is_held = False
            while self._kept:
                self._on_edge(self._kept.popleft())

    def press(
        self, now: Callable[[], Micros], button: str, held_s: float = 0.0
    ) -> None:
        """
        Press the button of that name as a finger does; on the event loop.

        Args:
            now: Stamps the edges.
            button: Its name.
            held_s: For how long.

        """
        press_for(self._hear, Button(button), held_s, now)

    def close(self) -> None:
        """Report nothing more to this listener; held, the real ones stay open."""
        with self._lock:
            self._on_edge = self._on_fault = _nobody
            if self._is_held:
                return
        self.let_go()

    def let_go(self) -> None:
        """Close the real ones and forget what they said; they may be started again."""
        self._buttons.close()
        with self._lock:
            self._is_started = self._is_held = False
            self._kept.clear()
            self._fingers.clear()
            self._faults.clear()
            self._door = None

    def _hear(self, edge: ButtonEdge) -> None:
        with self._lock:
            if edge.button is Button.DOOR:
                self._door = edge
            elif edge.is_down:
                self._fingers.add(edge.button)
            else:
                self._fingers.discard(edge.button)
            if self._is_held:
                self._kept.append(edge)
            else:
                self._on_edge(edge)

    def _hear_fault(self, fault: ButtonFault) -> None:
        with self._lock:
            which = (fault.button, fault.trouble)
            if fault.is_over:
                self._faults.pop(which, None)
            else:
                self._faults[which] = fault
            self._on_fault(fault)
