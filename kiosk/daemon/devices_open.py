"""Which devices are open, as the adapters themselves observe it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DevicesOpen:
    """True where the adapter holds its device right now."""

    camera: bool = False
    microphone: bool = False
    speaker: bool = False
