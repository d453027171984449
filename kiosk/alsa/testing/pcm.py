"""
Stands for an open ``alsaaudio.PCM`` that does not block.

As the real one, by version: 0.10 silently prepares a card that lost sound before a
read, and raises for an underrun in a write; 0.11 returns -32 for both, and prepares
the card then.  Both start a card with the first read or write.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kiosk.alsa.testing.card import CardKind, FakeCard, Samples


_SETUP, _PREPARED, _RUNNING, _XRUN, _DISCONNECTED = 1, 2, 3, 4, 8
_SHORT = 100


class ALSAAudioError(Exception):
    """The module's only error."""


@dataclass(frozen=True, slots=True)
class Form:
    """Rate, channels, format and buffer that a card was set to."""

    rate: int
    channels: int
    format: str
    period: int
    periods: int

    def nearest(self, kind: CardKind) -> Form:
        """Return what a card makes of it that converts nothing."""
        rate = min(kind.rates, key=lambda one: abs(one - self.rate))
        channels = min(kind.channels, key=lambda one: abs(one - self.channels))
        known = self.format in kind.formats
        return Form(
            rate,
            channels,
            self.format if known else kind.formats[0],
            self.period * rate // self.rate,
            kind.buffer_ms * self.rate // 1000 // self.period or self.periods,
        )


class FakePcm:
    """One open device of a card. Not thread-safe, as the real one."""

    def __init__(
        self,
        card: FakeCard,
        name: str,
        form: Form,
        *,
        plays: bool,
        subdevice: int,
        tells_xruns: bool,
        on_close: Callable[[FakePcm], None],
    ) -> None:
        self._card = card
        self._name = name
        self._form = form
        self._plays = plays
        self._subdevice = subdevice
        self._tells_xruns = tells_xruns
        self._on_close = on_close
        self._state = _PREPARED
        self._start = self._mine = 0
        self._xruns_seen = card.xruns_made
        self._is_closed = False

    def is_of(self, card: FakeCard, *, plays: bool) -> bool:
        """Say whether it is a device of that card and direction."""
        return self._card is card and self._plays is plays

    @property
    def _buffer(self) -> int:
        return self._form.period * self._form.periods

    def info(self) -> dict[str, Any]:
        """Return what the device was set to, in the module's words."""
        return {
            "rate": self._form.rate,
            "channels": self._form.channels,
            "format_name": self._form.format,
            "period_size": self._form.period,
            "buffer_size": self._buffer,
            "subdevice_no": self._subdevice,
        }

    def set_tstamp_mode(self, mode: int) -> None:
        """Keep stamps; it always does."""

    def set_tstamp_type(self, kind: int) -> None:
        """Keep them on the monotonic clock; it always does."""

    def state(self) -> int:
        """Return the device's state."""
        self._open()
        if not self._card.is_there:
            return _DISCONNECTED
        self._move()
        return self._state

    def htimestamp(self) -> tuple[int, int, int]:
        """Return when the pointer moved last, and what can be read or written."""
        self._open()
        if not self._card.is_there:
            return (0, 0, 1 << 40)  # the module ignores the error
        at = self._move()
        return (at // 1_000_000, at % 1_000_000 * 1000, self._avail())

    def read(self) -> tuple[int, bytes]:
        """Return a period or what there is of it."""
        self._check()
        lost = self._state == _XRUN
        if lost:
            self._prepare()
            if self._tells_xruns:
                return (-errno.EPIPE, b"")
        if self._state in {_SETUP, _PREPARED}:
            self._begin()
        most = _SHORT if self._card.short_reads else self._form.period
        length = min(self._avail(), most)
        at = self._ours(self._start + self._mine)
        heard = self._card.hear(at, self._ours(length))
        self._mine += length
        return (length, _resized(heard, length).tobytes())

    def write(self, data: bytes) -> int:
        """Take in what finds room and return how many samples."""
        self._check()
        if self._state == _XRUN:
            self._prepare()
            if self._tells_xruns:
                return -errno.EPIPE
        if self._state == _SETUP:
            self._prepare()
        samples = np.frombuffer(data, "<i2")[: self._avail()]
        if self._state == _PREPARED and samples.size:
            self._begin()
        at = self._ours(self._start + self._mine)
        self._card.play(at, _resized(samples, self._ours(samples.size)))
        self._mine += samples.size
        return int(samples.size)

    def drop(self) -> int:
        """Stop at once."""
        self._check()
        if self._plays and self._state == _RUNNING:
            now, _ = self._card.pointer(self._form.rate)
            self._card.silence(self._ours(now))
        self._state = _SETUP
        return 0

    def close(self) -> None:
        """Let go of the device."""
        if not self._is_closed:
            self._is_closed = True
            self._on_close(self)

    def _open(self) -> None:
        if self._is_closed:
            raise ALSAAudioError("PCM device is closed")

    def _check(self) -> None:
        self._open()
        if not self._card.is_there:
            raise ALSAAudioError(f"{os.strerror(errno.ENODEV)} [{self._name}]")
        self._move()

    def _begin(self) -> None:
        self._start, _ = self._card.pointer(self._form.rate)
        self._mine = 0
        self._state = _RUNNING

    def _prepare(self) -> None:
        self._state = _PREPARED
        self._mine = 0

    def _move(self) -> int:
        """Let the device notice that its buffer ran over, or dry."""
        pointer, at = self._card.pointer(self._form.rate)
        if self._state == _RUNNING:
            passed = pointer - self._start - self._mine
            over = passed >= (0 if self._plays else self._buffer)
            if over and (self._mine or not self._plays):
                self._state = _XRUN
            if self._card.xruns_made != self._xruns_seen:
                self._state = _XRUN
        self._xruns_seen = self._card.xruns_made
        return at

    def _avail(self) -> int:
        if self._state != _RUNNING:
            return self._buffer if self._plays else 0
        pointer, _ = self._card.pointer(self._form.rate)
        passed = pointer - self._start - self._mine
        return max(0, min(self._buffer, passed + self._buffer * self._plays))

    def _ours(self, samples: int) -> int:
        """Return a count of the card's samples as one of the air's."""
        return round(samples * 48_000 / self._form.rate)


def _resized(samples: Samples, size: int) -> Samples:
    """Return samples at another rate, good enough for what is heard in tests."""
    if samples.size in {size, 0}:
        return samples[:size]
    places = (np.arange(size) * (samples.size - 1)) // max(1, size - 1)
    return samples[places]
