"""
How loud a mix is played. Pure.

People turn it while somebody speaks: another volume is reached within a period,
without a click.  What becomes too loud for the loudspeaker is the limiter's work.
"""

from __future__ import annotations

import numpy as np

from kiosk.codec.loudness import gain_of
from kiosk.media.stretch import Pcm


class Volume:
    """
    The volume of one mix.

    Args:
        decibels: To begin with; 0 plays samples as they are.

    """

    def __init__(self, decibels: float = 0.0) -> None:
        self._wanted = self._reached = gain_of(decibels)

    @property
    def is_plain(self) -> bool:
        """Whether samples are played as they are."""
        return self._wanted == self._reached == 1.0

    def set(self, decibels: float) -> None:
        """Play so loud from the next period on; any thread."""
        self._wanted = gain_of(decibels)

    def turned(self, mixed: Pcm) -> Pcm:
        """Return a period as loud as wanted, coming from the last one's volume."""
        wanted, reached = self._wanted, self._reached
        self._reached = wanted
        if wanted == reached:
            return mixed * np.float32(wanted)
        return mixed * np.linspace(reached, wanted, mixed.size, dtype=np.float32)
