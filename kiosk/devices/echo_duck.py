"""
Half duplex: while the loudspeaker talks, the microphone is turned down.

The last resort where no canceller is installed.  Nobody hears himself, but
nobody can interrupt either.  Needs nothing but the loudspeaker's level.
"""

from __future__ import annotations

from kiosk.codec.ducking import Ducker, talks


class DuckingEchoCanceller:
    """Implements :class:`kiosk.ports.EchoCanceller` with a gain."""

    def __init__(self) -> None:
        self._ducker = Ducker()

    @property
    def delay_us(self) -> int:
        """How much later than it went in the near end comes out: not at all."""
        return 0

    def cancel(self, near: bytes, far: bytes) -> bytes:
        """Return the microphone's block, turned down while the loudspeaker talks."""
        return self._ducker.duck(near, talking=talks(far))

    def close(self) -> None:
        """Nothing is held."""
