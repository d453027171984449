"""The sound of a call without its network: the product's own mic and playout threads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from kiosk.errors import DeviceError
from kiosk.media.capture import Capture
from kiosk.media.capture_deadlines import CaptureDeadlines
from kiosk.media.echo import Cancellers, EchoPath
from kiosk.media.facts import FactPost
from kiosk.media.incoming import IncomingStream, PlayCounters
from kiosk.media.jitter import DelayBounds
from kiosk.media.outgoing import Outgoing
from kiosk.media.playout import Playout
from kiosk.media.reference import Reference
from kiosk.media.worker import Worker, WorkerRegistry
from kiosk.ports import (
    AccessUnit,
    Bitrate,
    Clock,
    DmabufFrame,
    Layer,
    MediaFact,
    Microphone,
    Probe,
    SoftFrame,
    Speaker,
)
from tests.fakes.media_kit import RecordingEncoder


class LidOnCamera:
    """A camera that opens and never films."""

    is_open = False
    picture_size = (160, 90)

    def probe(self) -> Probe:
        return Probe("a lid")

    def start(
        self,
        on_unit: Callable[[AccessUnit], None],
        on_preview: Callable[[SoftFrame | DmabufFrame], None] | None = None,
    ) -> None:
        self.is_open = True

    def request_idr(self) -> None: ...

    def set_bitrate(self, bitrate: Bitrate) -> None: ...

    def set_picture_rate(self, pictures_per_second: float) -> None: ...

    def take_still(self) -> SoftFrame:
        raise DeviceError("camera", "lid", "sees nothing")

    def close(self) -> None:
        self.is_open = False


@dataclass(frozen=True)
class SoundPath:
    """
    An open microphone and a playing loudspeaker.

    Attributes:
        incoming: What the loudspeaker plays; put sound into it.
        encoder: Keeps what was to be sent.
        facts: What the threads told.

    """

    capture: Capture
    incoming: IncomingStream
    encoder: RecordingEncoder
    facts: list[MediaFact]

    def sent(self) -> bytes:
        """Return the PCM that was encoded so far."""
        return b"".join(self.encoder.fed)


@asynccontextmanager
async def sound_path(
    clock: Clock, microphone: Microphone, speaker: Speaker, cancellers: Cancellers
) -> AsyncIterator[SoundPath]:
    """Yield a running sound path; its threads end with the block."""
    facts: list[MediaFact] = []
    post, registry, reference = FactPost(facts.append), WorkerRegistry(), Reference()
    encoder = RecordingEncoder()
    capture = Capture(
        LidOnCamera(),
        microphone,
        Outgoing(clock),
        clock,
        encoder=encoder,
        echo=EchoPath(cancellers, reference),
        self_view=None,
        post=post,
        registry=registry,
        deadlines=CaptureDeadlines(),
    )
    playout = Playout(lambda: speaker, clock, post, reference=reference, meter=None)
    incoming = IncomingStream(
        "agent",
        Layer.BASE,
        PlayCounters(),
        bounds=DelayBounds(),
        on_picture=lambda: None,
    )
    playout.add(incoming)
    await capture.open()
    try:
        async with Worker("playout", playout.run, registry=registry):
            yield SoundPath(capture, incoming, encoder, facts)
    finally:
        await capture.close()
