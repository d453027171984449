"""
Page flips and time for the display, from an event loop that may come later.

The loop is asked for, never imported: that takes 30 ms, and first pixels do not wait.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from kiosk.display.node import Kernel


if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, TimerHandle

LOOK_S: Final = 0.5
"""How often what no event tells of is looked after."""


class LoopReader:
    """
    Has an event loop read a card's events.

    Args:
        on_readable: Called by the loop when there are events.
        on_tick: Called by the loop twice a second.

    """

    def __init__(
        self, on_readable: Callable[[], None], on_tick: Callable[[], None]
    ) -> None:
        self._on_readable = on_readable
        self._on_tick = on_tick
        self._kernel: Kernel | None = None
        self._loop: AbstractEventLoop | None = None
        self._its_thread = 0
        self._timer: TimerHandle | None = None

    def follow(self) -> None:
        """Follow the running loop from now on, if there is one."""
        if self._loop is not None:
            return
        self._loop = _running_loop()
        self._its_thread = threading.get_ident()
        if self._loop is None:
            return
        if self._kernel is not None:
            self.watch(self._kernel)
        self._tick()

    def watch(self, kernel: Kernel) -> None:
        """Let the loop read this card; any thread."""
        self._kernel = kernel
        loop, fd = self._loop, kernel.fileno()
        if loop is None:
            return

        def begin() -> None:
            if self._kernel is kernel:  # it may be gone again
                loop.add_reader(fd, self._on_readable)

        self._call(loop, begin)

    def unwatch_and_close(self, kernel: Kernel) -> None:
        """Close a card once the loop looks at it no more; any thread."""
        self._kernel = None
        loop, fd = self._loop, kernel.fileno()
        if loop is None or loop.is_closed():
            kernel.close()
            return

        def finish() -> None:
            loop.remove_reader(fd)
            kernel.close()

        self._call(loop, finish)

    def stop(self) -> None:
        """Follow no loop any more; on its thread."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop = None

    def _tick(self) -> None:
        if self._loop is not None:
            self._timer = self._loop.call_later(LOOK_S, self._tick)
            self._on_tick()

    def _call(self, loop: AbstractEventLoop, call: Callable[[], None]) -> None:
        if threading.get_ident() == self._its_thread:
            call()
        else:
            loop.call_soon_threadsafe(call)


def _running_loop() -> AbstractEventLoop | None:
    asyncio = sys.modules.get("asyncio")  # whoever runs one has imported it
    if asyncio is None:
        return None
    with suppress(RuntimeError):
        loop: AbstractEventLoop = asyncio.get_running_loop()
        return loop
    return None
