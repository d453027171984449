"""
Is there a display that people can see? A fact beside the call, no state of it.

A display that is unplugged ends no call: people still hear each other, and the
other side is told.  Whether a call may begin without one is configured: where it
may not, the missing display is a reason to be out of service like any other
(:class:`kiosk.daemon.service_watch.ServiceWatch` asks :attr:`DisplayWatch.refusal`),
so the table of states knows nothing of displays.

The fault lamp tells it meanwhile, for the screen cannot.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kiosk.daemon.faults import Faults
from kiosk.daemon.notices import Notice
from kiosk.errors import DisplayMissing
from kiosk.ports import Fault


if TYPE_CHECKING:
    from kiosk.daemon.face import Face


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DisplayFacts:
    """
    What the display's adapter says about the glass.

    Attributes:
        missing: Why nothing can be seen, or empty.
        lit: Connector and mode, or whatever else is there, or empty.

    """

    missing: str = ""
    lit: str = ""


class DisplayWatch:
    """
    Notices a display that goes and comes.

    Args:
        observe: Tells what is so; cheap.
        face: Draws again what was lost.
        faults: Told what the lamp tells.
        refuses: Whether no call may begin without a display.
        tell: Tells the others in a call.
        look_again: Has the service watch ask for the refusal.

    """

    def __init__(
        self,
        observe: Callable[[], DisplayFacts],
        face: Face,
        faults: Faults,
        *,
        refuses: bool,
        tell: Callable[[Notice], None],
        look_again: Callable[[], None],
    ) -> None:
        self._observe = observe
        self._face = face
        self._faults = faults
        self._refuses = refuses
        self._tell = tell
        self._look_again = look_again
        self.facts = DisplayFacts()

    @property
    def is_missing(self) -> bool:
        """Whether nobody can see anything, at the last look."""
        return bool(self.facts.missing)

    @property
    def refusal(self) -> str:
        """Why no call may begin, with a code, or empty."""
        return self._wrong if self._refuses else ""

    @property
    def _wrong(self) -> str:
        missing = self.facts.missing
        return f"{DisplayMissing.code} {missing}" if missing else ""

    def look(self) -> None:
        """Look whether it is there now; on the event loop."""
        was_missing = self.is_missing
        self.facts = self._observe()
        self._faults.note(Fault.DISPLAY, self._wrong)
        if self.is_missing is was_missing:
            return
        if self.is_missing:
            code = {"code": DisplayMissing.code, "reason": self.facts.missing}
            log.warning("display lost", extra=code)
        else:
            log.info("display found", extra={"lit": self.facts.lit})
        self._face.show_display_missing(self.is_missing)
        self._look_again()
        self._tell(Notice.DISPLAY_LOST if self.is_missing else Notice.DISPLAY_BACK)

    def follow_call(self) -> None:
        """Have a refusal heard in the state the call came to."""
        if self.refusal:
            self._look_again()
