"""``[branding]``, ``[attract]``, ``[display]``: whose kiosk it is to customers, on what."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from kiosk.config.devices import DisplayDevice
from kiosk.config.section import Section
from kiosk.config.values import (
    Colour,
    ConnectorName,
    DisplayMode,
    DisplayRotation,
    DisplaySize,
    FilePath,
    Name,
    parse_size,
)


class BrandingSection(Section):
    """
    Whose kiosk it is, to its customers.

    Attributes:
        name: Of the bank; without it, the branch stands in its place.
        logo: A picture file.
        accent: The bank's colour; what would make type hard to read is darkened.

    """

    name: Name | None = None
    logo: FilePath | None = None
    accent: Colour | None = None


class AttractSection(Section):
    """
    What the idle screen shows while nobody calls.

    Attributes:
        pictures: A folder, whose pictures come one after another.
        picture_s: For how long each is shown.

    """

    pictures: FilePath | None = None
    picture_s: Annotated[float, Field(ge=2, le=3600)] = 10.0


class PromptsSection(Section):
    """
    What customers hear with the screens, where no voice is due.

    Attributes:
        tones: Whether each has a tone, where there is no recorded voice.
        folder: Recorded voices, in a folder for each language: ``en/waiting.wav``.

    """

    tones: bool = True
    folder: FilePath | None = None


class DisplaySection(Section):
    """
    The display.

    Attributes:
        device: ``drm`` is the machine's own screen, which the package chooses;
            ``simulator`` a page in a browser; ``headless`` none at all.
        framebuffer: A file that the composed picture is kept in.
        self_view: Whether customers see their own picture in a corner.
        connector: Of a card; by default the first that a display is connected to.
        mode: Of that display; by default the board's own, or what it prefers.
        without: What becomes of calls while no display is connected: ``refuse``
            them, or let them be held by ``sound`` alone. One that is going on
            always goes on.
        size: Of the display as it is wired, before the rotation.
        rotation: Degrees that everything is turned clockwise on it.
        diagonal_inches: Of the panel; type is as high as people need then.
        page_cache: A directory where pages that were drawn are kept; no picture,
            name or message of a call is among them.

    """

    device: DisplayDevice = "headless"
    connector: ConnectorName | None = None
    mode: DisplayMode | None = None
    without: Literal["refuse", "sound"] = "refuse"
    size: DisplaySize = "1280x720"
    rotation: DisplayRotation = 0
    diagonal_inches: Annotated[float, Field(ge=3, le=120)] | None = None
    framebuffer: FilePath | None = None
    page_cache: FilePath | None = None
    self_view: bool = True

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height."""
        return parse_size(self.size)
