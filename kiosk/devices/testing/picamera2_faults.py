"""What can be wrong with a Raspberry Pi's camera and encoder. Values only."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass(slots=True)
class Faults:
    """
    Switches; all off is a camera that works.

    Attributes:
        is_unplugged: No camera is found.
        is_busy: Another program has the camera.
        encoder_errno: What starting the encoder ends with; 0: it starts.
        is_stalled: The sensor delivers nothing, as after "frontend has timed out".
        stops_hang: Stopping the camera waits until this is set.
        close_fails: libcamera cannot release the camera.
        keeps_bitrate: The encoder takes no bit rate while it runs.
        gives_empty_units: Each other coded picture comes with one of parameter sets
            alone before it.
        is_frozen: The sensor delivers the same picture again and again.
        is_dark: What it delivers is black: a cover is on the lens.
        least_period_s: The sensor takes no more than a picture in so many seconds.
        size: The camera gives that size, whatever was asked for.

    """

    is_unplugged: bool = False
    is_busy: bool = False
    encoder_errno: int = 0
    is_stalled: bool = False
    stops_hang: threading.Event | None = None
    close_fails: bool = False
    keeps_bitrate: bool = False
    gives_empty_units: bool = False
    is_frozen: bool = False
    is_dark: bool = False
    least_period_s: float = 0.0
    size: tuple[int, int] | None = None
    refused: list[str] = field(default_factory=list[str])
