"""A QR code on a canvas: the facts of a fault, for whoever has a telephone at hand."""

from __future__ import annotations

from typing import Final

import segno
from PIL import Image

from kiosk.ui.canvas import Canvas


QUIET_ZONE: Final = 4
"""Modules of white around the code, as ISO/IEC 18004 wants them."""
_MOST_BYTES: Final = 300
_BLACK_ON_WHITE: Final = (255, 0)


def draw_qr_code(
    canvas: Canvas, right: float, top: float, side: float, text: str
) -> float:
    """
    Draw the code of ``text``, its right upper corner given, at most ``side`` large.

    Its modules are whole pixels: a camera reads sharp edges from farther away.

    Returns:
        How wide it became; 0 where there is no room for it.

    """
    rows = qr_rows(text)
    count = len(rows) + 2 * QUIET_ZONE
    scale = canvas.image.width / canvas.width
    pixels = int(side * scale / count)
    if pixels < 1:
        return 0.0
    code = Image.new("L", (count, count), _BLACK_ON_WHITE[0])
    for y, row in enumerate(rows, start=QUIET_ZONE):
        for x, dark in enumerate(row, start=QUIET_ZONE):
            code.putpixel((x, y), _BLACK_ON_WHITE[dark])
    whole = count * pixels
    code = code.resize((whole, whole), Image.Resampling.NEAREST)
    x, y = round(right * scale) - whole, round(top * scale)
    box = (x / scale, y / scale, (x + whole) / scale, (y + whole) / scale)
    canvas.picture(code.convert("RGBA"), box)  # in its own size: nothing is scaled
    return whole / scale


def qr_rows(text: str) -> tuple[bytes, ...]:
    """Return the modules of the code, row by row; 1 is dark."""
    short = text.encode()[:_MOST_BYTES].decode("utf-8", "ignore")
    return tuple(map(bytes, segno.make_qr(short, error="m").matrix))
