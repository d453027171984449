"""
Restarts the kiosk after an upgrade of its package, once it is in no call.

``kiosk-renewal.service`` runs it.  An upgrade replaces the files of a running kiosk: that
one goes on with what it has loaded, and a restart at once would end a call.  There is no
limit to the waiting, for no upgrade is worth a call.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from kiosk.call.states import State
from kiosk.control.client import ControlClient
from kiosk.control.patience import PAUSE_S, status_in_the_end
from kiosk.errors import ControlError


Status = Callable[[], Mapping[str, Any]]

AT_REST: Final = frozenset(
    {
        State.UNCONFIGURED.name,
        State.OUT_OF_SERVICE.name,
        State.CLOSED.name,
        State.IDLE.name,
    }
)
"""States in which nobody stands before a kiosk that is doing something for him."""

_LOOKS: Final = 3
_STAND_DOWN_S: Final = 60
_RESTART: Final = ("systemctl", "try-restart", "kiosk.service")


def wait_for_rest(
    status: Status, stand_down: Callable[[int], None], pause: Callable[[float], None]
) -> str:
    """
    Return once nobody is at the kiosk and none can call, or it answers nothing.

    Args:
        status: Asks the kiosk.
        stand_down: Has it let no call begin for so many seconds, or refuse.
        pause: Waits some seconds.

    Returns:
        Why it may be restarted now, for the journal.

    """
    seen = 0
    while seen < _LOOKS:  # a kiosk from before it could stand down refuses always
        try:
            told = status_in_the_end(status, pause)
        except ControlError as error:
            return f"it does not answer: {error}"
        is_at_rest = told.get("state") in AT_REST
        seen = seen + 1 if is_at_rest else 0
        if is_at_rest:
            with suppress(ControlError):
                stand_down(_STAND_DOWN_S)
                return "it lets no call begin"
        pause(PAUSE_S)
    return "nobody is in a call"


def main() -> int:
    """Wait, restart, and return the exit code of systemctl."""
    kiosk = ControlClient()
    reason = wait_for_rest(kiosk.status, kiosk.stand_down, time.sleep)
    sys.stderr.write(f"restarting the upgraded kiosk: {reason}\n")
    return subprocess.run(_RESTART, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
