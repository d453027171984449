"""
Buttons and lamps that are made when they are first wanted, and again until they can be.

What an adapter cannot do without (a library, a node, a script without mistakes) may be
missing at power-on or for good: that is told like any other fault of a device, and is
no reason for the kiosk not to start.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from kiosk.app import devices
from kiosk.config.schema import KioskConfig
from kiosk.errors import ConfigError, DeviceError
from kiosk.ports import (
    ButtonEdge,
    ButtonFault,
    Buttons,
    Clock,
    Indicator,
    Indicators,
    Probe,
)


T = TypeVar("T")


class LateButtons:
    """
    Implements :class:`kiosk.ports.Buttons` with others that are made late.

    Args:
        make: Makes them; may raise KioskError.

    """

    def __init__(self, make: Callable[[], Buttons]) -> None:
        self._make = make
        self._made: Buttons | None = None

    def probe(self) -> Probe:
        """Say what is there; what cannot be made is what is wrong."""
        try:
            return self._buttons().probe()
        except DeviceError as exc:
            return Probe("nothing", str(exc))

    def start(
        self,
        on_edge: Callable[[ButtonEdge], None],
        on_fault: Callable[[ButtonFault], None] | None = None,
    ) -> None:
        """
        Report edges, and what is to be mended.

        Raises:
            DeviceError: They cannot be made or started; may be tried again.

        """
        self._buttons().start(on_edge, on_fault)

    def close(self) -> None:
        """Stop reporting; they are made anew if they are started again."""
        made, self._made = self._made, None
        if made is not None:
            made.close()

    def _buttons(self) -> Buttons:
        if self._made is None:
            self._made = made_of("buttons", self._make)
        return self._made


class LateIndicators:
    """
    Implements :class:`kiosk.ports.Indicators` with others that are made late.

    Args:
        make: Makes them; may raise KioskError.

    """

    def __init__(self, make: Callable[[], Indicators]) -> None:
        self._make = make
        self._made: Indicators | None = None

    def probe(self) -> Probe:
        """Say what is there; what cannot be made is what is wrong."""
        try:
            return self._indicators().probe()
        except DeviceError as exc:
            return Probe("nothing", str(exc))

    def set(self, indicator: Indicator, *, lit: bool) -> None:
        """
        Switch a lamp.

        Raises:
            DeviceError: There are none; may be tried again.

        """
        self._indicators().set(indicator, lit=lit)

    def close(self) -> None:
        """Switch all lamps off."""
        made, self._made = self._made, None
        if made is not None:
            made.close()

    def _indicators(self) -> Indicators:
        if self._made is None:
            self._made = made_of("indicators", self._make)
        return self._made


def late_buttons(config: KioskConfig, clock: Clock) -> LateButtons:
    """Return the configured buttons, not made yet."""
    return LateButtons(partial(devices.make_buttons, config, clock))


def late_lamps(config: KioskConfig, clock: Clock) -> LateIndicators:
    """Return the configured lamps, not made yet."""
    return LateIndicators(partial(devices.make_indicators, config, clock))


def made_of(device: str, make: Callable[[], T]) -> T:
    """Make an adapter; whatever is wrong with it is a DeviceError."""
    try:
        return make()
    except DeviceError:
        raise
    except ConfigError as exc:
        raise DeviceError(device, "the configuration", exc.mistakes[0]) from exc
    except Exception as exc:
        reason = f"{type(exc).__name__}: {exc}"
        raise DeviceError(device, "this machine", reason) from exc
