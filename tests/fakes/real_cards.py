"""The DRM cards of this machine that exist for tests: of QEMU, and of no hardware."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.display.card import Card
from kiosk.display.drm import DrmDisplay
from kiosk.display.node import NODES, open_node
from kiosk.display.outputs import Wish, choose_output
from kiosk.errors import DeviceError


DRIVERS = ("virtio_gpu", "vkms")
"""What a test may take over: nobody looks at these."""
SIZE = (640, 480)


def card_of(driver: str, nodes: Path = NODES) -> str | None:
    """Return the node of the first card with a driver that may be opened."""
    for path in sorted(nodes.glob("card*")):
        with suppress(DeviceError, OSError):
            node = open_node(str(path))
            try:
                if Card(node).driver() == driver:
                    return str(path)
            finally:
                node.close()
    return None


def real_display(path: str, size: tuple[int, int] = SIZE) -> DrmDisplay:
    """Return a display on a card, not open yet."""
    return DrmDisplay(
        MonotonicClock(),
        lambda: open_node(path),
        lambda connectors: choose_output(connectors, Wish(size=size)),
    )
