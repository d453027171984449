"""A display over the fake kernel, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.display.drm import DrmDisplay
from kiosk.display.objects import Connector
from kiosk.display.outputs import Output, Wish, choose_output
from kiosk.display.testing import FakeKernel
from kiosk.display.testing.profiles import ModeSize


@dataclass
class Cards:
    """
    Opens a fake card as often as it is asked to; the last one is at hand.

    Attributes:
        is_self_paced: Whether flips complete by themselves.
        is_master: Whether nobody else owns the card when it is opened.

    """

    profile: str
    modes: tuple[ModeSize, ...] | None = None
    is_connected: bool = True
    is_self_paced: bool = False
    is_master: bool = True
    opened: list[FakeKernel] = field(default_factory=list[FakeKernel])

    def __call__(self) -> FakeKernel:
        kernel = FakeKernel(
            self.profile,
            modes=self.modes,
            is_connected=self.is_connected,
            is_self_paced=self.is_self_paced,
        )
        kernel.is_master = self.is_master
        if self.is_master or not self.opened:
            self.opened.append(kernel)
        return kernel

    @property
    def kernel(self) -> FakeKernel:
        return self.opened[-1]


def first_connected(connectors: Sequence[Connector]) -> Output | None:
    """Choose as a kiosk without a wish does."""
    return choose_output(connectors, Wish())


def drm_display(cards: Cards, size: tuple[int, int] | None = None) -> DrmDisplay:
    """Return a display that is not open yet; of ``size`` where there is such a mode."""
    return DrmDisplay(
        MonotonicClock(),
        cards,
        lambda connectors: choose_output(connectors, Wish(size=size)),
        settle_s=0.0,
    )
