"""
The product's playout of one stream in virtual time: an hour in seconds.

Packets are put when a simulated network delivers them, a period is taken every
10 ms of the speaker's clock; jitter buffer, decoder, time-scaling and
concealment are those of a call.  The sender's clock may run faster or slower.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, repeat

from kiosk.codec.aac import AacEncoder
from kiosk.codec.beep import ToneSource
from kiosk.media.incoming import IncomingStream, PlayCounters
from kiosk.media.jitter import DelayBounds
from kiosk.media.playout import IncomingSound
from kiosk.ports import Layer, Micros
from kiosk.rtmp import flv


PERIOD_S = 0.01
UNIT_S = 1024 / 48_000
_BEGIN_S = 1_000.0  # of the sender's time, any


@dataclass(frozen=True, slots=True)
class Arrival:
    """A unit of sound: when it was taken and when it came, in our seconds."""

    taken: float
    came: float


def arrivals(
    seconds: float,
    *,
    jitter_s: float,
    stall_s: float = 0.0,
    stall_every_s: float = 15.0,
    drift: float = 0.0,
    seed: int = 1,
) -> Iterator[Arrival]:
    """
    Yield a stream whose packets scatter, and stop for a moment regularly.

    Args:
        drift: How much faster the sender's clock runs than ours: 1e-6 is 1 ppm.

    """
    scatter = random.Random(seed)
    last = 0.0
    for number in range(round(seconds * (1 + drift) / UNIT_S)):
        taken = number * UNIT_S / (1 + drift)
        came = taken + scatter.uniform(0, jitter_s)
        stalled_for = came % stall_every_s
        if came > stall_every_s and stalled_for < stall_s:
            came += stall_s - stalled_for
        last = max(last, came)
        yield Arrival(taken, last)


class VirtualListener:
    """
    Hears one stream.

    Args:
        drift: That of the stream.
        is_pausing: Every other second of what is said is silence.

    Attributes:
        delays_ms: By our time in seconds: how long ago what is heard was taken.

    """

    def __init__(self, *, drift: float = 0.0, is_pausing: bool = False) -> None:
        self._drift = drift
        self._units = _units(is_pausing=is_pausing)
        self.counters = PlayCounters()
        self.stream = IncomingStream(
            "far",
            Layer.BASE,
            self.counters,
            bounds=DelayBounds(),
            on_picture=lambda: None,
        )
        self._sound = IncomingSound(self.stream)
        self.delays_ms: list[tuple[float, float]] = []
        config = flv.AacConfig(2, 48_000, 1, AacEncoder().config)
        self.stream.put_audio(0, config, Micros(0))

    def hear(self, coming: Iterable[Arrival]) -> None:
        """Hear all of a stream that was taken by our clock, from its beginning on."""
        now = 0.0
        for arrival in coming:
            while now < arrival.came:
                self._period(now)
                now += PERIOD_S
            sent_ms = round(self._sent(arrival.taken) * 1000)
            self.stream.put_audio(
                sent_ms, flv.AacUnit(next(self._units)), _micros(arrival.came)
            )

    def mean_ms(self, begin: float, end: float) -> float:
        """Return the mean delay from one second to another."""
        found = [delay for at, delay in self.delays_ms if begin <= at < end]
        return sum(found) / len(found)

    def concealed_percent(self, seconds: float) -> float:
        """Return how much of so many seconds was without sound."""
        return self.counters.concealed_us / seconds / 10_000

    def _period(self, now: float) -> None:
        _, pts_us = self._sound.next_period(_micros(now))
        if pts_us is not None:
            taken = (pts_us / 1e6 - _BEGIN_S) / (1 + self._drift)
            self.delays_ms.append((now, (now - taken) * 1000))

    def _sent(self, taken: float) -> float:
        return _BEGIN_S + taken * (1 + self._drift)


def _micros(seconds: float) -> Micros:
    return Micros(round(seconds * 1_000_000))


def _units(*, is_pausing: bool) -> Iterator[bytes]:
    """Yield AAC for ever: a second of a tone, and one of silence if asked for."""
    encoder, tone = AacEncoder(), ToneSource(500)
    said: list[bytes] = []
    for number in range(94):
        at = Micros(number * 21_333)
        pcm = tone.fill(at, 1024).astype("<i2").tobytes()
        if is_pausing and number >= 47:
            pcm = bytes(len(pcm))
        said += (unit.data for unit in encoder.encode(pcm, at))
    return chain.from_iterable(repeat(said))
