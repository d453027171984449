"""Screens as pictures, for tests."""

from __future__ import annotations

from PIL import Image

from kiosk.ports import PageFrame
from kiosk.ui.scenes import SCENES
from kiosk.ui.scenes import content_of as content_of_scene
from kiosk.ui.screens import ScreenContent
from kiosk.ui.snapshot import as_image


def content_of(scene: str, language: str = "en") -> ScreenContent:
    return content_of_scene(SCENES[scene], language)


def image_of(page: PageFrame) -> Image.Image:
    return as_image(page).convert("RGB")
