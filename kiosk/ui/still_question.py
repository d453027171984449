"""The panel that asks the customer for a still picture: what it says, how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kiosk.ui.layout import MARGIN, NARROWEST
from kiosk.ui.signs import Icon
from kiosk.ui.texts import Texts


if TYPE_CHECKING:
    from kiosk.ui.canvas import Canvas

TITLE_SIZES: Final = (52.0, 46.0, 40.0, 36.0, 28.0)
TERM_SIZES: Final = (32.0, 30.0, 28.0, 24.0)
OPACITY: Final = 0.94
STEP: Final = 1.4


@dataclass(frozen=True, slots=True)
class StillQuestion:
    """
    A question for a still picture.

    Attributes:
        question: In large type.
        terms: What the keys answer, and what is so until one is pressed.

    """

    question: str
    terms: tuple[str, ...]


def still_question(name: str, texts: Texts) -> StillQuestion:
    """Return what is asked on behalf of ``name``, which is plain and short."""
    terms = texts("still.how_yes"), texts("still.how_no"), texts("still.promise")
    return StillQuestion(texts("still.question", name=name), terms)


def draw_still_question(canvas: Canvas, top: float, asked: StillQuestion) -> None:
    """Draw the panel from ``top`` downwards, whatever is beneath it."""
    from kiosk.ui import palette  # noqa: PLC0415 -- it knows the screens, which know us

    width = min(canvas.width - 2 * MARGIN, NARROWEST)
    left = (canvas.width - width) / 2
    text_left, room = left + 148, width - 148 - 40
    size, title = canvas.fit(asked.question, TITLE_SIZES, room, 2, bold=True)
    each = min(canvas.fit(term, TERM_SIZES, room, 1)[0] for term in asked.terms)
    terms = [
        line for term in asked.terms for line in canvas.fit(term, (each,), room, 2)[1]
    ]
    height = 84 + len(title) * size * 1.2 + len(terms) * each * STEP
    box = (left, top, left + width, top + height)
    canvas.panel(box, 24, palette.NAVY, OPACITY)
    canvas.disc(left + 78, top + 84, 44, palette.GREEN)
    canvas.icon(Icon.CAMERA, left + 78, top + 84, 48, palette.WHITE)
    y = top + 36
    for line in title:
        canvas.text(text_left, y + size * 0.9, line, size, palette.WHITE, bold=True)
        y += size * 1.2
    y += 20
    for line in terms:
        canvas.text(text_left, y + each * 0.9, line, each, palette.SOFT)
        y += each * STEP
