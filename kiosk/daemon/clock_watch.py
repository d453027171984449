"""
Can the time of this machine be right? Else no call may begin: TLS would refuse it.

1. Only a kiosk whose room service is asked over TLS waits; the others tell it.
2. Just after power-on the screen says what is waited for; then the kiosk is out of
   service with the reason.  It never waits longer for a time that is plausible.
3. Once the time is right the kiosk goes on by itself, and nothing is asked of the room
   service before: certificates would be refused over and over.
4. A call that goes on is left alone: whatever it needs is monotonic.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


CODE: Final = "N013"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """
    What is known of the machine's clock.

    Attributes:
        wrong: Why it cannot be right, with the cure, or empty.
        synchronized: Whether a time server set it; None where nobody tells.
        is_early: Whether the machine was switched on so shortly before that a time
            server may not have answered yet.

    """

    wrong: str = ""
    synchronized: bool | None = None
    is_early: bool = False


class ClockWatch:
    """
    Notices a clock that is wrong, and one that is right again.

    Args:
        observe: Tells what is known; quick.
        matters: Whether calls wait for it.
        look_again: Has the service watch ask at once.

    """

    def __init__(
        self,
        observe: Callable[[], ClockFacts],
        *,
        matters: bool,
        look_again: Callable[[], None],
    ) -> None:
        self._observe = observe
        self._matters = matters
        self._look_again = look_again
        self.facts = ClockFacts()

    @property
    def refusal(self) -> str:
        """Why no call may begin, with a code, or empty."""
        if not self._matters:
            return ""
        if self.facts.wrong:
            return f"{CODE} {self.facts.wrong}"
        waits = self.facts.is_early and self.facts.synchronized is False
        return f"{CODE} no time server has set the clock yet" if waits else ""

    @property
    def is_waiting(self) -> bool:
        """Whether it is too early to be out of service for it."""
        return bool(self.refusal) and self.facts.is_early

    def look(self) -> None:
        """Look at the clock; on the event loop."""
        was = self.facts
        before, early = self.refusal, self.is_waiting
        self.facts = now = self._observe()
        if now.wrong and not was.wrong:
            log.warning("clock wrong", extra={"code": CODE, "reason": now.wrong})
        elif was.wrong and not now.wrong:
            log.info("clock right again", extra={"synchronized": now.synchronized})
        if bool(before) is not bool(self.refusal) or early is not self.is_waiting:
            self._look_again()
