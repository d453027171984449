"""
Pages that were drawn once: a few in memory, all of them in a directory if there is one.

1. Only what stands on every kiosk of a branch is kept: no name, message or reason
   of a call. Who draws says what that is.
2. A page belongs to what it was drawn from: its content, the display, the look,
   the typefaces and this program. Anything else about it changed: it is not found.
3. A file that is broken or of another size is drawn again and written anew. A
   directory that cannot be written is said once, and done without.

Not thread-safe: one thread draws.
"""

from __future__ import annotations

import logging
import os
import zlib
from collections import OrderedDict
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from PIL import Image


KEPT: Final = 24
"""Pages in memory, deflated: 150 kB each on a display of 1280x720."""
MOST_FILES: Final = 300
SUFFIX: Final = ".page"
FASTEST: Final = 1
MODE: Final = "RGBA"

log = logging.getLogger(__name__)


class PageCache:
    """
    Keeps pages by what they were drawn from.

    Args:
        directory: Where they outlive this process; ``None`` for nowhere.
        origin: All that every page depends on beside its content.

    """

    def __init__(self, directory: Path | None, origin: str) -> None:
        self._directory = directory
        self._origin = sha256(origin.encode()).digest()
        self._deflated: OrderedDict[str, bytes] = OrderedDict()

    def get(self, content: object, size: tuple[int, int]) -> Image.Image | None:
        """Return the page of a content, or ``None`` where it must be drawn."""
        name = self._name(content)
        deflated = self._deflated.get(name)
        if deflated is None:
            deflated = self._read(name)
        if deflated is None:
            return None
        whole = 4 * size[0] * size[1]
        inflater = zlib.decompressobj()
        try:
            pixels = inflater.decompress(deflated, whole + 1)
        except zlib.error:
            return None
        if len(pixels) != whole or not inflater.eof:  # torn by a power cut
            return None
        self._keep(name, deflated)
        return Image.frombytes(MODE, size, pixels)

    def put(self, content: object, page: Image.Image) -> None:
        """Keep a page."""
        name = self._name(content)
        deflated = zlib.compress(page.tobytes(), FASTEST)
        self._keep(name, deflated)
        self._write(name, deflated)

    def _name(self, content: object) -> str:
        return sha256(self._origin + repr(content).encode()).hexdigest()[:32]

    def _keep(self, name: str, deflated: bytes) -> None:
        self._deflated[name] = deflated
        self._deflated.move_to_end(name)
        if len(self._deflated) > KEPT:
            self._deflated.popitem(last=False)

    def _read(self, name: str) -> bytes | None:
        if self._directory is None:
            return None
        with suppress(OSError):
            return (self._directory / f"{name}{SUFFIX}").read_bytes()
        return None

    def _write(self, name: str, deflated: bytes) -> None:
        if self._directory is None:
            return
        file = self._directory / f"{name}{SUFFIX}"
        draft = file.with_suffix(".draft")
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(deflated)
            draft.replace(file)
            self._prune()
        except OSError as error:
            log.warning("pages are not kept on disk: %s", error)
            self._directory = None

    def _prune(self) -> None:
        """Leave the newest: other looks, languages and versions went before."""
        assert self._directory is not None
        files = [entry for entry in os.scandir(self._directory) if _is_page(entry)]
        if len(files) > MOST_FILES:
            files.sort(key=lambda entry: entry.stat().st_mtime)
            for entry in files[:-MOST_FILES]:
                Path(entry.path).unlink(missing_ok=True)


def _is_page(entry: os.DirEntry[str]) -> bool:
    return entry.name.endswith(SUFFIX)
