"""
A loudspeaker on a sound card, and a headset or hearing loop that takes its place.

A second card may be configured: it plays whenever it is plugged in (and something is in
its socket, where it can tell), and the first one otherwise, changed within a call.  The other card is opened while this one still plays
what waits in it, so the change costs what opening takes, some tens of milliseconds.
A headset that hangs is left for a while: a call is not silent for it.

The thread that writes sleeps until there is room and never waits inside the library.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from kiosk.alsa.cards import Direction
from kiosk.alsa.jacks import is_plugged
from kiosk.alsa.machine import SoundMachine
from kiosk.alsa.mixer import set_level
from kiosk.alsa.pcm import Shape, find, open_pcm
from kiosk.alsa.playing import Playing
from kiosk.alsa.reasons import held_by
from kiosk.codec.short_wait import wait_shortly
from kiosk.errors import DeviceError, DeviceStalled
from kiosk.ports import Clock, Micros, Period, Probe


log = logging.getLogger(__name__)

STALL_S = 0.5
LOOK_US = 500_000
"""How often it is looked whether the headset is plugged in."""
LEFT_US = 30_000_000
"""For so long a headset that hung is not tried again."""
SLOW_US = 100_000
"""A headset that refuses later than this hangs: the library holds up every thread of the
process meanwhile."""

SHAPE = Shape("speaker", Direction.PLAYBACK, period_ms=10, periods=8)


@dataclass(frozen=True, slots=True)
class _Active:
    """The card that plays, and whether it is the headset's."""

    playing: Playing
    is_headset: bool


class AlsaSpeaker:
    """
    Implements :class:`kiosk.ports.Speaker` with ALSA.

    Args:
        clock: Must be CLOCK_MONOTONIC, as the stamps of the cards are.
        wanted: Which card, see :mod:`kiosk.alsa.choice`; empty for the first.
        headset: Which card plays instead while it is there; empty for none.
        level: For the cards' own mixers, in percent; None leaves them alone.
        machine: Has the cards.

    """

    def __init__(
        self,
        clock: Clock,
        wanted: str = "",
        *,
        headset: str = "",
        level: int | None = None,
        machine: SoundMachine | None = None,
    ) -> None:
        self._clock = clock
        self._wanted = wanted
        self._headset = headset
        self._level = level
        self._machine = machine or SoundMachine()
        self._active: _Active | None = None
        self._underruns = 0
        self._looked_at = Micros(0)
        self._refused = ""
        self._left_until = Micros(0)
        self._on_played: Callable[[Period], None] | None = None
        self._closing = threading.Event()
        self._using = threading.Lock()  # held by whoever uses the card
        self._path = f"alsa:{wanted}" if wanted else "alsa"

    def probe(self) -> Probe:
        """Say which card would play, without opening it."""
        wanted = self._headset if self._has_headset() else self._wanted
        choice, reason = find(wanted, SHAPE, self._machine)
        if choice is not None and reason is None:
            reason = held_by(choice, SHAPE.direction, self._machine)
        if reason is not None:
            return Probe(str(choice or "no speaker"), reason.wrong, reason.cure)
        return Probe(str(choice))

    def open(self, on_played: Callable[[Period], None] | None = None) -> None:
        """
        Begin to play, on the headset if it is there.

        Raises:
            DeviceError: If it is open already, absent, busy, not permitted, or
                cannot be used.

        """
        with self._using:
            if self._active is not None:
                raise DeviceError("speaker", self._path, "busy: opened already")
            self._underruns = 0
            self._looked_at = self._clock.now()
            self._active = self._headset_or_main()
            self._on_played = on_played
            self._closing.clear()

    @property
    def is_open(self) -> bool:
        """Whether a card is open right now."""
        return self._active is not None

    @property
    def is_on_headset(self) -> bool:
        """Whether it is the headset that plays."""
        active = self._active
        return active is not None and active.is_headset

    @property
    def underruns(self) -> int:
        """How often there was nothing to play since ``open``; stays until the next."""
        active = self._active
        return self._underruns + (0 if active is None else active.playing.underruns)

    def write(self, pcm: bytes) -> Micros:
        """
        Play a period; blocks while the card's buffer is full.

        Returns:
            When its first sample is heard.

        Raises:
            DeviceStalled: If the card took nothing for half a second.
            DeviceError: If it is not open, closed meanwhile, or unplugged.

        """
        begun = looked_at = self._clock.now()
        with self._using:
            self._look_for_headset()
            self._open_one().playing.put(pcm)
        while (heard_at := self._pushed(pcm)) is None:
            with self._using:
                playing = self._open_one().playing
                wait_s = playing.wait_s()
            # a thread that was held up looks once more before it blames the card
            if looked_at - max(begun, playing.alive_at) >= STALL_S * 1_000_000:
                begun = self._leave_headset(pcm)
            wait_shortly(self._closing, wait_s)
            looked_at = self._clock.now()
        if self._on_played is not None:
            self._on_played(Period(pcm, heard_at))
        return heard_at

    def close(self) -> None:
        """Stop at once; a blocked ``write`` raises."""
        self._closing.set()
        with self._using:
            if self._active is not None:
                self._underruns += self._active.playing.underruns
                self._active.playing.close()
            self._active = None

    def _open_one(self) -> _Active:
        if self._active is None:
            closed = self._closing.is_set()
            wrong = "closed while it was written" if closed else "not open"
            raise DeviceError("speaker", self._path, wrong)
        return self._active

    def _pushed(self, pcm: bytes) -> Micros | None:
        """Write what finds room; when all did, return when it is heard."""
        with self._using:
            active = self._open_one()
            try:
                is_in = active.playing.push()
            except DeviceError:
                if not active.is_headset:
                    raise
                self._change_to(self._opened_main())
                self._open_one().playing.put(pcm)
                is_in = self._open_one().playing.push()
            return self._open_one().playing.heard_at() if is_in else None

    def _leave_headset(self, pcm: bytes) -> Micros:
        """Have the loudspeaker play what a hung headset did not take; say since when."""
        with self._using:
            if not self._open_one().is_headset:
                raise DeviceStalled("speaker", self._path, STALL_S)
            now = self._clock.now()
            self._left_until = Micros(now + LEFT_US)
            log.warning("headset hangs", extra={"card": self._path})
            self._change_to(self._opened_main())
            self._open_one().playing.put(pcm)
            return now

    def _look_for_headset(self) -> None:
        """Change to the headset once it was plugged in, and back when it is gone."""
        active = self._active
        now = self._clock.now()
        if not self._headset or active is None or now - self._looked_at < LOOK_US:
            return
        self._looked_at = now
        is_there = now >= self._left_until and self._has_headset()
        if is_there is active.is_headset:
            return
        try:
            other = self._opened_headset() if is_there else self._opened_main()
        except DeviceError as exc:  # udev may not have given it to us yet
            if str(exc) != self._refused:  # it is tried twice a second
                self._refused = str(exc)
                log.info("loudspeaker not changed", extra={"reason": self._refused})
            return
        self._change_to(other)

    def _change_to(self, other: _Active) -> None:
        before, self._active = self._active, other
        self._refused = ""
        if before is not None:
            self._underruns += before.playing.underruns
            before.playing.close()
        log.info("loudspeaker changed", extra={"headset": other.is_headset})

    def _has_headset(self) -> bool:
        if not self._headset:
            return False
        choice, reason = find(self._headset, SHAPE, self._machine)
        if choice is None or reason is not None:
            return False
        return choice.card is None or is_plugged(choice.card, self._machine)

    def _headset_or_main(self) -> _Active:
        if self._has_headset():
            try:
                return self._opened_headset()
            except DeviceError as exc:
                log.warning("headset not used", extra={"reason": str(exc)})
        return self._opened_main()

    def _opened_headset(self) -> _Active:
        began = self._clock.now()
        try:
            return self._opened(self._headset, is_headset=True)
        except DeviceError:
            now = self._clock.now()
            if now - began > SLOW_US:
                self._left_until = Micros(now + LEFT_US)
            raise

    def _opened_main(self) -> _Active:
        return self._opened(self._wanted, is_headset=False)

    def _opened(self, wanted: str, *, is_headset: bool) -> _Active:
        opened = open_pcm(wanted, SHAPE, self._machine)
        if self._level is not None:
            set_level(opened, SHAPE.direction, self._level)
        self._path = opened.choice.name
        return _Active(Playing(opened, self._clock, self._machine), is_headset)
