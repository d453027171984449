"""
The out-of-service page on a card, for as long as the kiosk does not run.

1. No card, none yet, no monitor: each is looked for again; the page is never given up.
2. The card is handed on lit: whoever comes next covers the page with his first commit,
   and the supervisor keeps our descriptor so long that no console comes up between.
3. It decides nothing: the failure ladder starts and ends it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from kiosk.app.first_display import (
    BOARD,
    KEPT_AS,
    DisplayPlan,
    Kernels,
    card_of,
)
from kiosk.display.card import Card
from kiosk.display.first_pictures import FirstPicture, lettered_page
from kiosk.display.node import Kernel
from kiosk.display.rotation import RotatedDisplay
from kiosk.errors import DeviceError
from kiosk.ports import Display, Init, Layer


ASK_MONITORS: Final = 5
"""Every so many looks; it takes tens to hundreds of milliseconds."""

log = logging.getLogger("kiosk.safe_screen")


class SafePage:
    """
    Args:
        plan: The display, as far as the configuration can be read.
        facts: Returns what stands below the picture.
        init: Keeps the card's descriptor.
        kernels: Where cards come from.
        board: Where the machine says what it is.

    """

    def __init__(
        self,
        plan: DisplayPlan,
        facts: Callable[[], Sequence[str]],
        init: Init,
        kernels: Kernels | None = None,
        board: Path = BOARD,
    ) -> None:
        self._facts = facts
        self._init = init
        self._card = card_of(plan, kernels, board=board)
        self._display: Display = self._card
        if plan.rotation:
            self._display = RotatedDisplay(
                self._card, plan.rotation, turn_over=self._card.turn_over
            )
        self._is_open = False
        self._wrong = ""
        self._looks = 0
        self._shown: object = None
        self._kept: Kernel | None = None

    @property
    def wrong(self) -> str:
        """Why nobody sees it; empty while it is on the glass."""
        return self._wrong or self._card.missing

    def look(self) -> None:
        """Show the page, or mend what keeps it from being seen; never fails."""
        try:
            if not self._is_open:
                self._display.open()
                self._is_open = True
            elif self._looks % ASK_MONITORS == 0:
                self._card.reprobe()
            else:
                self._card.look()
        except DeviceError as error:
            self._say(str(error))
        else:
            self._say("")
            self._show()
            self._keep()
        self._looks += 1

    def leave(self) -> None:
        """Leave it on the glass for whoever takes the card next."""
        kernel = self._card.kernel
        if kernel is not None:
            Card(kernel).drop_master()
        self._card.close(stay_lit=True)
        self._is_open = False

    def _show(self) -> None:
        facts, size = tuple(self._facts()), self._display.size
        if not self._card.is_connected or (facts, size) == self._shown:
            return  # what is lit anew draws its pages by itself
        page = lettered_page(FirstPicture.OUT_OF_SERVICE, facts, size)
        self._display.show(Layer.BASE, page)
        self._shown = facts, size

    def _keep(self) -> None:
        kernel = self._card.kernel
        if kernel is self._kept:
            return
        if kernel is None:
            self._init.forget(KEPT_AS)
        else:
            self._init.keep(KEPT_AS, kernel.fileno())
        self._kept = kernel

    def _say(self, wrong: str) -> None:
        if wrong and wrong != self._wrong:
            log.warning("safe screen not seen", extra={"reason": wrong})
        self._wrong = wrong
