"""
Asks a kiosk how it is before something that would end a call.

One answer that does not come is no reason: a busy kiosk may be slow, and one that was
killed is back in its call within seconds.  Half a minute of them is, for within that a
kiosk that hangs has been replaced by its watchdog, and nothing is left to wait for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from kiosk.errors import ControlError, KioskStopped


PAUSE_S: Final = 2.0
SILENT_LOOKS: Final = 15


def status_in_the_end(
    status: Callable[[], Mapping[str, Any]], pause: Callable[[float], None]
) -> Mapping[str, Any]:
    """
    Return a kiosk's status, asked for as long as one that serves may be silent.

    Args:
        status: Asks the kiosk.
        pause: Waits some seconds.

    Raises:
        ControlError: Nobody can be at it: it was not started, or hung and is gone.

    """
    for _ in range(SILENT_LOOKS - 1):
        try:
            return status()
        except KioskStopped:
            raise
        except ControlError:
            pause(PAUSE_S)
    return status()
