"""Every language says everything."""

from __future__ import annotations

from dataclasses import fields

import pytest

from kiosk.ports import ScreenName
from kiosk.ui.fonts import is_cjk
from kiosk.ui.words import FALLBACK, LANGUAGES, Words


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_words_for_every_screen(language: str) -> None:
    words = LANGUAGES[language]

    assert set(words.screens) == set(ScreenName)
    for screen in (*words.screens.values(), words.call_failed, words.nobody_there):
        assert screen.title
        assert screen.lines
        assert all(screen.lines)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_single_text(language: str) -> None:
    words = LANGUAGES[language]

    texts = [getattr(words, field.name) for field in fields(Words)]

    assert all(text for text in texts if isinstance(text, str))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_as_much_as_english_does(language: str) -> None:
    for name, screen in LANGUAGES[language].screens.items():
        english = LANGUAGES[FALLBACK].screens[name]

        assert len(screen.lines) == len(english.lines), name
        assert bool(screen.hangup) is bool(english.hangup), name


def test_only_languages_that_say_so_need_a_chinese_font() -> None:
    for words in LANGUAGES.values():
        texts = "".join(screen.title for screen in words.screens.values())

        assert any(is_cjk(character) for character in texts) is words.needs_cjk
