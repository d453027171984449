"""
Pictures on the screen of a kiosk that nobody uses, one after another, from a folder.

A picture is read on a thread of its own while the last one is still shown: no
press waits for a file. What cannot be read is passed over, with one warning; the
folder is looked at again for each picture, so that files may come and go.

Pillow is imported by that thread, not with this module.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kiosk.ports import Micros, PageFrame


if TYPE_CHECKING:
    from PIL import Image

SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp"})
MOST_PIXELS: Final = 25_000_000
"""As they are decoded, which takes 100 MB for a moment: more has no small board to spare.
A JPEG is decoded at a fraction of its size, so a photograph may have more."""
MICROS: Final = 1_000_000
REDUCIBLE: Final = frozenset({"L", "RGB", "RGBA"})
"""What Pillow can make smaller as it is; a palette's numbers have no mean."""

log = logging.getLogger(__name__)


class Pictures:
    """
    The pictures of one folder, for one display; used by one thread.

    Args:
        folder: Where they are; they come in the order of their names.
        each_s: For how long one is shown.

    """

    def __init__(self, folder: Path, each_s: float) -> None:
        self._folder = folder
        self._size: tuple[int, int] = (0, 0)
        self._each_us = round(each_s * MICROS)
        self._reader: threading.Thread | None = None
        self._turn = -1
        self._shown: tuple[str, PageFrame] | None = None
        self._refused: set[str] = set()

    def at(self, now: Micros, size: tuple[int, int]) -> PageFrame | None:
        """
        Return the picture to be seen now, as far as it was read; or none.

        It fills a display of ``size`` pixels, which may be another one than before.
        """
        turn, shown = now // self._each_us, self._shown
        reading = self._reader is not None and self._reader.is_alive()
        if (turn != self._turn or size != self._size) and not reading:
            self._turn, self._size = turn, size
            self._reader = threading.Thread(
                target=self._read_next, args=(size,), name="pictures", daemon=True
            )
            self._reader.start()
        page = shown[1] if shown else None
        return page if page and (page.width, page.height) == size else None

    def _read_next(self, size: tuple[int, int]) -> None:
        names = self._names()
        last = self._shown[0] if self._shown else ""
        after = [name for name in names if name > last]
        for name in (*after, *names):
            page = self._read(name, size)
            if page is not None:
                self._shown = name, page
                return
        self._shown = None  # they were taken away

    def _names(self) -> list[str]:
        try:
            found = [path.name for path in self._folder.iterdir()]
        except OSError as error:
            self._refuse(str(self._folder), error.strerror or "cannot be read")
            return []
        return sorted(one for one in found if Path(one).suffix.lower() in SUFFIXES)

    def _read(self, name: str, size: tuple[int, int]) -> PageFrame | None:
        from PIL import Image  # noqa: PLC0415 -- 50 ms, not with the daemon

        try:
            with Image.open(self._folder / name) as image:
                image.draft("RGB", size)
                if image.width * image.height > MOST_PIXELS:
                    self._refuse(name, f"more than {MOST_PIXELS} pixels")
                    return None
                filled = _filling(image, size)
        except Exception as error:  # noqa: BLE001 -- decoders raise anything for odd bytes
            self._refuse(name, str(error))
            return None
        return PageFrame(*size, filled.tobytes("raw", "BGRA"))

    def _refuse(self, name: str, reason: str) -> None:
        if name not in self._refused:
            self._refused.add(name)
            log.warning("picture not shown", extra={"file": name, "reason": reason})


def _filling(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return a picture upright, as large as the display and opaque, in RGBA."""
    from PIL import ImageOps  # noqa: PLC0415 -- as above

    small = image if image.mode in REDUCIBLE else image.convert("RGB")
    factor = min(small.size) // max(size)
    if factor > 1:  # before all that makes copies
        small = small.reduce(factor)
    ImageOps.exif_transpose(small, in_place=True)
    return ImageOps.fit(small, size).convert("RGB").convert("RGBA")
