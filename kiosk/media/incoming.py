"""
One peer's stream, between the three threads that work on it.

The receiver puts, the playout takes sound, the renderer takes pictures.  Time
is the sender's: the RTMP timestamps in microseconds (``pts_us``); the playout
publishes which of them is heard at which moment of our clock, and the
renderer follows that.  Nothing here waits.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from kiosk.media.backlog import Backlog
from kiosk.media.jitter import AudioPacket, DelayBounds, JitterBuffer, SoundCounts
from kiosk.media.stats import Samples
from kiosk.ports import Layer, Micros, PlayStats
from kiosk.rtmp import flv
from kiosk.rtmp.opus import MARK as OPUS_MARK


BEHIND_US = 500_000
"""Undecoded pictures that span more than this are too old to be shown."""

_DECODED_BEFORE_US = 30_000
"""A picture is decoded so long before it is heard at least: the renderer's lead
of 15 ms, and as much for decoding on the smallest board."""

_HEARD_LATELY_US = 50_000  # else sound pauses, and pictures run free soon

_UNASKED_US = 500_000  # a relay that has an IDR made when we join does so sooner

_PICTURES_MOST = 300  # ten seconds, for senders whose timestamps stand still
_AAC_SAMPLES = 1024
_DEFAULT_RATE = 48_000
_RATE_LEAST, _RATE_MOST = 7_350, 96_000


@dataclass(frozen=True, slots=True)
class CodedPicture:
    """
    One received access unit.

    Attributes:
        payload: NAL units behind lengths, as FLV carries them.
        config: The avcC record it is to be decoded with.
        arrived_at: When it came from the network.

    """

    pts_us: int
    payload: bytes = field(repr=False)
    config: bytes = field(repr=False)
    is_idr: bool
    arrived_at: Micros


@dataclass(frozen=True, slots=True)
class HeardAt:
    """Which moment of the sender's time is heard at which moment of ours."""

    pts_us: int
    at: Micros

    def due(self, pts_us: int) -> Micros:
        """Return when another moment of the sender's time is heard."""
        return Micros(self.at + pts_us - self.pts_us)


@dataclass(slots=True)
class PictureDrops:
    """Pictures that were never shown, by reason; see :class:`kiosk.ports.PlayStats`."""

    without_idr: int = 0
    behind: int = 0
    crowded: int = 0
    moved: int = 0
    damaged: int = 0
    late: int = 0
    old: int = 0
    hidden: int = 0


@dataclass(slots=True)
class PlayCounters:
    """What was done for one peer, over all the streams it had."""

    pictures_received: int = 0
    pictures_shown: int = 0
    drops: PictureDrops = field(default_factory=PictureDrops)
    shown_at: Micros | None = None
    concealed_us: int = 0
    sound: SoundCounts = field(default_factory=SoundCounts)
    bytes_received: int = 0
    picture_gap: Samples = field(default_factory=Samples)
    picture_hold: Samples = field(default_factory=Samples)
    picture_lag: Samples = field(default_factory=Samples)
    video_latency: Samples = field(default_factory=Samples)
    audio_latency: Samples = field(default_factory=Samples)
    av_offset: Samples = field(default_factory=Samples)

    def count_shown(self, at: Micros, arrived_at: Micros) -> None:
        """Count a picture that is on the display since ``at``."""
        self.pictures_shown += 1
        self.picture_hold.add((at - arrived_at) / 1000)
        if self.shown_at is not None:
            self.picture_gap.add((at - self.shown_at) / 1000)
        self.shown_at = at


class IncomingStream:
    """
    A stream that is being played.

    Attributes:
        jitter: Only with ``lock`` held.
        heard: Set by the playout, read by the renderer; replaced whole.
        looked_at: When the renderer will look by itself; None: it wants to be told
            of the next picture.
        first_sound_at: When sound first came.
        last_media_at: When anything came last: also what can be neither shown nor
            played, for whoever sends it is not away.
        is_closed: Set with ``presenting`` held: nothing is shown after it.
        picture_backlog: How late pictures come; noted by the receiver.
        backlog_us: How late what came last was.

    """

    def __init__(
        self,
        user_id: str,
        layer: Layer,
        counters: PlayCounters,
        *,
        bounds: DelayBounds,
        on_picture: Callable[[], None],
    ) -> None:
        self.user_id = user_id
        self.layer = layer
        self.counters = counters
        self.lock = threading.Lock()
        self.presenting = threading.Lock()
        self.jitter = JitterBuffer(bounds, counters.sound)
        self.heard: HeardAt | None = None
        self.looked_at: Micros | None = None
        self.first_sound_at: Micros | None = None
        self.last_media_at: Micros | None = None
        self.is_closed = False
        self.picture_backlog = Backlog()
        self.backlog_us = 0
        self._on_picture = on_picture
        self._sound_backlog = Backlog()
        self._pictures: deque[CodedPicture] = deque()
        self._waits_for_idr = True
        self._useless_since: Micros | None = None
        self._idr_wanted = False
        self._video_config = b""
        self._audio_config = b""
        self._packet_us = 0

    def begin(self) -> None:
        """Another connection delivers from now on: its time is a new one."""
        self.picture_backlog.restart()
        self._sound_backlog.restart()
        self.backlog_us = 0
        with self.lock:
            self.jitter.restart()
            self.counters.drops.moved += len(self._pictures)
            self._pictures.clear()
            self._waits_for_idr = True
            self._useless_since = None
            self._video_config = b""
            self._audio_config = b""

    def put_audio(self, timestamp_ms: int, tag: flv.Audio, now: Micros) -> None:
        """Take a parsed audio tag; of codecs we do not play counts that they came."""
        if isinstance(tag, flv.UnknownAudio):
            self.last_media_at = now
        elif isinstance(tag, flv.AacConfig):
            self._audio_config = tag.record
            self._packet_us = _packet_us(tag.sample_rate)
        elif isinstance(tag, flv.AacUnit) and self._plays(opus=False):
            packet = AudioPacket(
                timestamp_ms * 1000, tag.raw, self._packet_us, self._audio_config
            )
            self._put_sound(packet, now)
        elif isinstance(tag, flv.OpusConfig):
            self._audio_config = tag.record
        elif isinstance(tag, flv.OpusUnit) and self._plays(opus=True):
            self._put_sound(
                AudioPacket(
                    timestamp_ms * 1000, tag.raw, tag.duration_us, self._audio_config
                ),
                now,
            )

    def put_video(self, timestamp_ms: int, tag: flv.Video, now: Micros) -> None:
        """Take a parsed video tag; of codecs we do not show counts that they came."""
        if isinstance(tag, flv.UnknownVideo):
            self.last_media_at = now
        elif isinstance(tag, flv.VideoConfig):
            self._video_config = tag.record
        elif isinstance(tag, flv.VideoUnit) and not self._video_config:
            self._pass_over(now)
        elif isinstance(tag, flv.VideoUnit):
            self.last_media_at = now
            self.backlog_us = self.picture_backlog.note(timestamp_ms * 1000, now)
            pts_us = (timestamp_ms + tag.composition_ms) * 1000
            self._put_picture(
                CodedPicture(pts_us, tag.avcc, self._video_config, tag.is_idr, now)
            )
            if not self._is_looked_at_in_time(pts_us, now):
                self._on_picture()

    def _is_looked_at_in_time(self, pts_us: int, now: Micros) -> bool:
        """Whether a picture may wait until the renderer wakes for another one."""
        looked_at, heard = self.looked_at, self.heard
        if looked_at is None or heard is None or now - heard.at > _HEARD_LATELY_US:
            return False
        spare_us = heard.due(pts_us) - looked_at
        return _DECODED_BEFORE_US < spare_us < BEHIND_US  # else another timeline

    def _plays(self, *, opus: bool) -> bool:
        """Whether the config that came last is of that codec."""
        config = self._audio_config
        return bool(config) and config.startswith(OPUS_MARK) == opus

    def _put_sound(self, packet: AudioPacket, now: Micros) -> None:
        self.backlog_us = self._sound_backlog.note(packet.pts_us, now)
        with self.lock:
            self.jitter.put(packet, now)
        self.last_media_at = now
        if self.first_sound_at is None:
            self.first_sound_at = now

    def take_pictures(self) -> list[CodedPicture]:
        """Return what waits to be decoded, without what became too old."""
        with self.lock:
            self._skip_if_behind()
            pictures = list(self._pictures)
            self._pictures.clear()
        return pictures

    def want_idr(self) -> None:
        """Nothing can be decoded before the next IDR: have one asked for."""
        with self.lock:
            self._waits_for_idr = True
            self._idr_wanted = True

    def take_idr_wanted(self) -> bool:
        """Say once that an IDR should be asked for."""
        wanted, self._idr_wanted = self._idr_wanted, False
        return wanted

    def stats(self) -> PlayStats:
        """Return a snapshot; any thread."""
        counters = self.counters
        drops = asdict(counters.drops)
        return PlayStats(
            user_id=self.user_id,
            pictures_received=counters.pictures_received,
            pictures_shown=counters.pictures_shown,
            pictures_dropped=sum(drops.values()),
            drops=drops,
            concealed_ms=counters.concealed_us / 1000,
            cut_ms=counters.sound.cut_us / 1000,
            underruns=counters.sound.underruns,
            late_packets=counters.sound.late_packets,
            playout_target_ms=self.jitter.target_us / 1000,
            bytes_received=counters.bytes_received,
            backlog_ms=self.backlog_us / 1000,
            picture_gap_ms=counters.picture_gap.distribution(),
            picture_hold_ms=counters.picture_hold.distribution(),
            picture_lag_ms=counters.picture_lag.distribution(),
            video_latency_ms=counters.video_latency.distribution(),
            audio_latency_ms=counters.audio_latency.distribution(),
            av_offset_ms=counters.av_offset.distribution(),
        )

    def _put_picture(self, picture: CodedPicture) -> None:
        with self.lock:
            self.counters.pictures_received += 1
            if picture.is_idr:
                self._waits_for_idr = False
                self._useless_since = None
            if self._waits_for_idr:
                self.counters.drops.without_idr += 1
                self._pass_over(picture.arrived_at)
                return
            self._pictures.append(picture)
            if len(self._pictures) > _PICTURES_MOST:
                self.counters.drops.crowded += len(self._pictures)
                self._pictures.clear()
                self._waits_for_idr = True
                self._idr_wanted = True

    def _pass_over(self, now: Micros) -> None:
        """Note a picture that cannot be decoded; an IDR that stays away is asked for."""
        if self._useless_since is None:
            self._useless_since = now
        elif now - self._useless_since > _UNASKED_US:
            self._useless_since = now
            self._idr_wanted = True

    def _skip_if_behind(self) -> None:
        if not self._is_behind():
            return
        newest = max(
            (i for i, picture in enumerate(self._pictures) if picture.is_idr),
            default=0,
        )
        for _ in range(newest):
            self._pictures.popleft()
        self.counters.drops.behind += newest
        # Still behind: a relay that knows how sends an IDR, for all others the
        # quickest way to a picture is to decode what there is.
        self._idr_wanted = self._idr_wanted or self._is_behind()

    def _is_behind(self) -> bool:
        pictures = self._pictures
        if not pictures:
            return False
        return pictures[-1].pts_us - pictures[0].pts_us > BEHIND_US


def _packet_us(sample_rate: int) -> int:
    rate = sample_rate
    if not _RATE_LEAST <= rate <= _RATE_MOST:
        rate = _DEFAULT_RATE
    return _AAC_SAMPLES * 1_000_000 // rate
