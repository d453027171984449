"""How long the devices of a call may take, and stay silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


DEAF_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class CaptureDeadlines:
    """
    How long devices may take.

    Attributes:
        open_s: To open the camera or the microphone.
        silent_s: Between two pictures or periods before something is wrong.
        card_s: Without a picture before a card is sent in its place: whoever looks
            shall not take a picture for the present that is none.
        away_s: Without a picture before the camera counts as lost: it finds out by
            itself and is opened again meanwhile, or is put back by somebody.
        deaf_s: Of sound that is one sample before the microphone counts as lost; 0:
            it may be so for ever, as that of a file.

    """

    open_s: float = 5.0
    silent_s: float = 2.0
    card_s: float = 1.0
    away_s: float = 6.0
    deaf_s: float = DEAF_S
