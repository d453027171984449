"""
The room server without ports: its own tables, routes, long polls and sweeps.

It lives in one process with the relay, as in production: what kills one kills both.
"""

from __future__ import annotations

import asyncio
from random import Random

from kiosk.roomserver.asking import ServerClock
from kiosk.roomserver.core import ServerCore
from kiosk.roomserver.http import Door
from kiosk.roomserver.long_polls import LongPolls
from kiosk.roomserver.settings import ServerSettings
from tests.simulation.relay import PaperRelay


UNIX_S = 1_800_000_000.0


class Server:
    """
    One server, which may die and be started again with an empty memory.

    Attributes:
        door: Answers; None while there is no process.
        life: How many processes there were.
        wall_s: How far its wall clock was turned.
        heard_at: When a user's last sign of life arrived; its sender notes it.

    """

    def __init__(
        self, settings: ServerSettings, relay: PaperRelay, random: Random
    ) -> None:
        self._settings = settings
        self.relay = relay
        self._random = random
        self._polls = LongPolls(random.random)
        self.core: ServerCore | None = None
        self.door: Door | None = None
        self.life = 0
        self.wall_s = 0.0
        self.heard_at: dict[str, float] = {}
        self.start()

    def start(self) -> None:
        """Start with an empty memory."""
        loop = asyncio.get_running_loop()
        self.life += 1
        self._polls = polls = LongPolls(self._random.random)
        clock = ServerClock(loop.time, lambda: UNIX_S + loop.time() + self.wall_s)
        self.core = core = ServerCore(
            self._settings,
            clock,
            self._random.randbytes,
            polls.ring,
            later=loop.call_later,
        )
        backend = core.streams.relay_backend(self.relay, 1935)
        self.door = Door(core.routes(backend), polls)
        self.relay.gate = core.gate

    def kill(self) -> None:
        """Be gone at once, the relay and all memory too; safe to repeat."""
        if self.core is None:
            return
        self.life += 1
        self.core = self.door = self.relay.gate = None
        self.relay.end_all("connection reset")
        self._polls.release_all()

    def forget(self) -> None:
        """Be started anew at once, while the relay, another's, goes on."""
        if self.core is None:
            return
        self.life += 1
        self._polls.release_all()
        self.start()

    async def sweep(self) -> None:
        """Sweep regularly, until cancelled."""
        while True:
            await asyncio.sleep(self._settings.sweep_s)
            for sweep in self.core.sweeps if self.core else ():
                sweep()
