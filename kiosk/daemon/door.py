"""
The contact at the door of the case: a fact for the operators, and no part of a call.

An open door ends nothing: whoever services the kiosk may be in a call with the desk.
It is logged, told to whoever listens, and reported until it is closed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from kiosk.ports import ButtonEdge


log = logging.getLogger(__name__)

OPEN_CODE: Final = "T001"
"""Of the log, the status and the report; it belongs to no error."""


class Door:
    """
    Args:
        tell: Gets an event for the subscribers.

    Attributes:
        is_open: None while no contact has said anything.

    """

    def __init__(self, tell: Callable[[dict[str, Any]], None]) -> None:
        self._tell = tell
        self.is_open: bool | None = None

    def turn(self, edge: ButtonEdge) -> None:
        """Take what the contact says: down is open."""
        if edge.is_down is self.is_open:
            return
        self.is_open = edge.is_down
        if edge.is_down:
            log.warning("door opened", extra={"code": OPEN_CODE})
        else:
            log.info("door closed")
        self._tell({"event": "door", "open": edge.is_down, "at_us": edge.at})
