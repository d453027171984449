"""
Looks after a card's display while the kiosk runs.

Page flips are read by the event loop, the card's descriptor is kept by the
supervisor, monitors are asked again when the kernel has news, and a card that could
not be opened is tried again.  Whoever must know of a change is told on the loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Final

from kiosk.app.first_display import KEPT_AS, FirstDisplay
from kiosk.daemon.display_watch import DisplayFacts
from kiosk.display.first_pictures import FirstPicture
from kiosk.display.hotplug import DisplayNews
from kiosk.errors import DeviceError
from kiosk.ports import Init, Layer


LOOK_S: Final = 5.0
"""How often a display that is missing is looked for, should no news come of it."""
FIRST_LOOK_S: Final = 0.25
"""The first time; twice as long each time.  A predecessor may not be quite gone."""

_FLIP_S: Final = 0.01

log = logging.getLogger(__name__)


class DisplayCare:
    """
    Looks after one display.

    Args:
        first: The display.
        init: Keeps the card's descriptor.
        look_s: See :data:`LOOK_S`.

    """

    def __init__(
        self,
        first: FirstDisplay,
        init: Init,
        look_s: float = LOOK_S,
    ) -> None:
        self._first = first
        self._card = first.card
        self._init = init
        self._look_s = look_s
        self._kept = first.card.kernel  # since it was lit, or by a predecessor

    def facts(self) -> DisplayFacts:
        """Return what can be seen, and why nothing can."""
        if self._first.wrong:
            return DisplayFacts(self._first.wrong)
        output = self._card.output
        lit = f"{output.connector.name} {output.mode.name}" if output else ""
        return DisplayFacts(self._card.missing, lit)

    async def flipped(self) -> None:
        """Return once a picture is on the glass, or it is known that none can be."""
        counts = self._card.counts
        while not self.facts().missing and not counts(Layer.BASE).shown:  # noqa: ASYNC110 -- counted, not told
            await asyncio.sleep(_FLIP_S)

    async def run(self, on_change: Callable[[], None]) -> None:
        """Look after it until cancelled; ``on_change`` is called on the loop."""
        loop = asyncio.get_running_loop()

        def changed() -> None:
            self._keep()
            on_change()

        def on_any_thread() -> None:
            loop.call_soon_threadsafe(changed)

        self._card.on_change = on_any_thread
        self._follow()
        changed()
        with ExitStack() as stack:
            news = self._open_news(stack)
            patience_s = FIRST_LOOK_S
            while True:
                await self._wait(news, min(patience_s, self._look_s))
                patience_s = min(2 * patience_s, self._look_s)
                if self._first.wrong:
                    await asyncio.to_thread(self._first.open, FirstPicture.STARTING)
                    self._follow()
                else:
                    await asyncio.to_thread(self._card.reprobe)
                if not self.facts().missing:
                    patience_s = FIRST_LOOK_S
                changed()

    def _follow(self) -> None:
        if not self._first.wrong:
            self._card.follow_loop()

    def _keep(self) -> None:
        """Have the card kept that is open now, and none that is closed."""
        kernel = self._card.kernel
        if kernel is self._kept:
            return
        if kernel is not None:
            self._init.keep(KEPT_AS, kernel.fileno())
        else:  # as long as it is kept it owns the display, and opening it is refused
            self._init.forget(KEPT_AS)
        self._kept = kernel

    def _open_news(self, stack: ExitStack) -> DisplayNews | None:
        try:
            return stack.enter_context(self._first.kernels.news())
        except DeviceError as error:
            reason = {"code": error.code, "reason": str(error)}
            log.warning("a display is noticed late", extra=reason)
            return None

    async def _wait(self, news: DisplayNews | None, look_s: float) -> None:
        is_missing = bool(self.facts().missing)
        with suppress(TimeoutError):
            async with asyncio.timeout(look_s if is_missing else None):
                if news is None:
                    await asyncio.sleep(self._look_s)
                else:
                    await news.come()
