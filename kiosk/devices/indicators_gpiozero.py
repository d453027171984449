"""
Lamps on the pins of a Raspberry Pi's header, by gpiozero.

The pins are opened by the first lamp that is set, and given back at ``close``, dark.
A process that dies gives them back as well: the kernel releases its lines.  (Some
kernels of Raspberry Pi keep the level of a released line: the next start, a second
later, switches everything off.)
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping
from typing import Final

from kiosk.errors import DeviceError
from kiosk.ports import Clock, Indicator, Micros, Probe
from kiosk.wiring import Board, Header, Pin, Unusable


PAUSE_US: Final = 1_000_000
"""Pins that cannot be opened are tried again after so long, however often asked."""

log = logging.getLogger(__name__)


class GpiozeroIndicators:
    """
    Implements :class:`kiosk.ports.Indicators` with pins.

    Args:
        clock: Says when to try again.
        pins: The GPIO number (BCM) of each lamp.
        header: Opens them.
        active_low: Whether a lamp is lit while its pin is low.

    """

    def __init__(
        self,
        clock: Clock,
        pins: Mapping[Indicator, int],
        header: Header,
        *,
        active_low: bool = False,
    ) -> None:
        self._clock = clock
        self._numbers = pins
        self._header = header
        self._active_low = active_low
        self._board: Board | None = None
        self._pins: dict[Indicator, Pin] = {}
        self._lit: dict[Indicator, bool] = {}
        self._failed: tuple[Micros, DeviceError] | None = None

    def probe(self) -> Probe:
        """Say whether the chip and the libraries are there; claims nothing."""
        numbers = ", ".join(str(number) for number in self._numbers.values())
        found = f"lamps at GPIO {numbers}"
        try:
            return Probe(f"{found} of {self._header.look()}")
        except Unusable as error:
            return error.probed(found)

    def set(self, indicator: Indicator, *, lit: bool) -> None:
        """
        Switch a lamp.

        Raises:
            DeviceError: No chip, no library, no right, a pin that is in use; the
                same again for a second.

        """
        if indicator not in self._numbers:
            return
        board = self._opened()
        if not board.is_there():  # also where nothing is to do: lamps may be dark
            gone = Unusable("GPIO", "the chip is gone", "it is looked for")
            raise self._fail(gone)
        if self._lit[indicator] is lit:
            return
        try:
            self._drive(board, indicator, lit=lit)
        except Unusable as error:
            raise self._fail(error) from error

    def close(self) -> None:
        """Switch all lamps off and give the pins back; safe to repeat."""
        board, self._board = self._board, None
        self._failed = None
        if board is None:
            return
        for indicator in self._pins:
            with contextlib.suppress(Unusable):
                self._drive(board, indicator, lit=False)
        self._pins = {}
        board.close()

    def _opened(self) -> Board:
        if self._board is not None:
            return self._board
        if self._failed is not None:
            since, error = self._failed
            if self._clock.now() - since < PAUSE_US:
                raise error
        try:
            self._board = self._header.open()
            self._lit = {}
            for indicator, number in self._numbers.items():
                self._pins[indicator] = self._board.pin(number)
                with self._board.translating(number):
                    self._pins[indicator].output_with_state(self._active_low)
                self._lit[indicator] = False
        except Unusable as error:
            raise self._fail(error) from error
        self._failed = None
        return self._board

    def _drive(self, board: Board, indicator: Indicator, *, lit: bool) -> None:
        with board.translating(self._numbers[indicator]):
            self._pins[indicator].state = lit is not self._active_low
        self._lit[indicator] = lit

    def _fail(self, error: Unusable) -> DeviceError:
        self.close()
        failed = error.of("lamps")
        self._failed = (self._clock.now(), failed)
        return failed
