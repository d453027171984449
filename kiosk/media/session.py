"""
The media of the kiosk: makes the pusher and the player of each call.

This module pulls in the codecs (av, numpy); the composition root imports it
after the first pixel.  It knows no device by name: it is given what makes
them, and a display.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from kiosk.codec.aac import AacEncoder
from kiosk.codec.sound_decoder import SoundDecoder
from kiosk.media.capture import Capture
from kiosk.media.capture_deadlines import CaptureDeadlines
from kiosk.media.dialling import LinkLimits
from kiosk.media.echo import Cancellers, EchoPath
from kiosk.media.facts import FactPost
from kiosk.media.incoming import IncomingStream
from kiosk.media.jitter import DelayBounds
from kiosk.media.link import Link
from kiosk.media.microphone_encoder import MicrophoneEncoder
from kiosk.media.outgoing import Outgoing
from kiosk.media.player import StreamPlayer
from kiosk.media.playout import Playout, SoundMeter
from kiosk.media.pusher import StreamPusher
from kiosk.media.qos import RateController
from kiosk.media.receiver import PlayDeadlines, Receiver
from kiosk.media.reference import Reference
from kiosk.media.render import Renderer
from kiosk.media.resolver import Resolver
from kiosk.media.self_view import PlaceSelfView, SelfView
from kiosk.media.worker import WorkerRegistry
from kiosk.ports import (
    Bitrate,
    Camera,
    Clock,
    Display,
    MediaFact,
    Microphone,
    Micros,
    Speaker,
)
from kiosk.proxy import Proxy
from kiosk.rtmp.url import RtmpUrl


AUDIO_BITRATE = Bitrate(48_000)

_PACKING = 1.12  # RTMP and FLV around a block of sound, over its bytes
_WARM_UP_BLOCKS = 4


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """
    What is configured about media.

    Attributes:
        bitrate, ceiling: Of our video: to begin with, and never exceeded.
        picture_rate: Of the camera, when the network allows.
        audio_bitrate: Of our sound.
        opus: Whether it may be Opus, where everybody who plays it hears that.
        has_opus: Whether this machine can encode and decode Opus at all.
        volume_db: How loud is played, until somebody turns it.
        self_view: Where the self-view goes, from the sizes of the display and of
            the camera's picture; None for no self-view.
        tls: For rtmps; the system's trusted authorities unless given.
        proxy: Is gone through to relays, if it leads there.

    """

    bitrate: Bitrate
    ceiling: Bitrate
    picture_rate: float = 30.0
    audio_bitrate: Bitrate = AUDIO_BITRATE
    opus: bool = True
    has_opus: bool = True
    volume_db: float = 0.0
    self_view: PlaceSelfView | None = None
    link: LinkLimits = field(default_factory=LinkLimits)
    capture: CaptureDeadlines = field(default_factory=CaptureDeadlines)
    play: PlayDeadlines = field(default_factory=PlayDeadlines)
    delay: DelayBounds = field(default_factory=DelayBounds)
    tls: ssl.SSLContext | None = None
    proxy: Proxy | None = None


class MediaSession:
    """
    Implements :class:`kiosk.ports.Media`.

    Args:
        clock: Of the machine.
        make_camera, make_microphone, make_speaker: Return the devices of a
            call, not yet open; they may return the same object every time.
        display: Open; pictures go onto its layers.
        settings: What is configured.
        cancellers: Take the loudspeaker out of the microphone.
        sound_meter: Measures the latency of stamped sound in what is played.
        make_controller: Returns what steers the camera by the network.

    """

    def __init__(
        self,
        clock: Clock,
        *,
        make_camera: Callable[[], Camera],
        make_microphone: Callable[[], Microphone],
        make_speaker: Callable[[], Speaker],
        display: Display,
        settings: MediaSettings,
        cancellers: Cancellers | None = None,
        sound_meter: SoundMeter | None = None,
        resolver: Resolver | None = None,
        make_controller: Callable[..., RateController] = RateController,
    ) -> None:
        self._clock = clock
        self._make_camera = make_camera
        self._make_microphone = make_microphone
        self._make_speaker = make_speaker
        self._display = display
        self._settings = settings
        self._cancellers = cancellers or Cancellers()
        self._reference = Reference()
        self._sound_meter = sound_meter
        self._resolver = resolver or Resolver()
        self._make_controller = make_controller
        self._registry = WorkerRegistry()

    def new_pusher(self, on_fact: Callable[[MediaFact], None]) -> StreamPusher:
        """Return a pusher that opens nothing before ``start``."""
        settings = self._settings
        post = FactPost(on_fact)
        outgoing = Outgoing(self._clock)
        capture = Capture(
            self._make_camera(),
            self._make_microphone(),
            outgoing,
            self._clock,
            encoder=MicrophoneEncoder(
                settings.audio_bitrate, opus=settings.opus and settings.has_opus
            ),
            echo=EchoPath(self._cancellers, self._reference),
            self_view=self._self_view(),
            post=post,
            registry=self._registry,
            deadlines=settings.capture,
        )
        controller = self._make_controller(
            start=settings.bitrate,
            ceiling=settings.ceiling,
            sound=Bitrate(round(settings.audio_bitrate * _PACKING)),
            pictures_per_second=settings.picture_rate,
        )
        return StreamPusher(
            capture,
            outgoing,
            self._clock,
            make_link=self._link,
            controller=controller,
            post=post,
            registry=self._registry,
        )

    def new_player(self, on_fact: Callable[[MediaFact], None]) -> StreamPlayer:
        """Return a player that opens nothing before ``play``."""
        settings = self._settings
        post = FactPost(on_fact)
        playout = Playout(
            self._make_speaker,
            self._clock,
            post,
            reference=self._reference,
            meter=self._sound_meter,
            volume_db=settings.volume_db,
        )

        def make_receiver(url: RtmpUrl, stream: IncomingStream) -> Receiver:
            return Receiver(
                url,
                stream,
                self._clock,
                post,
                make_link=self._link,
                deadlines=settings.play,
                opus=settings.has_opus,
            )

        return StreamPlayer(
            playout,
            Renderer(self._display, self._clock, post),
            make_receiver,
            bounds=settings.delay,
            post=post,
            registry=self._registry,
        )

    def preload(self) -> None:
        """
        Run the codecs once, so that the first call starts like the tenth.

        Importing this module was the larger part.
        """
        encoder = AacEncoder(self._settings.audio_bitrate)
        decoder = SoundDecoder(encoder.config)
        for _ in range(_WARM_UP_BLOCKS):
            for unit in encoder.encode(bytes(4096), Micros(0)):
                decoder.decode(unit.data)

    def progress(self) -> Mapping[str, int]:
        """
        Return the progress counters of all running threads.

        Between two watchdog pings each moves, or its thread hangs.
        """
        return self._registry.progress()

    def _link(self, url: RtmpUrl, beat: Callable[[], None]) -> Link:
        return Link(
            url,
            self._resolver,
            limits=self._settings.link,
            tls=self._settings.tls,
            beat=beat,
            proxy=self._settings.proxy,
        )

    def _self_view(self) -> SelfView | None:
        place = self._settings.self_view
        return SelfView(self._display, place) if place else None
