"""
A card's display, measured: which plan its driver takes, and how steadily it flips.

Where the display hardware has no room for a plan (ENOSPC), the next one is taken: the
letter of the plan tells (:mod:`kiosk.display.plan`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from kiosk.app.display import card_display
from kiosk.app.doctor.check import Check, failure, good, skipped, warning
from kiosk.app.doctor.person import Person, judged_by
from kiosk.config.schema import KioskConfig
from kiosk.display.plan import Rung
from kiosk.ports import Clock, Display, Layer, Micros, SoftFrame


SHOW_S: Final = 3.0
RATE: Final = 30.0
SIZE: Final = (640, 360)
LEAST_SHARE: Final = 0.9
BARS_S: Final = 3.0
BARS: Final = (
    ("white", (235, 128, 128)),
    ("yellow", (210, 16, 146)),
    ("cyan", (170, 166, 16)),
    ("green", (145, 54, 34)),
    ("magenta", (106, 202, 222)),
    ("red", (81, 90, 240)),
    ("blue", (41, 240, 110)),
    ("black", (16, 128, 128)),
)
"""From left to right, as Y, Cb and Cr of BT.601."""


def measure_display(
    config: KioskConfig, clock: Clock, person: Person
) -> Iterator[Check]:
    """Light it, show bars and moving pictures, count what was shown, and ask."""
    what = "display, measured"
    began = clock.now()
    first = card_display(config)
    if first is None:
        yield skipped(what, f'[display] device = "{config.display.device}" is no card')
        return
    try:
        if first.wrong:
            cure = "stop whoever owns the display, or plug one in"
            yield failure(what, first.wrong, cure)
            return
        lit_ms = (clock.now() - began) / 1000
        before = first.card.counts(Layer.BASE).shown
        shown_at = _play(first.display, clock)
        _show_bars(first.display, clock)
        counts = first.card.counts(Layer.BASE)
        output, rung = first.card.output, first.card.rung
        mode = (
            f"{output.connector.name} {output.mode.name}" if output else "nothing lit"
        )
        share = (counts.shown - before) / (SHOW_S * RATE)
        evidence = (
            f"{mode}, lit in {lit_ms:.0f} ms, plan {rung.value if rung else 'none'}, "
            f"{share:.0%} of {RATE:g} pictures a second shown, "
            f"{counts.dropped} dropped, on the glass {shown_at}"
        )
        if first.card.missing:
            yield failure(what, first.card.missing, "plug a display in")
        elif share < LEAST_SHARE:
            yield warning(what, evidence, "a smaller [display] mode")
        elif rung is Rung.C:
            yield warning(what, evidence, "the processor composes: a smaller mode")
        else:
            yield good(what, evidence)
        yield judged_by(
            person,
            "display's colours",
            f"bars shown for {BARS_S:g} s",
            f"Did you see eight bars: {', '.join(name for name, _ in BARS)}?",
            "see to its cable and its settings; the picture may be cut at the edges",
        )
    finally:
        first.display.close()


def bars(width: int, height: int, at: Micros) -> SoftFrame:
    """Return the bars as a picture; its width must be a multiple of 16."""
    rows = [
        b"".join(bytes([colour[plane]]) * (across // len(BARS)) for _, colour in BARS)
        for plane, across in enumerate((width, width // 2, width // 2))
    ]
    luma, *chroma = (memoryview(row * height) for row in rows)
    planes = (luma, chroma[0][: width * height // 4], chroma[1][: width * height // 4])
    return SoftFrame(width, height, planes, (width, width // 2, width // 2), at)


def _show_bars(display: Display, clock: Clock) -> None:
    for _ in range(round(BARS_S * RATE)):
        now = clock.now()
        display.show(Layer.BASE, bars(*SIZE, now))
        time.sleep(max(0.0, 1 / RATE - (clock.now() - now) / 1_000_000))


def _play(display: Display, clock: Clock) -> str:
    """Show grey that changes; return how long it takes to the glass."""
    width, height = SIZE
    chroma = memoryview(bytes([128]) * (width // 2 * height // 2))
    waits: list[float] = []
    for number in range(round(SHOW_S * RATE)):
        luma = memoryview(bytes([60 + number % 120]) * (width * height))
        now = clock.now()
        frame = SoftFrame(
            width, height, (luma, chroma, chroma), (width, width // 2, width // 2), now
        )
        at = display.show(Layer.BASE, frame)
        if at is not None:
            waits.append((at - now) / 1000)
        time.sleep(max(0.0, 1 / RATE - (clock.now() - now) / 1_000_000))
    if not waits:
        return "at no known time"
    waits.sort()
    return f"after {waits[len(waits) // 2]:.0f} ms (worst {waits[-1]:.0f})"
