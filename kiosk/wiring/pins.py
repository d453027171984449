"""
gpiozero's pins on the kernel's own lines, without a library in between.

1. A pin is a line that is held (:mod:`kiosk.wiring.lines`), claimed when it is made
   and given back when it is closed; its edges come without asking
   (:mod:`kiosk.wiring.edges`).  gpiozero's own factories ask 2000 times a second
   (lgpio), or need a daemon, or registers of a chip that newer boards have not.
2. All factories of gpiozero share their pins, so that closing the lamps would close
   the buttons: here each has its own.
3. gpiozero knows the header by the board's revision; a machine that has none is given
   the usual header.
4. No PWM and no filter of bounces: the kernel has no lines of the one, and the other
   is the business of :mod:`kiosk.contacts`.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from typing import Any, Final

from kiosk.wiring import lines
from kiosk.wiring.chips import Chip, Chips
from kiosk.wiring.edges import Edges
from kiosk.wiring.lines import Edge, Line, Use


exc: Any = import_module("gpiozero.exc")  # without types of its own
local: Any = import_module("gpiozero.pins.local")

PI_4B: Final = 0xC03111
"""A board revision with the usual header, for machines that have none."""
_FUNCTIONS: Final = {"input": lines.INPUT, "output": lines.OUTPUT}
_PULLS: Final = {
    "up": lines.PULL_UP,
    "down": lines.PULL_DOWN,
    "floating": lines.NO_PULL,
}
_EDGES: Final = {
    "none": 0,
    "rising": lines.RISING,
    "falling": lines.FALLING,
    "both": lines.RISING | lines.FALLING,
}
_S: Final = 1_000_000_000


class KernelFactory(local.LocalPiFactory):  # type: ignore[misc]
    """
    The pins of a chip.

    Args:
        chips: Claims lines.
        chip: Whose lines the header's are, by the same numbers.

    """

    def __init__(self, chips: Chips, chip: Chip) -> None:
        local.LocalPiFactory.__init__(self)
        self.pins: dict[Any, Any] = {}
        self._reservations = defaultdict[Any, list[Any]](list)
        self._res_lock = threading.Lock()
        self._chips = chips
        self._chip = chip
        self.pin_class = KernelPin
        self.edges = Edges()

    def claim(self, number: int, use: Use) -> Line:
        """Hold a line; raises OSError."""
        return self._chips.claim(self._chip, number, use)

    def close(self) -> None:
        """Give all pins back."""
        self.edges.close()  # first: its thread may be at a line, whose number is free then
        local.LocalPiFactory.close(self)

    def _get_revision(self) -> Any:
        try:
            return local.get_pi_revision()
        except exc.PinUnknownPi:
            return PI_4B


class KernelPin(local.LocalPiPin):  # type: ignore[misc]
    """
    A pin, claimed as an input whose pull is left as it is.

    Args:
        factory: Its own.
        info: What gpiozero knows of its place.

    """

    _when_changed: Any
    """gpiozero's weak reference to who listens."""

    def __init__(self, factory: KernelFactory, info: Any) -> None:
        local.LocalPiPin.__init__(self, factory, info)
        self._edges: Edges = factory.edges
        self._use = Use()
        self._told_edges = _EDGES["both"]
        self._line = factory.claim(self._number, self._use)

    def close(self) -> None:
        """Give the line back."""
        self._when_changed = None
        self._edges.forget(self._line)
        self._line.close()

    def _set_use(self, use: Use) -> None:
        self._line.use(use)
        self._use = use

    def _get_function(self) -> str:
        return "output" if self._use.is_output else "input"

    def _set_function(self, value: str) -> None:
        if value not in _FUNCTIONS:
            raise exc.PinInvalidFunction(f'invalid function "{value}" for pin {self!r}')
        self._set_when_changed(None)
        self._set_use(Use(_FUNCTIONS[value]))

    def output_with_state(self, state: float) -> None:
        """Drive it at once as it is to be: a lamp that is lit by low stays dark."""
        self._set_when_changed(None)
        self._set_use(Use(lines.OUTPUT, is_high=bool(state)))

    def _get_state(self) -> bool:
        return self._line.is_high

    def _set_state(self, value: float) -> None:
        if not self._use.is_output:
            raise exc.PinSetInput(f"cannot set state of pin {self!r}")
        self._line.drive(high=bool(value))

    def _get_pull(self) -> str:
        pulls = (name for name, flag in _PULLS.items() if self._use.flags & flag)
        return next(pulls, "floating")

    def _set_pull(self, value: str) -> None:
        if self._use.is_output:
            raise exc.PinFixedPull(f"cannot set pull on non-input pin {self!r}")
        if value not in _PULLS:
            raise exc.PinInvalidPull(f'invalid pull "{value}" for pin {self!r}')
        if self.info.pull not in {value, ""}:
            resistor = f"a physical pull-{self.info.pull} resistor"
            raise exc.PinFixedPull(f"{self!r} has {resistor}")
        without = self._use.flags & ~sum(_PULLS.values())
        self._set_use(replace(self._use, flags=without | _PULLS[value]))

    def _get_edges(self) -> str:
        return next(name for name, mask in _EDGES.items() if mask == self._told_edges)

    def _set_edges(self, value: str) -> None:
        if value not in _EDGES:
            raise exc.PinInvalidEdges(f'invalid edges "{value}" for pin {self!r}')
        self._told_edges = _EDGES[value]
        if self._when_changed is not None:
            self._tell_edges(self._told_edges)

    def _enable_event_detect(self) -> None:
        self._tell_edges(self._told_edges)
        self._edges.listen(self._line, self._changed)

    def _disable_event_detect(self) -> None:
        self._edges.forget(self._line)
        with suppress(OSError):  # a chip that is gone tells none
            self._tell_edges(0)
            self._line.edges()

    def _tell_edges(self, mask: int) -> None:
        without = self._use.flags & ~_EDGES["both"]
        self._set_use(replace(self._use, flags=without | mask))

    def _changed(self, edge: Edge) -> None:
        # The vendor keeps a weak reference, and it may be forgotten meanwhile.
        listener = self._when_changed
        changed = None if listener is None else listener()
        if changed is not None:
            changed(edge.at_ns / _S, edge.is_high)
