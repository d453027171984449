"""
Has the programs that run on this machine take up what was changed.

systemd and NetworkManager are told through their own programs; what they refuse is in
the log, and the trial that follows shows whether the kiosk works all the same.
"""

from __future__ import annotations

import logging
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

from kiosk.provision.places import CERTIFICATES, CONNECTIONS, below, is_secret


KIOSK: Final = "kiosk.service"
TRIAL: Final = "kiosk-provision-trial.service"

_RUN_S = 60.0
_LOOK_S = 2.0

log = logging.getLogger(__name__)


class Machine(Protocol):
    """What runs beside provisioning."""

    def take_up(self, changed: tuple[str, ...]) -> None:
        """Have the programs read what changed, by its places; waits for a call's end."""
        ...

    def begin_trial(self) -> None:
        """Have somebody wait for the kiosk's health, and return."""
        ...


class NoMachine:
    """A directory tree of which nothing runs, or not yet."""

    def take_up(self, changed: tuple[str, ...]) -> None:
        """Do nothing: whoever starts later reads it."""

    def begin_trial(self) -> None:
        """Do nothing: the next start does."""


class ThisMachine:
    """
    The machine that this process runs on.

    Args:
        is_in_call: Whether a customer would notice now.
        run: Runs a program; raises OSError or CalledProcessError.
        pause: Waits some seconds.

    """

    def __init__(
        self,
        is_in_call: Callable[[], bool],
        run: Callable[[Sequence[str]], None] | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._is_in_call = is_in_call
        self._run = run or _run
        self._pause = pause

    def take_up(self, changed: tuple[str, ...]) -> None:
        """Have NetworkManager and the kiosk read what changed, outside a call."""
        if not changed:
            return
        while self._is_in_call():
            self._pause(_LOOK_S)
        if below(frozenset({CONNECTIONS, CERTIFICATES}), changed):
            self._tell("nmcli", "connection", "reload")
            for place in below(frozenset({CONNECTIONS}), changed):
                if Path("/", place).exists():
                    self._tell(
                        "nmcli", "--wait", "30", "connection", "up", *_named(place)
                    )
        # A service's credentials are read when it starts, and only then.
        verb = "restart" if any(map(is_secret, changed)) else "reload-or-restart"
        self._tell("systemctl", "--no-block", verb, KIOSK)

    def begin_trial(self) -> None:
        """Start the unit that waits for the kiosk's health."""
        self._tell("systemctl", "--no-block", "restart", TRIAL)

    def _tell(self, *command: str) -> None:
        try:
            self._run(command)
        except (OSError, subprocess.SubprocessError) as error:
            said = {"command": " ".join(command[:3]), "reason": str(error)}
            log.warning("change not taken up", extra=said)


def _named(place: str) -> tuple[str, ...]:
    """Return how nmcli is told a connection by its file."""
    for line in Path("/", place).read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "uuid":
            return ("uuid", value.strip())
    return ("id", Path(place).stem)


def _run(command: Sequence[str]) -> None:
    subprocess.run(  # noqa: S603 -- our own words, no shell is involved
        command, check=True, capture_output=True, timeout=_RUN_S
    )
