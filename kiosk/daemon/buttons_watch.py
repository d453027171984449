"""
The buttons are begun, again and again until they are; and what is to be mended at them.

A kiosk whose buttons fail stays up to say so.  Calls are refused only while nobody
could begin one: without any buttons, or with a call button that is deaf.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from kiosk.daemon.growing_pause import GrowingPause
from kiosk.errors import DeviceError, KioskError
from kiosk.ports import Button, ButtonFault, Buttons, ButtonTrouble


class ButtonsWatch:
    """
    Args:
        note: Gets what is wrong, with a code, and whether calls are to be refused for
            it; empty: nothing is.
        on_tried: Called once they were started, or cannot be at first.

    """

    def __init__(
        self,
        note: Callable[[str, bool], None],
        on_tried: Callable[[], None] = lambda: None,
    ) -> None:
        self._note = note
        self._on_tried = on_tried
        self._faults: dict[tuple[Button | None, ButtonTrouble], str] = {}

    async def begin(
        self, buttons: Buttons, start: Callable[[], None], retry_s: tuple[float, float]
    ) -> None:
        """Have the buttons started; returns once they are."""
        pause = GrowingPause(*retry_s)
        while True:
            try:
                start()
            except KioskError as exc:
                buttons.close()
                self._note(f"{exc.code} {exc}", True)  # noqa: FBT003 -- a callback's
            else:
                self._tell()
                return
            finally:
                self._on_tried()
            await asyncio.sleep(pause.next_s())

    def hear(self, fault: ButtonFault) -> None:
        """Take what the buttons say is to be mended, or is no more."""
        which = (fault.button, fault.trouble)
        if fault.is_over:
            self._faults.pop(which, None)
        else:
            self._faults[which] = fault.words
        self._tell()

    def _tell(self) -> None:
        words = "; ".join(self._faults.values())
        deaf = any(button in {None, Button.CALL} for button, _ in self._faults)
        self._note(f"{DeviceError.code} {words}" if words else "", deaf)
