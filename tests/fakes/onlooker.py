"""Somebody who hears and sees what came of a stream, and remembers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from typing_extensions import override

from kiosk.display.headless import HeadlessDisplay
from kiosk.media.stretch import Pcm
from kiosk.ports import Frame, Layer, MediaFact, Micros, Rect, SoftFrame
from tests.fakes.receive_path import ReceivePath
from tests.fakes.sent_stream import BEGIN_US, Sent, coming
from tests.fakes.steady_clock import SteadyClock


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture: when it was shown and taken, in seconds of the stream."""

    at: float
    taken: float
    size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Heard:
    """
    Ten milliseconds of sound, in seconds of the stream.

    Attributes:
        pts: The sender's time of its beginning; None if nothing was due.

    """

    at: float
    pts: float | None
    peak: float


class _Display(HeadlessDisplay):
    """Remembers what it was given."""

    def __init__(self, clock: SteadyClock) -> None:
        super().__init__(clock, width=640, height=384)
        self.seen: list[Seen] = []
        self.hidden: list[float] = []

    @override
    def show(self, layer: Layer, frame: Frame, at: Rect | None = None) -> Micros:
        shown = super().show(layer, frame, at)
        assert isinstance(frame, SoftFrame)
        size = (frame.width, frame.height)
        self.seen.append(Seen(_s(shown), _s(frame.captured_at), size))
        return shown

    @override
    def hide(self, layer: Layer) -> None:
        super().hide(layer)
        self.hidden.append(_s(self._clock.now()))


class Onlooker:
    """
    Runs a stream through the receive path.

    Attributes:
        facts: What was told, and when.

    """

    def __init__(
        self,
        sent: Sequence[Sent],
        until_s: float = 6.0,
        broken_off_at: float | None = None,
    ) -> None:
        self._displays: list[_Display] = []
        self.heard: list[Heard] = []
        self.facts: list[tuple[float, MediaFact]] = []
        self.path = ReceivePath(
            coming(sent, until_s, broken_off_at),
            begin=BEGIN_US,
            make_display=self._make_display,
            on_period=self._hear,
            on_fact=self._note,
        )

    @property
    def seen(self) -> list[Seen]:
        return self._displays[0].seen

    @property
    def hidden(self) -> list[float]:
        return self._displays[0].hidden

    @property
    def concealed_ms(self) -> float:
        return self.path.counters.concealed_us / 1000

    def longest_gap(self, begin: float, end: float) -> float:
        """Return the longest time without a new picture."""
        times = [begin, *(s.at for s in self.seen if begin <= s.at < end), end]
        return max(b - a for a, b in pairwise(times))

    def longest_silence(self, begin: float, end: float) -> float:
        """Return the longest time without anything to hear of the tone."""
        loud = [h.at for h in self.heard if begin <= h.at < end and h.peak > 2_000]
        times = [begin, *loud, end]
        return max(b - a for a, b in pairwise(times))

    def offsets_ms(self, begin: float, end: float) -> list[float]:
        """Return how much later than its sound each picture was, by their stamps."""
        found = []
        for seen in self.seen:
            last = [h for h in self.heard if h.pts is not None and h.at <= seen.at]
            if begin <= seen.at < end and last:
                pts = last[-1].pts
                assert pts is not None
                heard = last[-1].at + (seen.taken - pts)
                found.append((seen.at - heard) * 1000)
        return found

    def ages_ms(self, begin: float, end: float) -> list[float]:
        """Return how old the pictures were that were shown in that time."""
        return [(s.at - s.taken) * 1000 for s in self.seen if begin <= s.at < end]

    @classmethod
    async def of(cls, *parts: Sequence[Sent], until_s: float = 6.0) -> Onlooker:
        """Return somebody who has heard and seen a stream of these parts."""
        made = cls([one for part in parts for one in part], until_s)
        await made.path.run()
        return made

    def _make_display(self, clock: SteadyClock) -> HeadlessDisplay:
        self._displays.append(_Display(clock))
        return self._displays[0]

    def _hear(self, at: Micros, samples: Pcm | None, pts_us: int | None) -> None:
        peak = 0.0 if samples is None else float(np.abs(samples).max())
        pts = None if pts_us is None else pts_us / 1e6 - 0.2
        self.heard.append(Heard(_s(at), pts, peak))

    def _note(self, fact: MediaFact) -> None:
        self.facts.append((_s(self.path.clock.now()), fact))


def _s(at: int) -> float:
    return (at - BEGIN_US) / 1_000_000
