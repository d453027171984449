"""
Where an echo canceller sits between microphone and encoder.

It hears twice: what the loudspeaker really played, stamped with the moment it
was heard, and what the microphone took; it returns the microphone without the
loudspeaker.  Both are called on media threads and must not block.
"""

from __future__ import annotations

from typing import Protocol

from kiosk.ports import Period


class EchoCanceller(Protocol):
    """Removes the loudspeaker from the microphone."""

    def played(self, period: Period) -> None:
        """Take in what was played; on the playout thread."""
        ...

    def clean(self, period: Period) -> bytes:
        """Return the microphone's PCM without echo; on the mic thread."""
        ...


class NoCanceller:
    """For a headset, or a loudspeaker that cancels its own echo."""

    def played(self, period: Period) -> None:
        """Nothing to learn."""

    def clean(self, period: Period) -> bytes:
        """Return the microphone as it is."""
        return period.pcm
