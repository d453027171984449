"""What takes the loudspeaker out of the microphone. See the package for time."""

from __future__ import annotations

from typing import Protocol

from kiosk.ports.values import SAMPLE_RATE


ECHO_BLOCK = SAMPLE_RATE // 100
"""Samples an echo canceller takes at a time: 10 ms."""


class EchoCanceller(Protocol):
    """
    An echo canceller of one call; all of it runs on the microphone's thread.

    Both sides run on one clock and begin together: the far end's block is what
    was to be heard while the near end's was taken.  The room, and devices that
    are later than they say, may still delay the echo by up to 400 ms.
    """

    @property
    def delay_us(self) -> int:
        """How much later than it went in the near end comes out."""
        ...

    def cancel(self, near: bytes, far: bytes) -> bytes:
        """
        Return a block of the microphone without the loudspeaker.

        Args:
            near: :data:`ECHO_BLOCK` samples, signed 16 bit little endian.
            far: As many of what the loudspeaker played.

        Raises:
            DeviceError: If it can do no more; close it and take another.

        """
        ...

    def close(self) -> None:
        """Give back what it holds."""
        ...
