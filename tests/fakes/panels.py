"""What people see: the panel of a party, watched from outside while a test goes on."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Self

from tests.bench.outside_reader import Panel
from tests.fakes.branch import Branch


def panel_of(branch: Branch, name: str) -> dict[str, object]:
    """Return the display section of a party whose panel is to be watched."""
    return {"framebuffer": str(branch.folder / f"{name}.fb"), "size": "640x360"}


_SAME_S = 0.005


class Watch:
    """Looks at a panel until it is left; notes what is shown, and how old it was."""

    def __init__(self, path: Path) -> None:
        self._panel = Panel(path)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.painted: list[tuple[float, float]] = []
        """When it was looked at, and the age in milliseconds of what was there."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join(2.0)

    @property
    def longest_still_s(self) -> float:
        """For how long one and the same picture was there, at most."""
        longest, since, shown = 0.0, 0.0, -1.0
        for at, age_ms in self.painted:
            painted = at - age_ms / 1000
            if abs(painted - shown) > _SAME_S:
                shown, since = painted, at
            longest = max(longest, at - since)
        return longest

    def _look(self) -> None:
        while not self._is_over.wait(0.02):
            glance = self._panel.look()
            if glance.age_ms is not None:
                self.painted.append((time.monotonic(), glance.age_ms))
