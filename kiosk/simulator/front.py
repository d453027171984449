"""The front of the kiosk on the page: its buttons, pressed there, and its lamps."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kiosk.ports import (
    Button,
    ButtonEdge,
    ButtonFault,
    Buttons,
    Clock,
    Indicator,
    Indicators,
    Probe,
)


class PageButtons:
    """
    Implements :class:`kiosk.ports.Buttons` beside another one.

    Args:
        buttons: The kiosk's own; they go on working.
        clock: Stamps what is pressed on the page.

    """

    def __init__(self, buttons: Buttons, clock: Clock) -> None:
        self._buttons = buttons
        self._clock = clock
        self._on_edge: Callable[[ButtonEdge], None] | None = None

    def probe(self) -> Probe:
        """Say what is there."""
        return Probe(f"{self._buttons.probe().found}, and the simulator page's")

    def start(
        self,
        on_edge: Callable[[ButtonEdge], None],
        on_fault: Callable[[ButtonFault], None] | None = None,
    ) -> None:
        """
        Report the edges of both.

        Raises:
            DeviceError: If a line of the other is absent or in use.

        """
        self._buttons.start(on_edge, on_fault)
        self._on_edge = on_edge

    def move(self, button: Button, *, down: bool) -> None:
        """Take a movement on the page; any thread."""
        if self._on_edge is not None:
            self._on_edge(ButtonEdge(button, down, self._clock.now()))

    def close(self) -> None:
        """Stop reporting."""
        self._on_edge = None
        self._buttons.close()


class PageLamps:
    """
    Implements :class:`kiosk.ports.Indicators` before another one.

    Args:
        lamps: The kiosk's own.
        on_change: Gets all lamps, by name, when one changed.

    """

    def __init__(
        self, lamps: Indicators, on_change: Callable[[Mapping[str, bool]], None]
    ) -> None:
        self._lamps = lamps
        self._on_change = on_change
        self._lit = {indicator.value: False for indicator in Indicator}

    def probe(self) -> Probe:
        """Say what is there."""
        return Probe(f"{self._lamps.probe().found}, shown on the simulator page")

    def set(self, indicator: Indicator, *, lit: bool) -> None:
        """Switch a lamp."""
        self._lamps.set(indicator, lit=lit)
        if self._lit[indicator.value] is not lit:
            self._lit[indicator.value] = lit
            self._on_change(dict(self._lit))

    def close(self) -> None:
        """Switch all lamps off."""
        self._lamps.close()
        for indicator in Indicator:
            self.set(indicator, lit=False)
