"""Shows three layers on a real card and stays: ``python -m tests.fakes.shown_on_card``."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from kiosk.ports import Layer, Rect
from tests.fakes.frames import grey_frame, plain_page
from tests.fakes.real_cards import SIZE, card_of, real_display


def main(picture: Path) -> None:
    """Write what is believed to be on the glass, whole at once; then wait."""
    path = card_of("virtio_gpu")
    assert path is not None
    with real_display(path) as display:
        display.show(Layer.BASE, plain_page((40, 90, 160, 255)), Rect(0, 0, *SIZE))
        display.show(Layer.PIP, grey_frame(180), Rect(400, 300, 160, 120))
        display.show(Layer.OVER, plain_page((0, 0, 60, 128)), Rect(0, 400, 640, 80))
        unfinished = picture.with_suffix(".part")
        display.save_png(str(unfinished))
        unfinished.replace(picture)
        time.sleep(600.0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
