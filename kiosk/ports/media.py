"""The streams of one call. See the package for threads and time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from kiosk.ports.room import Peer
from kiosk.ports.values import Bitrate, Layer


@dataclass(frozen=True, slots=True)
class PeerStarted:
    """A peer's first picture is on the display (or, without one, its sound)."""

    user_id: str
    with_picture: bool = True


@dataclass(frozen=True, slots=True)
class PeerSilent:
    """Nothing came from a peer for one second; its picture is taken away."""

    user_id: str


@dataclass(frozen=True, slots=True)
class PeerResumed:
    """A silent peer's media are back."""

    user_id: str


@dataclass(frozen=True, slots=True)
class LoudestChanged:
    """Another peer talks loudest now; an empty ``user_id``: nobody talks."""

    user_id: str


@dataclass(frozen=True, slots=True)
class PlayLost:
    """A peer's stream cannot be played for now; the player retries on its own."""

    user_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class PlayUrlUsedUp:
    """
    A peer's stream is about to be tried again, and its URL may be used up.

    ``Player.play`` with a fresh one of the same stream is waited for, a short while.
    """

    user_id: str


@dataclass(frozen=True, slots=True)
class PushLost:
    """Our own stream ended or stalls; the camera stays open."""

    reason: str


@dataclass(frozen=True, slots=True)
class CaptureLost:
    """
    A device failed within the call: ``camera``, ``microphone`` or ``speaker``.

    It is opened again and again, and the call goes on without it; told once.
    """

    device: str
    reason: str


@dataclass(frozen=True, slots=True)
class CaptureBack:
    """A device that was lost within the call works again."""

    device: str


MediaFact = (
    PeerStarted
    | PeerSilent
    | PeerResumed
    | LoudestChanged
    | PlayLost
    | PlayUrlUsedUp
    | PushLost
    | CaptureLost
    | CaptureBack
)
"""What the media threads tell the daemon, on the event loop."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """Percentiles of a duration in milliseconds."""

    n: int
    p50: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True)
class PushStats:
    """
    What the pusher did since it started; ``None`` where not yet known.

    Attributes:
        pictures_dropped: Thrown away after they were encoded, for any reason.
        drops: Of these, how many for which reason: ``old``, ``oversize``,
            ``without_idr``, ``moved`` (:class:`kiosk.rtmp.live_queue.Drops`).
        sound_dropped: Blocks of sound thrown away after they were encoded.
        braked_ms: How long none was encoded, for the network's sake.
        bitrate, pictures_per_second: What the encoder aims at.
        capacity: What the link carried when it was full last; 0: it never was.
        backlog_ms: How long what was sent takes to arrive, beyond a round trip.
        muted: Whether silence is to be sent.
        silenced: Whether what was encoded last was silence in place of the microphone.
        muted_ms: For how long it was.
        echo_canceller: Which one works on the microphone now, or ``off``.
        audio_codec: Of our sound now: ``aac`` or ``opus``.
        microphone_xruns: How often it lost sound because nobody read it.

    """

    pictures_sent: int = 0
    pictures_dropped: int = 0
    drops: Mapping[str, int] = field(default_factory=dict[str, int])
    sound_dropped: int = 0
    bytes_sent: int = 0
    bitrate: Bitrate = Bitrate(0)
    pictures_per_second: float = 0.0
    capacity: Bitrate = Bitrate(0)
    backlog_ms: float = 0.0
    round_trip_ms: float = 0.0
    braked_ms: float = 0.0
    reconnects: int = 0
    muted: bool = False
    silenced: bool = False
    muted_ms: float = 0.0
    echo_canceller: str = "off"
    audio_codec: str = "aac"
    microphone_xruns: int = 0


@dataclass(frozen=True, slots=True)
class PlayStats:
    """
    What the player did for one peer, over all the streams it had in the call.

    Attributes:
        pictures_dropped: Received and never shown, for any reason.
        drops: Of these, how many for which reason: ``without_idr`` (nothing to
            refer to), ``behind`` (too old to be decoded), ``crowded`` (too many),
            ``moved`` (of a connection that ended), ``damaged``, ``late`` (a newer
            one was due), ``old`` (held up on the way for so long that it would
            show the past), ``hidden`` (the peer had been silent, or
            the screen had no place for it).
        concealed_ms: Sound that was missing when it was due.
        cut_ms: Sound thrown away unheard, as too much of it had come at once.
        underruns: How often sound ran out.
        speaker_underruns: How often the loudspeaker, which plays all of them, had
            nothing to play.
        late_packets: Of sound; dropped, as newer ones had come before them.
        playout_target_ms: The delay that the playout aims at now.
        backlog_ms: By how much what came last was later than the quickest way.
        picture_gap_ms: From one picture shown to the next; the largest is the
            longest freeze.
        picture_hold_ms: From a picture's arrival to its presentation, by our clock.
        picture_lag_ms: Pictures after the sound of the same sender's time, at
            presentation; negative: before it.
        video_latency_ms: Painted clock to presented, where the picture
            carries one (:mod:`kiosk.codec.painted_clock`).
        audio_latency_ms: Tone stamp to heard, likewise.
        av_offset_ms: Video minus audio at presentation; p50 is signed, max is
            the largest magnitude.

    """

    user_id: str
    pictures_received: int = 0
    pictures_shown: int = 0
    pictures_dropped: int = 0
    drops: Mapping[str, int] = field(default_factory=dict[str, int])
    concealed_ms: float = 0.0
    cut_ms: float = 0.0
    underruns: int = 0
    speaker_underruns: int = 0
    late_packets: int = 0
    playout_target_ms: float = 0.0
    bytes_received: int = 0
    backlog_ms: float = 0.0
    picture_gap_ms: Distribution | None = None
    picture_hold_ms: Distribution | None = None
    picture_lag_ms: Distribution | None = None
    video_latency_ms: Distribution | None = None
    audio_latency_ms: Distribution | None = None
    av_offset_ms: Distribution | None = None


class Pusher(Protocol):
    """
    Camera, microphone, encoders and the outgoing stream of one call.

    Created per call; ``close`` ends all its threads and closes the devices.
    """

    async def start(self, push_url: str) -> None:
        """
        Open camera and microphone and publish; return once publishing began.

        Raises:
            DeviceError: Camera or microphone cannot be opened.
            MediaError: The relay refused or was silent past the deadline.

        """
        ...

    async def republish(self, push_url: str) -> None:
        """
        Publish to another URL, with the devices left open.

        Raises:
            MediaError: The relay refused or was silent past the deadline.

        """
        ...

    def set_muted(self, *, muted: bool) -> None:
        """Send silence instead of the microphone from the next period on."""
        ...

    async def take_still(self, max_bytes: int) -> bytes:
        """
        Return one picture of the camera's whole sensor as a JPEG.

        Raises:
            DeviceError: The camera cannot, or was closed meanwhile.
            MediaError: The picture cannot be made so small.

        """
        ...

    @property
    def stats(self) -> PushStats:
        """A snapshot; cheap."""
        ...

    async def close(self) -> None:
        """Close camera and microphone within a second, then the stream."""
        ...


class Player(Protocol):
    """
    Incoming streams of one call, mixed to the speaker and shown on layers.

    Streams are keyed by user_id and play_url: playing the same user under a
    new URL replaces its stream, or, where only the ticket in it is another, serves
    its next connection.
    """

    async def play(self, peer: Peer, layer: Layer = Layer.BASE) -> None:
        """Begin to receive and present ``peer``; retries on its own."""
        ...

    async def stop(self, user_id: str) -> None:
        """Stop one stream and hide its layer."""
        ...

    def set_volume(self, decibels: float) -> None:
        """
        Play everything so much louder, or softer, from the next period on.

        0 is as it came; nothing is played beyond full scale, and what is told to the
        echo canceller is what is played.
        """
        ...

    def announce(self, pcm: bytes) -> None:
        """
        Play samples where no voice is due, in the place of those announced before.

        A voice ends them for good.  Nothing is heard before anybody was played.

        Args:
            pcm: Signed 16 bit, mono, at :data:`SAMPLE_RATE`; none: be silent.

        """
        ...

    @property
    def stats(self) -> Sequence[PlayStats]:
        """Snapshots, one a stream; cheap."""
        ...

    async def close(self) -> None:
        """Stop all streams and close the speaker."""
        ...


class Media(Protocol):
    """Makes the pusher and the player of a call."""

    def new_pusher(self, on_fact: Callable[[MediaFact], None]) -> Pusher:
        """Return a pusher that opens nothing before ``start``."""
        ...

    def new_player(self, on_fact: Callable[[MediaFact], None]) -> Player:
        """Return a player that opens nothing before ``play``."""
        ...

    def preload(self) -> None:
        """Import and warm codecs; runs on a worker thread after the first pixel."""
        ...
