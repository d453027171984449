"""
Every screen looks as it did when people last looked at it.

After a change that is meant, ``make goldens`` draws them anew: look at
``golden-out``, then commit.
"""

from __future__ import annotations

import os
import zlib

import pytest

from kiosk.ui.scenes import SCENES, content_of
from kiosk.ui.texts import LANGUAGES
from tests.ui.elements import draw
from tests.ui.goldens import LAYOUTS, differences


ALL = os.environ.get("MUTATIONS") == "all"
"""Whether every element is left out once, as every night, or one of a screen."""

CASES = [
    pytest.param(name, language, size, id=f"{name}-{language}-{size}")
    for name in SCENES
    for language in LANGUAGES
    for size in LAYOUTS
]


@pytest.mark.parametrize(("name", "language", "size"), CASES)
def test_a_screen_looks_as_it_did(name: str, language: str, size: str) -> None:
    drawn = draw(content_of(SCENES[name], language), LAYOUTS[size])

    assert not differences(name, language, size, drawn)


@pytest.mark.parametrize(("name", "language", "size"), CASES)
def test_a_screen_that_lacks_anything_does_not(
    name: str, language: str, size: str
) -> None:
    content, layout = content_of(SCENES[name], language), LAYOUTS[size]
    elements = draw(content, layout).elements
    numbers = range(len(elements))
    if not ALL:
        chosen = zlib.crc32(f"{name} {language} {size}".encode()) % len(elements)
        numbers = range(chosen, chosen + 1)

    unnoticed = [
        elements[number]
        for number in numbers
        if not differences(name, language, size, draw(content, layout, number))
    ]

    assert not unnoticed
