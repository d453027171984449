"""
What goes wrong in a call of the soak: drawn from its number, so that it can be had again.

A trouble begins and ends within its call.  Who is hit is never the kiosk's process: its
memory is what is watched, and a new one would have none to show.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from tests.soak.site import Site


_STALL_S: Final = (0.2, 2.0)
_PAUSE_S: Final = (0.3, 1.5)


class When(Enum):
    """Where in a call a trouble comes."""

    BEFORE = "before the button is pressed"
    ENTERING = "while the call is set up"
    TALKING = "while both see each other"


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    What befalls one call.

    Attributes:
        name: One of :data:`TROUBLES`, or ``none``.
        seconds: How long it lasts, where it lasts.

    """

    name: str
    when: When
    seconds: float

    def befall(self, site: Site) -> None:
        """Let it begin, and end."""
        TROUBLES[self.name](site, self.seconds)


def trouble_of(seed: int, call: int, share: float) -> Trouble:
    """Return what befalls a call of a run; ``share`` of all calls are troubled."""
    dice = random.Random(f"{seed}:{call}")
    name = "none" if dice.random() >= share else dice.choice(_NAMES)
    least, most = _PAUSE_S if "paused" in name else _STALL_S
    return Trouble(name, dice.choice(list(When)), dice.uniform(least, most))


def _nothing(_site: Site, _seconds: float) -> None:
    pass


def _media_cut(site: Site, _seconds: float) -> None:
    site.media.reset()


def _media_stalled(site: Site, seconds: float) -> None:
    site.media.stall()
    time.sleep(seconds)
    site.media.flow()


def _media_swallowed(site: Site, seconds: float) -> None:
    site.media.swallow()
    time.sleep(seconds)
    site.media.flow()


def _rooms_cut(site: Site, _seconds: float) -> None:
    site.rooms.reset()


def _rooms_stalled(site: Site, seconds: float) -> None:
    site.rooms.stall()
    time.sleep(seconds)
    site.rooms.flow()


def _answer_lost(site: Site, _seconds: float) -> None:
    site.rooms.lose_answers(1)


def _server_killed(site: Site, _seconds: float) -> None:
    site.kill_server()


def _server_paused(site: Site, seconds: float) -> None:
    _pause(site.server.pid, seconds)


def _agent_paused(site: Site, seconds: float) -> None:
    _pause(site.agent.pid, seconds)


def _hung_up_early(site: Site, _seconds: float) -> None:
    site.kiosk.press("hangup")


def _pressed_wildly(site: Site, _seconds: float) -> None:
    for button in ("call", "mute", "call", "mute"):
        site.kiosk.press(button)


def _pause(pid: int, seconds: float) -> None:
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        os.kill(pid, signal.SIGCONT)


TROUBLES: Final[dict[str, Callable[[Site, float], None]]] = {
    "none": _nothing,
    "media cut": _media_cut,
    "media stalled": _media_stalled,
    "media swallowed": _media_swallowed,
    "rooms cut": _rooms_cut,
    "rooms stalled": _rooms_stalled,
    "answer lost": _answer_lost,
    "server killed": _server_killed,
    "server paused": _server_paused,
    "agent paused": _agent_paused,
    "hung up early": _hung_up_early,
    "pressed wildly": _pressed_wildly,
}
_NAMES: Final = tuple(name for name in TROUBLES if name != "none")
