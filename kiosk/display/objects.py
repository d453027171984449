"""KMS objects as the kernel described them when it was asked. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


PRIMARY: Final = "Primary"
OVERLAY: Final = "Overlay"


@dataclass(frozen=True, slots=True)
class Mode:
    """
    A mode of a connector.

    Attributes:
        refresh_hz: Pictures a second, exact.
        raw: ``struct drm_mode_modeinfo``, to be handed back as it came.

    """

    width: int
    height: int
    refresh_hz: float
    is_preferred: bool
    raw: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """Size and rate, as people write it."""
        return f"{self.width}x{self.height}@{self.refresh_hz:g}"


@dataclass(frozen=True, slots=True)
class Connector:
    """
    A connector, as it was when it was asked.

    Attributes:
        name: As in sysfs and on the kernel's command line, e.g. ``HDMI-A-1``.
        millimetres: Width and height of the panel; zeros where unknown.
        modes: Best first, as the driver sorts them; none while unplugged.
        crtcs: Ids of the CRTCs that can feed it.

    """

    id: int
    name: str
    is_connected: bool
    millimetres: tuple[int, int]
    modes: tuple[Mode, ...]
    crtcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Properties:
    """
    Properties of one object.

    Attributes:
        ids: Ids of properties that can be changed, by name.
        values: What they were when the object was asked.
        enums: Values of enums and bits of bitmasks, by property and name.

    """

    ids: Mapping[str, int]
    values: Mapping[str, int]
    enums: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Plane:
    """
    A plane of the display hardware.

    Attributes:
        kind: ``Primary``, ``Overlay`` or ``Cursor``.
        formats: FourCC codes it can fetch.
        crtcs: Ids of the CRTCs it can be put on.

    """

    id: int
    kind: str
    formats: frozenset[int]
    crtcs: tuple[int, ...]
    properties: Properties


@dataclass(frozen=True, slots=True)
class Flip:
    """
    A page flip that is complete.

    Attributes:
        cookie: The number it was committed with.
        at_us: When its picture began to be scanned out, CLOCK_MONOTONIC.
        sequence: Number of that vblank.

    """

    cookie: int
    at_us: int
    sequence: int
