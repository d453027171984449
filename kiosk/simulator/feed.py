"""
From the kiosk's threads to every page that looks.

Devices and the daemon call from where they are; without a page that looks a call costs
a counter, and facts are kept for the page that opens later.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from kiosk.ports import Layer
from kiosk.simulator.planes import Planes
from kiosk.simulator.viewer import KEPT_LINES, Viewer
from kiosk.simulator.wire import PLANES, Kind


MOST_VIEWERS: Final = 4
COUNT_S: Final = 1.0


class TooManyPages(Exception):
    """Four look already."""


class Feed:
    """
    What is told to pages; :meth:`note`, :meth:`hear`, :meth:`tell` from any thread.

    Attributes:
        changes: Number of each layer's latest change.

    """

    def __init__(self) -> None:
        self.changes = dict.fromkeys(Layer, 0)
        self._lock = threading.Lock()
        self._facts: dict[str, Any] = {}
        self._viewers: set[Viewer] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def is_watched(self) -> bool:
        """Whether any page looks."""
        return bool(self._viewers)

    def note(self, layer: Layer) -> None:
        """Take note that a layer changed."""
        self.changes[layer] += 1  # one thread a layer
        self._on_loop(lambda viewer: viewer.change(layer))

    def hear(self, pcm: bytes) -> None:
        """Pass on what the loudspeaker plays."""
        self._on_loop(lambda viewer: viewer.hear(pcm))

    def tell(self, name: str, value: Any) -> None:
        """Replace a fact."""
        with self._lock:
            self._facts[name] = value
        self._on_loop(lambda viewer: viewer.tell(name, value))

    def add(self, name: str, line: Any) -> None:
        """Add a line to a list of facts; the newest are kept."""
        with self._lock:
            lines = [*self._facts.get(name, ()), line]
            self._facts[name] = lines[-KEPT_LINES:]
        self._on_loop(lambda viewer: viewer.add(name, line))

    def new_viewer(self, planes: Planes) -> Viewer:
        """
        Begin to serve one more page; on the page server's loop.

        Raises:
            TooManyPages: There are enough.

        """
        if len(self._viewers) >= MOST_VIEWERS:
            raise TooManyPages
        self._loop = asyncio.get_running_loop()
        with self._lock:
            viewer = Viewer(planes, self.changes, self._facts)
            self._viewers.add(viewer)
        return viewer

    def drop_viewer(self, viewer: Viewer) -> None:
        """Serve a page no longer."""
        self._viewers.discard(viewer)

    async def count(self, planes: Planes) -> None:
        """Tell pages once a second what passed on the planes, until cancelled."""
        before = dict(self.changes)
        while True:
            await asyncio.sleep(COUNT_S)
            now = dict(self.changes)
            for viewer in self._viewers:
                rows = [
                    _row(layer, planes, now[layer] - before[layer], viewer, now[layer])
                    for layer in PLANES
                ]
                viewer.tell("planes", rows)
            before = now

    def _on_loop(self, act: Callable[[Viewer], None]) -> None:
        loop = self._loop
        if loop is None or not self._viewers:
            return

        def act_on_all() -> None:
            for viewer in self._viewers:
                act(viewer)

        with suppress(RuntimeError):  # the page server has ended
            loop.call_soon_threadsafe(act_on_all)


def _row(
    layer: Layer, planes: Planes, shown: int, viewer: Viewer, change: int
) -> dict[str, Any]:
    look = planes.look(layer, change)
    return {
        "plane": layer.value,
        "size": look.size,
        "at": [look.at.x, look.at.y, look.at.width, look.at.height],
        "format": look.pixels,
        "fps": 0 if look.kind is Kind.OFF else round(shown / COUNT_S, 1),
        "sent": viewer.sent[layer],
        "dropped": viewer.dropped[layer],
    }
