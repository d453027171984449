"""
In which time zone this process lives: opening hours, the screen's clock, the window of
updates.

An image is made once for branches in many zones, and its root cannot be written to; so
the zone is a setting, and the system's is left as it is.
"""

from __future__ import annotations

import os
import time


_VARIABLE = "TZ"
_SYSTEMS = os.environ.get(_VARIABLE)


def live_in(zone: str | None) -> None:
    """
    Have all local time of this process, and of those it starts, be that of a zone.

    Args:
        zone: Its name, as IANA has it; None: the system's.

    """
    told = zone or _SYSTEMS
    if told is None:
        os.environ.pop(_VARIABLE, None)
    else:
        os.environ[_VARIABLE] = told
    time.tzset()
