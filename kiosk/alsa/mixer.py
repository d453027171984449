"""
The level of a card's own mixer: set once, when the card is opened.

Volume by buttons is not this: that is arithmetic on the samples, which works on every
card alike.  A card without such a control keeps what it has, and that is no error.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import partial
from typing import Any

from kiosk.alsa.cards import Direction
from kiosk.alsa.pcm import OpenPcm


log = logging.getLogger(__name__)

_PLAYBACK = ("Speaker", "PCM", "Master", "Headphone", "Digital", "Headset")
_CAPTURE = ("Mic", "Capture", "Headset", "ADC", "Digital")
"""Best first; a card that has none of them has its own names, and the first counts."""


def set_level(opened: OpenPcm, direction: Direction, percent: int) -> None:
    """Set a card's level and switch its sound on; never raises."""
    card, library = opened.choice.card, opened.library
    if card is None:
        return
    device = f"hw:CARD={card.id}"
    try:
        names = library.mixers(device=device)
        for control in _in_order(names, direction):
            if _set(library, control, device, direction, percent):
                return
    except library.ALSAAudioError as exc:
        log.warning("mixer not set", extra={"card": card.id, "reason": str(exc)})
        return
    log.warning("mixer not set", extra={"card": card.id, "reason": "no such control"})


def _in_order(names: list[str], direction: Direction) -> list[str]:
    known = _CAPTURE if direction is Direction.CAPTURE else _PLAYBACK
    best = [name for name in known if name in names]
    return best + [name for name in names if name not in best]


def _set(
    library: Any, control: str, device: str, direction: Direction, percent: int
) -> bool:
    mixer = library.Mixer(control=control, device=device)
    records = direction is Direction.CAPTURE
    wanted = "Capture Volume" if records else "Playback Volume"
    try:
        if not any(each.endswith(wanted) for each in mixer.volumecap()):
            return False
        kind = library.PCM_CAPTURE if records else library.PCM_PLAYBACK
        mixer.setvolume(percent, pcmtype=kind)
        with suppress(library.ALSAAudioError):  # it has no switch
            switch_on = (
                partial(mixer.setrec, 1) if records else partial(mixer.setmute, 0)
            )
            switch_on()
        return True
    finally:
        mixer.close()
