"""
Listens to a microphone while nobody calls, so that a dead one is not found by a customer.

1. At the start, each hour, and as long as it is said to be wrong. It is opened until
   its first sound, that is for one period; nothing of it is kept.
2. One that gives nothing else than one sample is opened again and again, each time for
   less than a second, until that was so for 5 s.
3. A call that wants the microphone has it at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Self

from kiosk.errors import DeviceError
from kiosk.media.hearing import Hearing
from kiosk.ports import SAMPLE_RATE, Clock, Microphone, Micros, Probe


OPEN_S: Final = 0.5
GIVE_WAY_S: Final = 0.3
"""A driver that hangs as it is opened holds up no call, nor the loop that begins it."""
_CURE: Final = "unmute it in its mixer (alsamixer) or at its switch, or replace it"


class LevelTest:
    """
    Args:
        make: Makes the microphone; not open yet.
        clock: Says whether it is time.
        every_s: How often, while it is well; 0: never.
        deaf_s: How much of one sample is too much; 0: nothing is.
        closed_s: Between two looks at one that gives no sound.

    """

    def __init__(
        self,
        make: Callable[[], Microphone],
        clock: Clock,
        *,
        every_s: float,
        deaf_s: float,
        closed_s: float = 1.0,
    ) -> None:
        self._make = make
        self._clock = clock
        self._every_s = every_s
        self._deaf_s = deaf_s
        self._closed_s = closed_s
        self._wrong = ""
        self._next_at = Micros(0)
        self._ceded = threading.Event()
        self._opening = threading.Lock()
        self._listened: Microphone | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Give way at the end as well: the thread that listens is waited for."""
        self.give_way()

    @property
    def is_open(self) -> bool:
        """Whether it has the microphone open right now."""
        return self._listened is not None

    def judge(self, found: Probe) -> Probe:
        """Add what was heard to what is there; that it is open here is not wrong."""
        if found.wrong and self.is_open:
            return Probe(f"{found.found}, open")
        if found.wrong or not self._wrong:
            return found
        return Probe(found.found, self._wrong, _CURE)

    def listen(self, *, is_suspect: bool) -> None:
        """
        Listen, if it is time to; some seconds, of one that gives no sound.

        Args:
            is_suspect: It is said to be wrong: what it gives now decides.

        """
        is_due = is_suspect or self._wrong or self._clock.now() >= self._next_at
        if not (self._deaf_s and self._every_s and is_due):
            return
        if self._ceded.is_set():
            # A call began since, perhaps while this look was on its way to its thread,
            # and no look comes in a call: the next one is after it.
            self._ceded.clear()
            return
        patience_s = OPEN_S if is_suspect or self._wrong else self._deaf_s
        hearing = Hearing(patience_s)
        try:
            while not (hearing.wrong or hearing.varied):
                if not self._hear(hearing) or self._ceded.wait(self._closed_s):
                    return
        except DeviceError:
            return  # whoever asks it says why
        if hearing.wrong:
            self._wrong = f"the same sample for {self._deaf_s:g} s: dead, or muted"
            return
        self._wrong = ""
        self._next_at = Micros(self._clock.now() + round(self._every_s * 1_000_000))

    def give_way(self) -> None:
        """
        Close the microphone, for a call; any thread.

        One that is being opened for longer than :data:`GIVE_WAY_S` is closed as soon
        as it is open, by the thread that waits for it.
        """
        self._ceded.set()
        if not self._opening.acquire(timeout=GIVE_WAY_S):
            return
        try:
            if (listened := self._listened) is not None:
                listened.close()
        finally:
            self._opening.release()

    def _hear(self, hearing: Hearing) -> bool:
        """Open it for a moment, or until its first sound; False: it is a call's."""
        microphone = self._make()
        with self._opening:
            if self._ceded.is_set():
                return False
            microphone.open()
            self._listened = microphone
        try:
            if self._ceded.is_set():
                return False
            # by its samples, and on a busy machine by the clock: nobody calls
            until = self._clock.now() + round(OPEN_S * 1_000_000)
            samples_left = round(OPEN_S * SAMPLE_RATE)
            while samples_left > 0 and self._clock.now() < until:
                pcm = microphone.read().pcm
                hearing.hear(pcm)
                samples_left -= len(pcm) // 2
                if hearing.varied or hearing.wrong:
                    break
        finally:
            microphone.close()
            self._listened = None
        return True
