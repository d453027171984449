"""
Which devices of a call are none: made for developers, and silent about it in a branch.

Whoever asks for one gets it; that nobody is seen or heard is told all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from kiosk.config.documents import Origin
from kiosk.config.lines import KeyPath
from kiosk.config.schema import KioskConfig
from kiosk.config.values import parse_device


_KINDS: Final = {"synthetic", "tone"}
_WORDS: Final[Mapping[str, str]] = {
    "camera": 'others see a drawing, nobody is filmed; "auto" is the camera that is here',
    "microphone": 'others hear a tone, and nobody here; "alsa" is the one that is here',
    "speaker": 'nobody here hears the others; "alsa" is the one that is here',
}


def synthetic_devices(config: KioskConfig) -> tuple[str, ...]:
    """Return the sections of the devices that are none."""
    devices = {
        "camera": config.camera.device,
        "microphone": config.microphone.device,
        "speaker": config.speaker.device,
    }
    kinds = {section: parse_device(text).kind for section, text in devices.items()}
    return tuple(section for section, kind in kinds.items() if kind in _KINDS)


def told_of_synthetic(
    config: KioskConfig, origins: Mapping[KeyPath, Origin]
) -> Iterator[str]:
    """Tell a technician of each, where a page plays no other device either."""
    if config.display.device == "simulator":
        return
    for section in synthetic_devices(config):
        origin = origins.get((section, "device"))
        place = f"{origin.text}: " if origin else ""
        yield f"{place}[{section}] device is synthetic: {_WORDS[section]}"
