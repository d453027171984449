"""
One page that looks: what is next for it, and what it is spared.

Nothing queues.  Of a plane only its newest look is sent, sound is kept for a fifth of a
second, facts that changed again replace those that wait.  While ``WINDOW`` pictures wait
to be said back no other goes out; what was shown meanwhile is counted as dropped.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from kiosk.ports import Layer
from kiosk.simulator.planes import OFF, Look, Planes
from kiosk.simulator.wire import PLANES, RATES, Kind, message


WINDOW: Final = 6
"""Pictures and pages under way at once."""
SOUND_WINDOW: Final = 25
"""Blocks of sound under way at once."""
KEPT_SOUND: Final = 20
"""Blocks of 10 ms that wait to be sent."""
KEPT_LINES: Final = 200
_EARLY_S = 0.002

Send = Callable[[bytes], Awaitable[None]]


class Viewer:
    """
    One page's share of the feed; on the page server's loop.

    Args:
        planes: Encodes.
        changes: Number of each layer's latest change, kept by the feed.
        facts: What is known already.

    Attributes:
        sent: Messages about each layer.
        dropped: Looks that were shown and could not be sent in time.

    """

    def __init__(
        self,
        planes: Planes,
        changes: Mapping[Layer, int],
        facts: Mapping[str, Any],
    ) -> None:
        self._planes = planes
        self._changes = changes
        self._news = asyncio.Event()
        self._news.set()  # there is something from the beginning
        self._loop = asyncio.get_running_loop()
        self._changed: set[Layer] = set(Layer)
        self._last: dict[Layer, Look] = dict.fromkeys(Layer, OFF)
        self._due = dict.fromkeys(Layer, 0.0)
        self._rate = RATES[0]
        self._sound: deque[bytes] = deque(maxlen=KEPT_SOUND)
        self._facts = dict(facts)
        self._sequence = 0
        self._unseen: set[int] = set()
        self._unheard: set[int] = set()
        self.sent: Counter[Layer] = Counter()
        self.dropped: Counter[Layer] = Counter()

    def change(self, layer: Layer) -> None:
        """Take note that a layer looks otherwise."""
        if layer in self._changed and len(self._unseen) >= WINDOW:
            self.dropped[layer] += 1
        self._changed.add(layer)
        self._news.set()

    def hear(self, pcm: bytes) -> None:
        """Take a block of sound; the oldest goes if nobody fetches them."""
        self._sound.append(pcm)
        self._news.set()

    def tell(self, name: str, value: Any) -> None:
        """Take a fact, in place of an older one of its name."""
        self._facts[name] = value
        self._news.set()

    def add(self, name: str, line: Any) -> None:
        """Take a line of a list of facts; the oldest go if there are too many."""
        lines = [*self._facts.get(name, ()), line]
        self._facts[name] = lines[-KEPT_LINES:]
        self._news.set()

    def see(self, sequence: int) -> None:
        """Take the page's word that a message had its effect."""
        self._unseen.discard(sequence)
        self._unheard.discard(sequence)
        self._news.set()

    def want_rate(self, rate: int) -> None:
        """Send so many pictures of a plane a second, at most."""
        self._rate = rate

    async def run(self, send: Send) -> None:
        """Send what there is until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            while (next_one := self._next()) is not None:
                await send(next_one)

    def _next(self) -> bytes | None:
        return self._next_sound() or self._next_facts() or self._next_look()

    def _next_sound(self) -> bytes | None:
        if not self._sound or len(self._unheard) >= SOUND_WINDOW:
            return None
        pcm = b"".join(self._sound)
        self._sound.clear()
        self._unheard.add(self._numbered())
        return message(Kind.SOUND, self._sequence, pcm)

    def _next_facts(self) -> bytes | None:
        if not self._facts:
            return None
        facts, self._facts = self._facts, {}
        body = json.dumps(facts, separators=(",", ":")).encode()
        return message(Kind.FACTS, self._numbered(), body)

    def _next_look(self) -> bytes | None:
        for layer in PLANES:
            if layer not in self._changed or len(self._unseen) >= WINDOW:
                continue
            now = self._loop.time()
            if now < self._due[layer] - _EARLY_S:
                self._loop.call_at(self._due[layer], self._news.set)
                continue
            self._changed.remove(layer)
            look = self._planes.look(layer, self._changes[layer])
            if look == self._last[layer]:
                continue
            self._last[layer] = look
            self._due[layer] = max(now, self._due[layer] + 1 / self._rate)
            self.sent[layer] += 1
            self._unseen.add(self._numbered())
            return message(look.kind, self._sequence, look.body, layer, look.at)
        return None

    def _numbered(self) -> int:
        self._sequence += 1
        return self._sequence
