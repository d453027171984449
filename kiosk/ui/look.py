"""
How the screens of one kiosk look, as configured, and who draws them then.

What cannot be had as configured (a logo, a colour, type of the right height) is
logged once, in one line, and done without.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kiosk.ui.layout import SHAPE, SMALLEST_TYPE_MM, Layout


if TYPE_CHECKING:
    from kiosk.ui.draw import Artist
    from kiosk.ui.fonts import Fonts
    from kiosk.ui.frame import Mark
    from kiosk.ui.theme import Theme

SHORT_BY_MM: Final = 0.05
"""Of rounding, not of size."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """
    What of the screens' look is configured.

    Attributes:
        self_view: Shape of the camera's picture, ``None`` for no self-view.
        diagonal: Of the panel in inches, where known.
        accent: The bank's colour, as ``"#1e63b8"``.
        logo: The bank's logo.
        fonts: Directories to look for fonts in, instead of the system's.
        pages: Where pages that were drawn outlive the process; ``None``: nowhere.

    """

    self_view: tuple[int, int] | None = SHAPE
    diagonal: float | None = None
    accent: str | None = None
    logo: Path | None = None
    fonts: Sequence[Path] | None = None
    pages: Path | None = None

    def layout(self, size: tuple[int, int]) -> Layout:
        """Return the places on a display of ``size`` pixels."""
        return Layout(size, self.diagonal)


def find_fonts(look: Look) -> Fonts:
    """Return the typefaces to write with."""
    # Pillow takes 50 ms to import: not with the daemon, but with a screen.
    from kiosk.ui.fonts import DIRECTORIES, Fonts, can_shape  # noqa: PLC0415

    if not can_shape():
        log.warning("text is not shaped; install libfribidi0")
    return Fonts(look.fonts or DIRECTORIES)


def make_artist(look: Look, size: tuple[int, int], fonts: Fonts) -> Artist:
    """Return who draws the screens on a display of ``size`` pixels."""
    from kiosk.ui.draw import Artist  # noqa: PLC0415
    from kiosk.ui.page_cache import PageCache  # noqa: PLC0415
    from kiosk.ui.theme import theme_of  # noqa: PLC0415

    layout = look.layout(size)
    smallest = layout.smallest_type_mm
    if smallest is not None and smallest < SMALLEST_TYPE_MM - SHORT_BY_MM:
        log.warning(
            "this panel is small: its smallest type is %.1f mm high instead of %.1f",
            smallest,
            SMALLEST_TYPE_MM,
        )
    theme = theme_of(look.accent)
    if theme.remark:
        log.warning("branding: %s", theme.remark)
    return Artist(
        layout,
        fonts,
        self_view=look.self_view,
        theme=theme,
        mark=_make_mark(look.logo, theme),
        cache=PageCache(look.pages, _origin(look, size, fonts)),
    )


def _origin(look: Look, size: tuple[int, int], fonts: Fonts) -> str:
    """Return all that a page depends on beside its content, this program included."""
    from PIL import __version__ as pillow  # noqa: PLC0415

    code = sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        code.update(file.read_bytes())
    logo = look.logo.stat() if look.logo and look.logo.is_file() else None
    drawn = (logo.st_mtime_ns, logo.st_size) if logo else ()
    origin = (replace(look, pages=None), size, drawn, pillow, fonts.files)
    return f"{origin} {code.hexdigest()}"


def _make_mark(path: Path | None, theme: Theme) -> Mark:
    from kiosk.ui.frame import Mark  # noqa: PLC0415
    from kiosk.ui.logo import UnusableLogo, load_logo, needs_plate  # noqa: PLC0415
    from kiosk.ui.screens import Mood  # noqa: PLC0415

    ink = theme.sign[Mood.CALM]
    if path is not None:
        try:
            logo = load_logo(path)
        except UnusableLogo as refused:
            log.warning("branding: no logo is shown: %s", refused)
        else:
            return Mark(logo, has_plate=needs_plate(logo), ink=ink)
    return Mark(None, has_plate=False, ink=ink)
