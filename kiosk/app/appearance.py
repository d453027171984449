"""What the configuration says about how the screens look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kiosk import ports
from kiosk.codec.presets import PRESETS
from kiosk.config.schema import KioskConfig
from kiosk.ui.attract import Pictures
from kiosk.ui.layout import Layout
from kiosk.ui.look import Look
from kiosk.ui.screens import Branding
from kiosk.ui.texts import Texts


def branding_of(config: KioskConfig) -> Branding:
    """Return the names on every screen."""
    branch = config.kiosk.branch or ""
    bank = config.branding.name
    if bank is None:  # one name fewer to show: each moves up
        return Branding(branch, config.kiosk.name)
    return Branding(bank, branch or config.kiosk.name)


def texts_in(config: KioskConfig, language: str) -> Texts:
    """Return what the kiosk says in a language, with the branch's own texts."""
    return Texts(language, config.texts.of(language))


def attract_of(config: KioskConfig) -> Pictures | None:
    """Return what the idle screen shows while nobody calls, if pictures are wanted."""
    wanted = config.attract
    if wanted.pictures is None:
        return None
    return Pictures(Path(wanted.pictures), wanted.picture_s)


def look_of(config: KioskConfig) -> Look:
    """Return how the screens look."""
    preset = PRESETS[config.camera.preset]
    shape = (preset.width, preset.height) if config.display.self_view else None
    logo, pages = config.branding.logo, config.display.page_cache
    return Look(
        self_view=shape,
        diagonal=config.display.diagonal_inches,
        accent=config.branding.accent,
        logo=Path(logo) if logo else None,
        pages=Path(pages) if pages else None,
    )


def place_of_self_view(
    config: KioskConfig,
) -> Callable[[tuple[int, int], tuple[int, int]], ports.Rect] | None:
    """Return what tells the media where the self-view goes; ``None`` for no such."""
    if not config.display.self_view:
        return None
    diagonal = config.display.diagonal_inches
    return lambda size, picture: Layout(size, diagonal).pip(picture)
