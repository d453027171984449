"""A media session with small synthetic devices, for tests of its threads."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from typing_extensions import override

from kiosk.devices.camera_synthetic import SyntheticCamera
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.devices.microphone_synthetic import SyntheticMicrophone
from kiosk.devices.speaker_synthetic import SyntheticSpeaker
from kiosk.display.headless import HeadlessDisplay
from kiosk.media.capture_deadlines import CaptureDeadlines
from kiosk.media.dialling import LinkLimits
from kiosk.media.microphone_encoder import MicrophoneEncoder
from kiosk.media.outgoing import SoundUnit
from kiosk.media.playout import SoundMeter
from kiosk.media.qos import RateController
from kiosk.media.receiver import PlayDeadlines
from kiosk.media.session import MediaSession, MediaSettings
from kiosk.ports import Bitrate, MediaFact, Micros
from kiosk.roomserver.relay import Relay
from tests.fakes.patience import PATIENCE_S
from tests.fakes.proxy import Proxy, proxy


BITRATE = Bitrate(200_000)
CEILING = Bitrate(400_000)

QUICK = MediaSettings(
    bitrate=BITRATE,
    ceiling=CEILING,
    link=LinkLimits(start_s=1.5, send_s=0.6, send_buffer_bytes=8192),
    capture=CaptureDeadlines(open_s=2.0, silent_s=1.2, away_s=1.2),
    play=PlayDeadlines(first_media_s=2.0, media_s=0.8, first_pause_s=0.05),
)


class MediaKit:
    """The devices, the session made of them, and the facts it told."""

    def __init__(
        self,
        settings: MediaSettings = QUICK,
        *,
        camera: SyntheticCamera | None = None,
        microphone: SyntheticMicrophone | None = None,
        speaker: SyntheticSpeaker | None = None,
        sound_meter: SoundMeter | None = None,
        make_controller: Callable[..., RateController] = RateController,
    ) -> None:
        clock = MonotonicClock()
        self.clock = clock
        self.camera = camera or small_camera(clock)
        self.microphone = microphone or SyntheticMicrophone(clock)
        self.speaker = speaker or SyntheticSpeaker(clock, meter_hz=1000)
        self.display = HeadlessDisplay(clock, width=160, height=90)
        self.display.open()
        self.facts: list[MediaFact] = []
        self.session = MediaSession(
            clock,
            make_camera=lambda: self.camera,
            make_microphone=lambda: self.microphone,
            make_speaker=lambda: self.speaker,
            display=self.display,
            settings=settings,
            sound_meter=sound_meter,
            make_controller=make_controller,
        )

    async def fact(
        self, wanted: MediaFact | type, seconds: float = PATIENCE_S
    ) -> MediaFact:
        """Wait for a fact, or for one of a kind."""

        def matches(fact: MediaFact) -> bool:
            if isinstance(wanted, type):
                return isinstance(fact, wanted)
            return fact == wanted

        await until(lambda: any(map(matches, self.facts)), seconds)
        return next(fact for fact in self.facts if matches(fact))


def small_camera(clock: MonotonicClock, *, absent: bool = False) -> SyntheticCamera:
    return SyntheticCamera(
        clock,
        width=160,
        height=90,
        bitrate=BITRATE,
        ceiling=CEILING,
        absent=absent,
    )


async def until(is_true: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
    """Let the loop turn until something is true, or fail."""
    async with asyncio.timeout(seconds):
        while not is_true():  # noqa: ASYNC110 -- what threads do sets no asyncio.Event
            await asyncio.sleep(0.005)


@asynccontextmanager
async def proxied_relay() -> AsyncIterator[tuple[Proxy, str]]:
    """Yield a proxy in front of a relay, and the address of the relay itself."""
    async with open_relay() as (_, host, port):
        with proxy(port) as before:
            yield before, f"{host}:{port}"


@asynccontextmanager
async def open_relay(
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[tuple[Relay, str, int]]:
    """Yield a relay that lets everybody do everything, and its address."""
    relay = Relay(
        authorize_publish=lambda app, name, query: lambda: "",
        authorize_play=lambda app, name, query: lambda: "",
        on_stream_started=lambda name: None,
        on_stream_ended=lambda name: None,
    )
    async with relay.serve("127.0.0.1", 0, ssl_context=tls) as (host, port):
        yield relay, host, port


class RecordingEncoder(MicrophoneEncoder):
    """Remembers the PCM it was fed."""

    def __init__(self) -> None:
        super().__init__()
        self.fed: list[bytes] = []

    @override
    def encode(self, pcm: bytes, captured_at: Micros) -> Sequence[SoundUnit]:
        self.fed.append(pcm)
        return super().encode(pcm, captured_at)
