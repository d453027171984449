"""
The render thread: decode every picture at once, present it when it is due.

Pictures follow the sound: the newest one whose time has come on the audio
clock is shown, a little ahead of it, because the eye forgives an early picture
more easily than a late one (ITU-R BT.1359: -45 to +125 ms).  Without sound the
newest picture is shown at once.  Pictures are decoded even when they come too
late to be shown, since the next ones refer to them.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from kiosk.codec import painted_clock
from kiosk.codec.h264_decoder import H264Decoder
from kiosk.codec.i420 import Plane
from kiosk.errors import MediaError
from kiosk.media.incoming import CodedPicture, HeardAt, IncomingStream
from kiosk.media.presence import Presence
from kiosk.media.worker import Worker
from kiosk.ports import Clock, Display, MediaFact, Micros, SoftFrame


LEAD_US = 15_000
"""How much a picture may be ahead of its sound."""

LATE_US = 60_000
"""A picture later than this is not shown when a newer one is there."""

NO_SOUND_US = 500_000
"""After so long without sound pictures run free."""

_APART_US = 1_000_000  # further from the audio clock: another timeline
_FRAMES_MOST = 16
_TICK_US = 100_000


@dataclass(frozen=True, slots=True)
class DecodedPicture:
    """
    A picture that waits until it is due.

    Attributes:
        painted_at: The sender's clock, read from the picture itself.
        arrived_at: When it came from the network.

    """

    pts_us: int
    frame: SoftFrame
    painted_at: Micros | None
    arrived_at: Micros


class Schedule:
    """
    Which picture of one stream is presented when. Pure.

    Attributes:
        dropped: Pictures that were never presented.

    """

    def __init__(self) -> None:
        self._waiting: deque[DecodedPicture] = deque()
        self._has_presented = False
        self.dropped = 0

    def add(self, picture: DecodedPicture) -> None:
        """
        Queue a decoded picture, in decoding order; one too many goes itself.

        Were it the oldest, none would ever be due where sound waits longer than
        so many pictures last: on a path that loses packets.
        """
        if len(self._waiting) < _FRAMES_MOST:
            self._waiting.append(picture)
        else:
            self.dropped += 1

    def restart(self) -> None:
        """Forget all that waits."""
        while self._waiting:
            self._drop_first()

    def take_dropped(self) -> int:
        """Return how many were dropped since the last look."""
        dropped, self.dropped = self.dropped, 0
        return dropped

    def next_due(self, heard: HeardAt | None, now: Micros) -> Micros | None:
        """Return when the next picture is due; None if none waits."""
        if not self._waiting:
            return None
        if not self._has_presented:
            return now
        return due_at(self._waiting[0], heard, now)

    def take_due(self, heard: HeardAt | None, now: Micros) -> DecodedPicture | None:
        """Return the newest picture that is due, dropping older ones."""
        newest = self._newest_due(heard, now)
        if newest is None:
            return None
        for _ in range(newest):
            self._drop_first()
        late_us = now - due_at(self._waiting[0], heard, now)
        if late_us > LATE_US and len(self._waiting) > 1:
            self._drop_first()
            return None
        self._has_presented = True
        return self._waiting.popleft()

    def _newest_due(self, heard: HeardAt | None, now: Micros) -> int | None:
        if not self._has_presented and self._waiting:
            return len(self._waiting) - 1
        for index in range(len(self._waiting) - 1, -1, -1):
            if due_at(self._waiting[index], heard, now) <= now:
                return index
        return None

    def _drop_first(self) -> None:
        self._waiting.popleft()
        self.dropped += 1


def due_at(picture: DecodedPicture, heard: HeardAt | None, now: Micros) -> Micros:
    """Return when a picture is due: with its sound, at once without."""
    if heard is None or now - heard.at > NO_SOUND_US:
        return now
    due = heard.due(picture.pts_us) - LEAD_US
    return now if abs(due - now) > _APART_US else Micros(due)


class StreamPictures:
    """The pictures of one stream, on the render thread."""

    def __init__(
        self,
        stream: IncomingStream,
        presence: Presence,
        display: Display,
        clock: Clock,
        post: Callable[[MediaFact], None],
    ) -> None:
        self.stream = stream
        self.presence = presence
        self._display = display
        self._clock = clock
        self._post = post
        self._decoder: H264Decoder | None = None
        self._config = b""
        self._schedule = Schedule()
        self._has_presented = False

    def step(self) -> Micros | None:
        """
        Decode and present what can be; returns when there is more to do.

        What is due already waits for nothing to be decoded.
        """
        self.stream.looked_at = None
        self._present_due()
        pictures = self.stream.take_pictures()
        for picture in pictures:
            self._decode(picture)
        if pictures:
            self._present_due()
        self.stream.counters.drops.late += self._schedule.take_dropped()
        return self._schedule.next_due(self.stream.heard, self._clock.now())

    def sleeps_until(self, at: Micros) -> None:
        """Let pictures that are not due before wait with us."""
        if self._has_presented:
            self.stream.looked_at = at

    def _present_due(self) -> None:
        due = self._schedule.take_due(self.stream.heard, self._clock.now())
        if due is not None:
            self._has_presented = True
            self._present(due)

    def look(self) -> None:
        """Tell what became of the peer, and take a dead picture away."""
        stream = self.stream
        verdict = self.presence.look(
            self._clock.now(), stream.last_media_at, stream.first_sound_at
        )
        if verdict.hide:
            self._schedule.restart()
            stream.counters.drops.hidden += self._schedule.take_dropped()
            with stream.presenting:
                if not stream.is_closed:
                    self._display.hide(stream.layer)
        if verdict.fact is not None:
            self._post(verdict.fact)

    def _decode(self, picture: CodedPicture) -> None:
        try:
            if self._decoder is None:
                self._decoder = H264Decoder(picture.config)
                self._config = picture.config
            elif picture.config != self._config:
                self._decoder.configure(picture.config)
                self._config = picture.config
            frames = self._decoder.decode(picture.payload, Micros(picture.pts_us))
        except MediaError:
            self.stream.counters.drops.damaged += 1
            self.stream.want_idr()
            return
        now = self._clock.now()
        for frame in frames:
            painted_at = painted_clock.read(_luma(frame), now)
            self._schedule.add(
                DecodedPicture(
                    frame.captured_at,
                    replace(frame, captured_at=painted_at or now),
                    painted_at,
                    picture.arrived_at,
                )
            )

    def _present(self, picture: DecodedPicture) -> None:
        stream = self.stream
        late_us = stream.picture_backlog.late_us(picture.pts_us, picture.arrived_at)
        if not self.presence.accepts(late_us):
            stream.counters.drops.old += 1
            return
        with stream.presenting:
            if stream.is_closed:
                return
            at = self._display.show(stream.layer, picture.frame)
            if at is None:
                stream.counters.drops.hidden += 1
            else:
                stream.counters.count_shown(at, picture.arrived_at)
        for fact in self.presence.picture_shown(self._clock.now(), late_us):
            self._post(fact)  # it is there, though its place may be yet to come
        if at is None:
            return
        heard = stream.heard
        if heard is not None and at - heard.at < NO_SOUND_US:
            lag_us = at - (heard.at + picture.pts_us - heard.pts_us)
            if abs(lag_us) < _APART_US:  # else on another timeline
                stream.counters.picture_lag.add(lag_us / 1000)
        if picture.painted_at is not None:
            stream.counters.video_latency.add((at - picture.painted_at) / 1000)


class Renderer:
    """Shows the pictures of all streams of a player."""

    def __init__(
        self, display: Display, clock: Clock, post: Callable[[MediaFact], None]
    ) -> None:
        self._display = display
        self._clock = clock
        self._post = post
        self._streams: tuple[StreamPictures, ...] = ()
        self._wake = threading.Condition()
        self._has_news = False

    def add(
        self,
        stream: IncomingStream,
        shown_at: Micros | None = None,
        *,
        follows: bool = False,
    ) -> None:
        """Show a stream from now on, perhaps after another one; on the event loop."""
        presence = Presence(stream.user_id, shown_at, follows=follows)
        pictures = StreamPictures(
            stream, presence, self._display, self._clock, self._post
        )
        self._streams = (*self._streams, pictures)

    def remove(self, stream: IncomingStream, *, hide: bool) -> Micros | None:
        """
        Show nothing more of a stream; on the event loop.

        Returns:
            When its last picture was shown, if that is still on the display.

        """
        shown_at: Micros | None = None
        for pictures in self._streams:
            if pictures.stream is stream:
                shown_at = pictures.presence.shown_at
        self._streams = tuple(p for p in self._streams if p.stream is not stream)
        with stream.presenting:
            stream.is_closed = True
        if not hide:
            return shown_at
        self._display.hide(stream.layer)
        return None

    def wake(self) -> None:
        """There is something to decode, or to stop for; any thread."""
        with self._wake:
            self._has_news = True
            self._wake.notify()

    def run(self, worker: Worker) -> None:
        """Render until told to stop: the body of the thread."""
        looked_at = self._clock.now()
        while not worker.stopping.is_set():
            worker.beat()
            due = [pictures.step() for pictures in self._streams]
            now = self._clock.now()
            if now - looked_at >= _TICK_US:
                looked_at = now
                for pictures in self._streams:
                    pictures.look()
            self._sleep(min((at for at in due if at is not None), default=None))

    def _sleep(self, until: Micros | None) -> None:
        now = self._clock.now()
        wait_us = _TICK_US if until is None else min(_TICK_US, until - now)
        for pictures in self._streams:
            pictures.sleeps_until(Micros(now + wait_us))
        with self._wake:
            if not self._has_news and wait_us > 0:
                self._wake.wait(wait_us / 1_000_000)
            self._has_news = False


def _luma(frame: SoftFrame) -> Plane:
    pitch = frame.pitches[0]
    rows = np.frombuffer(frame.planes[0], np.uint8)[: pitch * frame.height]
    return rows.reshape(frame.height, pitch)[:, : frame.width]
