"""Looks who waits, again and again; a look that fails is no end of that."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Never

from kiosk.agentdesk.line import Line
from kiosk.agentdesk.ports import Lobby


log = logging.getLogger(__name__)

BLIND_S: Final = 2.0
"""Agents need not know of a fault that is over sooner."""


class LineWatch:
    """
    Keeps a line as it is in the lobby.

    Args:
        lobby: Where kiosks wait.
        line: Kept so.
        now: Monotonic seconds.
        look_s: Between two looks.

    Attributes:
        is_blind: Whether nothing has been seen for some time.

    """

    def __init__(
        self,
        lobby: Lobby,
        line: Line,
        *,
        now: Callable[[], float],
        look_s: float,
        blind_s: float = BLIND_S,
    ) -> None:
        self.is_blind = False
        self._lobby, self._line, self._now = lobby, line, now
        self._look_s, self._blind_s = look_s, blind_s
        self._failing_since: float | None = None

    async def run(self, changed: Callable[[], None]) -> Never:
        """Look until cancelled; say when there is anything new."""
        while True:
            if self._look():
                changed()
            await asyncio.sleep(self._look_s)

    def _look(self) -> bool:
        before = self.is_blind
        try:
            is_new = self._line.look(self._lobby.waiting(), self._now())
        except Exception:
            # Calls go on, and so does the server, whatever is wrong with the line.
            if self._failing_since is None:
                self._failing_since = self._now()
                log.exception("line not seen; looking again")
            self.is_blind = self._now() - self._failing_since >= self._blind_s
            return self.is_blind != before
        if self._failing_since is not None:
            log.info("line seen again")
        self.is_blind, self._failing_since = False, None
        return is_new or before
