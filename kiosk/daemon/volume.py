"""
How loud the loudspeaker is: as the bank configured it, and as a customer likes it.

A customer's volume is kept over calls and gone with him: the idle screen, or whoever
shows it, sets it back.  The next one hears what is configured.
"""

from __future__ import annotations

from typing import Final


LEAST_DB: Final = -24
"""Soft, but heard: no button makes a kiosk seem dumb."""
MOST_DB: Final = 9
"""For who hears badly; the limiter keeps peaks within full scale."""
STEP_DB: Final = 3
"""Of a press: the least that everybody hears."""
STEPS: Final = (MOST_DB - LEAST_DB) // STEP_DB + 1


class Volume:
    """
    Args:
        configured_db: From :data:`LEAST_DB` to :data:`MOST_DB`; 0 is as it came.

    Attributes:
        decibels: How much louder than it came everything is played.

    """

    def __init__(self, configured_db: int = 0) -> None:
        self._configured_db = configured_db
        self.decibels = configured_db

    @property
    def step(self) -> int:
        """Which of :data:`STEPS` it is nearest to, as people count: from 1."""
        return (self.decibels - LEAST_DB + STEP_DB // 2) // STEP_DB + 1

    def turn(self, *, up: bool) -> None:
        """Go a step further, as far as there is one."""
        turned = self.decibels + (STEP_DB if up else -STEP_DB)
        self.decibels = min(MOST_DB, max(LEAST_DB, turned))

    def reset(self) -> None:
        """Go back to what is configured."""
        self.decibels = self._configured_db
