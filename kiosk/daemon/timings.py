"""When the steps of a call happened."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Timings:
    """Moments on the monotonic clock, in microseconds; 0 = not yet."""

    call_pressed_us: int = 0
    reserved_us: int = 0
    published_us: int = 0
    entered_us: int = 0
    peer_known_us: int = 0
    first_picture_us: int = 0
