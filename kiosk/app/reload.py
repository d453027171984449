"""
The configuration read anew while the kiosk runs: SIGHUP, ``systemctl reload kiosk``.

One daemon makes way for the next in the same process.  Not by exec: that would load
everything again, two seconds on a small board in which nobody hears a button; the
display, the buttons, the control socket and READY simply stay.

1. A wrong configuration is refused aloud (journal, ``STATUS=``, fault lamp, doctor),
   and the old one goes on.  A kiosk that was not set up shows what is wrong now.  Who
   takes a refused one back, to the letter, disturbs nobody.
2. A right one applies when nobody is in a call and no finger is on a button.
3. ``READY=1`` answers every ``RELOADING=1``: at once where the call must end first,
   and a second pair tells when the new one applies.
4. Files that the configuration names are read anew as well, so it applies even when
   not a letter of it changed.  Credentials are what systemd gave to this process when
   it started: a changed one needs a restart.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

from kiosk.app.kept_buttons import KeptButtons
from kiosk.app.named_files import Stamps, stamps_of
from kiosk.config.schema import KioskConfig
from kiosk.daemon.loop import Daemon
from kiosk.errors import ConfigError
from kiosk.ports import Clock, Init, ScreenName


_LOOK_S: Final = 0.1
"""How often a call that a new configuration waits for is looked at."""
SETTLED_S: Final = 5.0
"""So long presses are kept for a successor that does not know yet what is so."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Configured:
    """
    A configuration as it was read.

    Attributes:
        config: What is usable of it.
        problem: What is wrong with it, or nothing.
        files: What the files that it names were like then.

    """

    config: KioskConfig
    problem: ConfigError | None
    files: Stamps = ()

    @classmethod
    def read(cls, config: KioskConfig, problem: ConfigError | None) -> Self:
        """Look at the files that it names as well."""
        return cls(config, problem, stamps_of(config))


class Orders:
    """
    What the supervisor asks of this process by signals, whichever daemon serves.

    Attributes:
        reload: Set when the configuration is to be read anew.
        is_over: Whether it is to end.

    """

    def __init__(self) -> None:
        self.reload = asyncio.Event()
        self.is_over = False
        self._stop: Callable[[], None] = lambda: None

    def follow(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take the signals; a terminal that is closed ends who was started in it."""
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        if "NOTIFY_SOCKET" in os.environ or not _is_at_terminal():
            loop.add_signal_handler(signal.SIGHUP, self.reload.set)

    def obey(self, stop: Callable[[], None]) -> None:
        """Have ``stop`` called when the process is to end, or at once if it is."""
        self._stop = stop
        if self.is_over:
            stop()

    def _end(self) -> None:
        self.is_over = True
        self._stop()


def _is_at_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


class Reload:
    """
    Heeds the wish for another configuration on behalf of one daemon.

    Args:
        read: Reads the configuration; on a worker thread. None: nothing can be read.
        orders: Tells when.
        init: Is told of it.
        clock: Stamps what it is told.

    """

    def __init__(
        self,
        read: Callable[[], Configured] | None,
        orders: Orders,
        init: Init,
        clock: Clock,
    ) -> None:
        self._read = read
        self._orders = orders
        self._init = init
        self._clock = clock
        self._has_refused = False
        self.successor: Configured | None = None

    async def run(self, daemon: Daemon, buttons: KeptButtons, now: Configured) -> None:
        """Return once the daemon gives way to a :attr:`successor`."""
        if buttons.is_held:
            await _hand_over(daemon, buttons)
        while True:
            await self._orders.reload.wait()
            self._orders.reload.clear()
            if self._read is None:
                log.warning("no configuration to read anew")
                continue
            self._init.reloading(self._clock.now())
            found = await asyncio.to_thread(self._read)
            if found.problem is not None and now.problem is None:
                self._refuse(found.problem, daemon)
            elif self._has_refused and found == now:
                self._take_back(daemon)
            elif await self._gives_way(daemon, buttons):
                log.info("configuration applied")
                self.successor = found
                return

    def _refuse(self, problem: ConfigError, daemon: Daemon) -> None:
        reason = f"{problem.code} {problem.mistakes[0]}"
        for mistake in problem.mistakes:
            told = {"code": problem.code, "reason": mistake}
            log.error("configuration refused, the old one goes on", extra=told)
        self._has_refused = True
        daemon.note_configuration(reason)
        self._init.status(f"configuration refused, the old one goes on: {reason}")
        self._init.ready()

    def _take_back(self, daemon: Daemon) -> None:
        """Say that what goes on is what is configured again."""
        log.info("configuration taken back, it is the one that goes on")
        self._has_refused = False
        daemon.note_configuration("")
        now = daemon.status()
        self._init.status(f"{now['screen']} {now['reason']}".rstrip())
        self._init.ready()

    async def _gives_way(self, daemon: Daemon, buttons: KeptButtons) -> bool:
        """Wait for the end of the call; False if there is a newer wish before."""
        is_told = False
        while not self._orders.reload.is_set():
            buttons.hold()
            await asyncio.sleep(0)  # what was reported before is heard by now
            if daemon.is_at_rest() and not buttons.is_touched:
                if is_told:
                    self._init.reloading(self._clock.now())
                daemon.give_way()
                return True
            buttons.release()
            if not is_told:
                is_told = True
                log.info("configuration applies when the call is over")
                self._init.status("the new configuration applies after the call")
                self._init.ready()
            await asyncio.sleep(_LOOK_S)
        return False


async def _hand_over(daemon: Daemon, buttons: KeptButtons) -> None:
    """Give a successor what was pressed before it could act, once it can."""
    events = daemon.subscribe()
    try:
        async with asyncio.timeout(SETTLED_S):
            while daemon.status()["screen"] == ScreenName.STARTING.value:
                await anext(events)
    except TimeoutError:
        log.info("presses given to a kiosk that is starting still")
    finally:
        await events.aclose()
        buttons.release()
