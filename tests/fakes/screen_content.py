"""Contents that screens are asked to show."""

from __future__ import annotations

from kiosk.ports import Button, Micros, ScreenFacts, ScreenName
from kiosk.ui.screens import Branding, ScreenContent, screen_content
from kiosk.ui.texts import Texts


BANK = Branding("Sample Bank", "Chaoyang Branch")


def _content(
    name: ScreenName,
    facts: ScreenFacts | None = None,
    *,
    language: str = "en",
    now: int = 0,
) -> ScreenContent:
    return screen_content(
        name,
        facts or ScreenFacts(),
        texts=Texts(language),
        branding=BANK,
        now=Micros(now),
        wall_time="14:32",
    )


ON_THE_STRIP = {Button.CALL, Button.MUTE, Button.HANGUP}


def _lit(content: ScreenContent) -> set[Button]:
    return {button.button for button in content.strip if button.lit}
