"""
One stream of the relay: its publisher, its subscribers, what joiners need.

A unit is packed once and offered to every subscriber's ring; a subscriber
that cannot take it never slows the others.  Kept for joiners: metadata and
the configs of both codecs, no picture (a GOP cache shows old pictures; a
publisher of ours is asked for an IDR instead).  No socket and no log here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from kiosk.roomserver.relay_terms import StreamStats
from kiosk.rtmp import flv
from kiosk.rtmp import messages as m
from kiosk.rtmp.chunks import Message, pack
from kiosk.rtmp.connection import (
    AUDIO_CHUNK_STREAM,
    OWN_CHUNK_BYTES,
    VIDEO_CHUNK_STREAM,
)
from kiosk.rtmp.events import AudioTag, MediaEvent, VideoTag
from kiosk.rtmp.live_queue import Kind
from kiosk.rtmp.server import STREAM_ID


class Publisher(Protocol):
    """Whoever sends the stream."""

    @property
    def opus(self) -> bool:
        """Whether it can send Opus instead of AAC."""
        ...

    def request_idr(self) -> None:
        """Ask for an IDR, if the publisher knows how."""
        ...

    def use_opus(self, *, wanted: bool) -> None:
        """Have it send Opus, or AAC again; only if it can."""
        ...


class Subscriber(Protocol):
    """Whoever receives the stream."""

    @property
    def opus(self) -> bool:
        """Whether it hears Opus; everybody hears AAC."""
        ...

    @property
    def sent_bytes(self) -> int:
        """Media handed to the network."""
        ...

    @property
    def dropped_units(self) -> int:
        """Media thrown away."""
        ...

    def offer(self, kind: Kind, packed: bytes) -> None:
        """Take a unit into the ring; never blocks."""
        ...

    def publisher_came(self) -> None:
        """Begin anew: what follows is another stream under the same name."""
        ...

    def publisher_left(self) -> None:
        """Tell the player that nothing follows for now."""
        ...


class Listener(Protocol):
    """Whoever hears the stream inside this process, unit by unit."""

    def hear(self, kind: Kind, event: MediaEvent) -> None:
        """Take a unit; must not block."""
        ...

    def begin_anew(self) -> None:
        """Note that what follows is another stream under the same name."""
        ...


class RelayStream:
    """
    A name somebody publishes, or waits for.

    Attributes:
        name: Without query; safe to log.
        publisher: None while subscribers wait.
        subscribers: In order of joining.
        listeners: Likewise.
        last_media: Loop time of the publisher's last unit, or of its coming.
        vacant_since: Loop time since which there is no publisher.

    """

    def __init__(
        self,
        name: str,
        now: float,
        idr_interval_s: float,
        call_later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self.name = name
        self.publisher: Publisher | None = None
        self.subscribers: dict[Subscriber, None] = {}
        self.listeners: dict[Listener, None] = {}
        self.last_media = now
        self.vacant_since = now
        self._idr_interval_s = idr_interval_s
        self._call_later = call_later
        self._idr_asked_at = now - idr_interval_s
        self._idr_pending = False
        self._timestamp_ms = 0
        self._metadata = b""
        self._video_config = b""
        self._audio_config = b""
        self._opus_asked = False
        self._received_bytes = 0
        self._left_sent_bytes = 0
        self._left_dropped_units = 0

    @property
    def is_deserted(self) -> bool:
        """Nobody publishes and nobody waits."""
        return self.publisher is None and not (self.subscribers or self.listeners)

    def stats(self, now: float) -> StreamStats:
        """Return the counters."""
        present = self.subscribers
        return StreamStats(
            is_live=self.publisher is not None,
            subscribers=len(present),
            received_bytes=self._received_bytes,
            sent_bytes=self._left_sent_bytes + sum(s.sent_bytes for s in present),
            dropped_units=self._left_dropped_units
            + sum(s.dropped_units for s in present),
            silent_s=now - self.last_media,
        )

    def begin(self, publisher: Publisher, now: float) -> None:
        """Take a publisher, in place of a dead one if there is one."""
        self.publisher = publisher
        self.last_media = now
        self._metadata = self._video_config = self._audio_config = b""
        self._opus_asked = False  # a publisher begins with AAC
        for subscriber in self.subscribers:
            subscriber.publisher_came()
        for listener in self.listeners:
            listener.begin_anew()

    def end(self, now: float) -> None:
        """Let the publisher go; subscribers wait for the next one."""
        self.publisher = None
        self.vacant_since = now
        self._metadata = self._video_config = self._audio_config = b""
        for subscriber in self.subscribers:
            subscriber.publisher_left()

    def join(self, subscriber: Subscriber, now: float) -> list[bytes]:
        """Add a subscriber; return what it must get before any media."""
        self.subscribers[subscriber] = None
        self.choose_audio()
        first = (
            (m.METADATA, AUDIO_CHUNK_STREAM, self._metadata),
            (m.VIDEO, VIDEO_CHUNK_STREAM, self._video_config),
            (m.AUDIO, AUDIO_CHUNK_STREAM, self._audio_config),
        )
        self.want_idr(now)
        return [
            self._packed(type_id, chunk_stream, self._timestamp_ms, payload)
            for type_id, chunk_stream, payload in first
            if payload and self._is_for(subscriber, payload, type_id)
        ]

    def listen(self, listener: Listener, now: float) -> None:
        """Let somebody hear the stream, beginning with what joiners need."""
        self.listeners[listener] = None
        self.choose_audio()
        at = self._timestamp_ms
        if self._video_config:
            listener.hear(Kind.VIDEO_CONFIG, VideoTag(at, self._video_config))
        if self._audio_config:
            listener.hear(Kind.AUDIO_CONFIG, AudioTag(at, self._audio_config))
        self.want_idr(now)

    def leave(self, subscriber: Subscriber) -> None:
        """Remove a subscriber; its counters stay."""
        if subscriber in self.subscribers:
            del self.subscribers[subscriber]
            self.choose_audio()
            self._left_sent_bytes += subscriber.sent_bytes
            self._left_dropped_units += subscriber.dropped_units

    def relay(self, event: MediaEvent, now: float) -> None:
        """Offer one unit to everybody."""
        payload = event.payload
        if not payload:
            return
        self.last_media = now
        self._timestamp_ms = event.timestamp_ms
        self._received_bytes += len(payload)
        match event:
            case VideoTag():
                kind = self._video_kind(payload)
                type_id, chunk_stream = m.VIDEO, VIDEO_CHUNK_STREAM
            case AudioTag():
                kind = self._audio_kind(payload)
                type_id, chunk_stream = m.AUDIO, AUDIO_CHUNK_STREAM
            case _:
                self._metadata = payload
                kind = Kind.AUDIO  # it may be lost like a sound; joiners get it
                type_id, chunk_stream = m.METADATA, AUDIO_CHUNK_STREAM
        for listener in self.listeners:
            listener.hear(kind, event)
        if self.subscribers:
            packed = self._packed(type_id, chunk_stream, event.timestamp_ms, payload)
            for subscriber in self.subscribers:
                if self._is_for(subscriber, payload, type_id):
                    subscriber.offer(kind, packed)

    def choose_audio(self) -> None:
        """
        Have a publisher that can send both codecs send what everybody hears.

        Opus while all players hear it; AAC for listeners within the server.
        """
        publisher = self.publisher
        if publisher is None or not publisher.opus:
            return
        players = bool(self.subscribers) and not self.listeners
        wanted = players and all(player.opus for player in self.subscribers)
        if wanted != self._opus_asked:
            self._opus_asked = wanted
            publisher.use_opus(wanted=wanted)

    def _is_for(self, subscriber: Subscriber, payload: bytes, type_id: int) -> bool:
        """
        Whether a player can do anything with a unit.

        What is still under way in Opus when somebody joins who does not hear
        it is kept from him; a stranger's Opus goes to everybody, as it came.
        """
        if type_id != m.AUDIO or subscriber.opus or not flv.is_opus(payload):
            return True
        return self.publisher is None or not self.publisher.opus

    def want_idr(self, now: float) -> None:
        """Ask the publisher for an IDR, now or when the interval is over."""
        if self._idr_pending or self.publisher is None:
            return
        wait_s = self._idr_asked_at + self._idr_interval_s - now
        if wait_s <= 0:
            self._idr_asked_at = now
            self.publisher.request_idr()
        else:
            self._idr_pending = True
            self._call_later(wait_s, lambda: self._ask_late(now + wait_s))

    def _ask_late(self, now: float) -> None:
        self._idr_pending = False
        self.want_idr(now)

    def _video_kind(self, payload: bytes) -> Kind:
        if flv.is_video_config(payload):
            self._video_config = payload
            return Kind.VIDEO_CONFIG
        return Kind.IDR if flv.is_video_key(payload) else Kind.INTER

    def _audio_kind(self, payload: bytes) -> Kind:
        if flv.is_audio_config(payload):
            self._audio_config = payload
            return Kind.AUDIO_CONFIG
        return Kind.AUDIO

    @staticmethod
    def _packed(
        type_id: int, chunk_stream: int, timestamp_ms: int, payload: bytes
    ) -> bytes:
        message = Message(type_id, STREAM_ID, timestamp_ms, payload)
        return pack(message, chunk_stream, OWN_CHUNK_BYTES)
