"""Pictures of the screens, without a call, a camera or a display."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from kiosk.app.appearance import branding_of, look_of
from kiosk.config.schema import KioskConfig
from kiosk.ui.layout import SHAPE
from kiosk.ui.look import Look, find_fonts, make_artist
from kiosk.ui.scenes import SCENES, content_of
from kiosk.ui.snapshot import compose
from kiosk.ui.texts import LANGUAGES, Texts


SCREENS: Final = tuple(SCENES)
"""What there are pictures of."""


def write_snapshot(
    config: KioskConfig | None,
    screen: str,
    language: str | None,
    size: tuple[int, int],
    path: Path,
) -> None:
    """
    Write the picture of a screen into a file.

    Args:
        config: Whose names, logo and colours; ``None`` for a sample bank's.
        screen: One of :data:`SCREENS`.
        language: By default the configured one, or English.
        size: Width and height in pixels.
        path: Its suffix chooses the format.

    Raises:
        ValueError: If screen, language or the file's format is unknown, or no
            font can write the language.
        OSError: If the file cannot be written.

    """
    if screen not in SCENES:
        raise ValueError(f"no screen {screen!r}; there are: {', '.join(SCREENS)}")
    if language is None:
        language = config.kiosk.language if config else LANGUAGES[0]
    if language not in LANGUAGES:
        raise ValueError(f"no language {language!r}; there are: {', '.join(LANGUAGES)}")
    look = look_of(config) if config else Look()
    fonts = find_fonts(look)
    if Texts(language).needs_cjk and not fonts.has_cjk:
        raise ValueError(f"no font for {language}: install fonts-noto-cjk")
    content = content_of(SCENES[screen], language)
    if config is not None:
        content = replace(content, branding=branding_of(config))
    artist = make_artist(look, size, fonts)
    image = compose(artist, look.layout(size), content, look.self_view or SHAPE)
    image.save(path, optimize=True)
