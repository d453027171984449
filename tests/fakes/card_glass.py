"""What is on the glass of a :class:`tests.fakes.kept_kernel.KeptKernel`, from outside."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

from kiosk.display.uapi_numbers import Fourcc
from kiosk.ports import PageFrame
from tests.fakes.kept_kernel import COMMITS


@dataclass(frozen=True)
class LitPlane:
    """A plane that is on, and the memory it fetches."""

    place: tuple[int, int, int, int]
    size: tuple[int, int]
    fourcc: Fourcc
    memory: Path
    pitch: int
    offset: int

    @property
    def rows(self) -> bytes:
        """The pixels of a page, tightly packed."""
        content = self.memory.read_bytes()[self.offset :]
        width, height = self.size
        return b"".join(
            content[y * self.pitch : y * self.pitch + width * 4] for y in range(height)
        )


class Glass:
    """
    Reads the state that a card left in its folder.

    Args:
        folder: The card's.

    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def planes(self) -> list[LitPlane]:
        """The planes that are on, the lowest first."""
        states = sorted(self._folder.glob("card-*[0-9]"))
        if not states:
            return []
        kept = pickle.loads(states[-1].read_bytes())
        lit = [v for v in kept["values"].values() if v.get("FB_ID")]
        lit.sort(key=lambda values: int(values.get("zpos", 0)))
        return [_plane(values, kept["framebuffers"][values["FB_ID"]]) for values in lit]

    @property
    def framebuffers(self) -> int:
        """How many framebuffers there are."""
        (state,) = self._folder.glob("card-*[0-9]")
        return len(pickle.loads(state.read_bytes())["framebuffers"])

    @property
    def commits(self) -> list[tuple[str, ...]]:
        """The pictures that were lit by each commit there was, as their hashes."""
        lines = (self._folder / COMMITS).read_text("ascii").splitlines()
        return [tuple(line.split()) for line in lines]

    def shows(self, page: PageFrame) -> bool:
        """Whether this page is on the glass, and nothing else."""
        planes = self.planes
        return (
            len(planes) == 1
            and planes[0].size == (page.width, page.height)
            and planes[0].rows == page.pixels
        )


def _plane(values: dict[str, int], framebuffer: object) -> LitPlane:
    assert isinstance(framebuffer, tuple)
    (width, height, fourcc), planes = framebuffer
    path, _, pitch, offset = planes[0]
    x, y, w, h = (values[f"CRTC_{side}"] for side in "XYWH")
    return LitPlane((x, y, w, h), (width, height), Fourcc(fourcc), path, pitch, offset)
