"""Whether people can read the screens: all of them, in every language and size."""

from __future__ import annotations

from itertools import combinations

import pytest

from kiosk.ui.contrast import contrast, needed
from kiosk.ui.layout import SMALLEST_TYPE, Layout
from kiosk.ui.scenes import SCENES, content_of
from kiosk.ui.technician_page import smallest_row
from kiosk.ui.text import is_cjk
from kiosk.ui.texts import LANGUAGES
from tests.ui.elements import Drawn, Element, draw


LAYOUTS = {
    "1280x720": Layout((1280, 720)),
    "1920x1080": Layout((1920, 1080)),
    "1024x600": Layout((1024, 600)),
    "720x1280": Layout((720, 1280)),
    "10-inch": Layout((1024, 600), 10.1),
}
SIGN_CONTRAST = 3.0
"""WCAG 2.2, 1.4.11."""
SAFE = 16
"""Units to the left and right edge that no text comes into."""
FOREIGN = {"Li Wen", "Anna", "Ben"}
"""Names; an engineer's words are the same in every language, too."""

CASES = [
    pytest.param(name, language, size, id=f"{name}-{language}-{size}")
    for name in SCENES
    for language in LANGUAGES
    for size in LAYOUTS
]


@pytest.mark.parametrize(("name", "language", "size"), CASES)
def test_a_screen_can_be_read(name: str, language: str, size: str) -> None:
    layout = LAYOUTS[size]
    content = content_of(SCENES[name], language)
    smallest = smallest_row(layout) if content.rows else SMALLEST_TYPE
    told = [SCENES[name].facts.reason, *(value for _, value in content.rows)]
    drawn = draw(content, layout)

    assert not [
        *_too_faint(drawn),
        *_too_small(drawn, smallest),
        *_outside(drawn, layout),
        *_covered(drawn),
        *_shortened(drawn),
        *_untranslated(drawn, language, told),
    ]


def _too_faint(drawn: Drawn) -> list[str]:
    return [
        f"{_contrast(each):.1f}:1 {each.text}"
        for each in drawn.of("text", "icon")
        if _contrast(each)
        < (SIGN_CONTRAST if each.kind == "icon" else needed(each.size))
    ]


def _contrast(element: Element) -> float:
    return min(contrast(element.ink, ground) for ground in element.grounds)


def _too_small(drawn: Drawn, smallest: float) -> list[str]:
    return [
        f"{each.size} units: {each.text}"
        for each in drawn.of("text")
        if each.size < smallest
    ]


def _outside(drawn: Drawn, layout: Layout) -> list[str]:
    width, height = layout.size
    edge = SAFE * layout.unit
    return [
        f"at the edge: {each.text} {each.box}"
        for each in drawn.of("text")
        if each.box[0] < edge
        or each.box[2] > width - edge
        or each.box[1] < 4
        or each.box[3] > height - 4
    ]


def _covered(drawn: Drawn) -> list[str]:
    faults = [
        f"{one.text} and {other.text} overlap"
        for one, other in combinations(drawn.of("text"), 2)
        if _meet(one, other)
    ]
    for number, element in enumerate(drawn.elements):
        if element.kind == "text":
            faults += [
                f"{element.text} is covered by a {later.kind}"
                for later in drawn.elements[number + 1 :]
                if later.kind not in {"text", "frame"} and _meet(element, later)
            ]
    return faults


def _meet(one: Element, other: Element) -> bool:
    a, b = one.box, other.box
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _shortened(drawn: Drawn) -> list[str]:
    return [f"cut: {each.text}" for each in drawn.of("text") if each.text[-1:] == "…"]


def _untranslated(drawn: Drawn, language: str, told: list[str]) -> list[str]:
    is_chinese = language.startswith("zh")
    return [
        f"not in {language}: {each.text}"
        for each in drawn.of("text")
        if is_chinese is not any(map(is_cjk, each.text))
        and any(map(str.isalpha, each.text))
        and each.text not in FOREIGN
        and not any(each.text in words for words in told)
    ]
