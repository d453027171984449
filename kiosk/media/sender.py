"""
The sender thread: units by age from the queue onto the wire.

One sender is one attempt to publish: it dials, sends metadata and sequence
headers, begins with an IDR, and ends when the link does or the owner stops
it.  The devices and the queue outlive it.

Sound overtakes pictures, also within one: a picture goes in chunks of one segment, the
next when TCP has sent the one before and a narrow link has carried most of it, and what
is said meanwhile goes between.  Where 3 % are lost in 100 ms TCP's window is three
segments at times; a picture of 10 kB held sound up for 0.4 s then.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from kiosk.codec.opus import OpusUnit
from kiosk.codec.stream_time import StreamTime
from kiosk.errors import MediaError, StreamEnded, StreamStalled
from kiosk.media.flow import Reading
from kiosk.media.life_sign import Pings
from kiosk.media.link import Link
from kiosk.media.outgoing import Outgoing, SoundUnit
from kiosk.media.qos import RateController, Steering
from kiosk.media.relay_stream import RelayStream
from kiosk.media.worker import Worker
from kiosk.ports import SAMPLE_RATE, AccessUnit, Bitrate, Clock, Micros
from kiosk.rtmp import avc, flv
from kiosk.rtmp.client import PublishClient
from kiosk.rtmp.events import ClientEvent, Ended, IdrRequested, OpusWanted
from kiosk.rtmp.handshake import RANDOM_BYTES


_QUEUE_S = 0.25
_BRAKING_S = 0.03  # without sound nothing else would end the brake
_HOLDING_S, _CHUNK_S = 0.01, 0.002
_HOLD_US = 120_000  # then a picture goes on, before the queue drops it
_HOLD_ALL_US = 1 << 60
_SEGMENT_BYTES = 1448
_STRANGERS_GOP_US = 950_000  # an IDR a second
_NOT_SENT = (7, 8, 9)  # SPS and PPS travel in the sequence header; delimiters


@dataclass(slots=True)
class PushCounters:
    """What was sent, over all links of a pusher."""

    pictures_sent: int = 0
    bytes_sent: int = 0


class AudioChoice(Protocol):
    """The two encoders of the microphone, one of them at work."""

    @property
    def aac_config(self) -> bytes:
        """What a decoder of our AAC is opened with."""
        ...

    @property
    def opus_config(self) -> bytes | None:
        """The same of our Opus; None if only AAC is sent."""
        ...

    def use_opus(self, *, wanted: bool) -> None:
        """Encode with Opus, or AAC, from the next period on; any thread."""
        ...


class SteeredCamera(Protocol):
    """What makes the pictures, as far as it is steered; any thread."""

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height of the coded picture in pixels."""
        ...

    def request_idr(self) -> None:
        """Make the next picture an IDR."""
        ...

    def set_bitrate(self, bitrate: Bitrate) -> None:
        """Aim at another bit rate."""
        ...

    def set_picture_rate(self, pictures_per_second: float) -> None:
        """Send at most so many pictures."""
        ...


class Sender:
    """Publishes over one link; ``run`` is the body of its thread."""

    def __init__(
        self,
        make_link: Callable[[Callable[[], None]], Link],
        outgoing: Outgoing,
        camera: SteeredCamera,
        clock: Clock,
        *,
        audio: AudioChoice,
        controller: RateController,
        counters: PushCounters,
        on_lost: Callable[[MediaError], None],
    ) -> None:
        self._link = link = make_link(self._beat)
        self._worker: Worker | None = None
        self._is_live = False
        self._outgoing = outgoing
        self._camera = camera
        self._clock = clock
        self._audio = audio
        self._is_opus_asked = self._is_opus_sent = False
        self._controller = controller
        self._counters = counters
        self._on_lost = on_lost
        self._steering: Steering | None = None
        self._reading = Reading(backlog_bytes=0, rtt_us=0, acked_bytes=0)
        self._time = StreamTime()
        self._pings = Pings()
        self._rest: deque[bytes] = deque()  # of the picture that is being sent
        self._idr_due = Micros(0)
        self._video_config: avc.AvcConfig | None = None
        self._loop = asyncio.get_running_loop()
        self._published: asyncio.Future[None] = self._loop.create_future()
        self._stream = RelayStream(
            link, _client(link, opus=audio.opus_config is not None)
        )

    async def published(self) -> None:
        """
        Wait until the relay takes our stream.

        Raises:
            MediaError: It does not, or not in time.

        """
        await asyncio.shield(self._published)

    def wake(self) -> None:
        """End what the thread waits for; any thread."""
        self._link.cancel()
        self._outgoing.wake()

    def run(self, worker: Worker) -> None:
        """Publish until told to stop or the link ends."""
        self._worker = worker
        try:
            events = self._stream.start()
            self._begin()
            self._is_live = True
            self._tell_published(None)
            self._obey(events)
            while not worker.stopping.is_set():
                worker.beat()
                self._step()
        except MediaError as exc:
            self._tell_published(exc)
            if self._is_live and not worker.stopping.is_set():
                self._on_lost(exc)
        finally:
            self._tell_published(StreamEnded(f"{self._link.name}: closed by us"))
            self._stream.close()

    def _beat(self) -> None:
        if self._worker is not None:
            self._worker.beat()

    def _begin(self) -> None:
        """Headers first; pictures follow with the next IDR."""
        self._outgoing.restart()
        self._controller.reconnected()
        self._camera.request_idr()
        width, height = self._camera.picture_size
        client = self._stream.client
        client.send_metadata(
            0,
            {
                "width": float(width),
                "height": float(height),
                "framerate": self._controller.steering.pictures_per_second,
                "videocodecid": 7.0,
                "audiocodecid": 10.0,
                "audiosamplerate": float(SAMPLE_RATE),
                "audiosamplesize": 16.0,
                "stereo": False,
                "encoder": "kiosk",
            },
        )
        self._audio.use_opus(wanted=False)  # until the relay asks for it
        client.send_audio(0, flv.audio_config(self._audio.aac_config))
        self._flush()

    def _step(self) -> None:
        unit = self._next_unit()
        if self._outgoing.take_idr_wanted():
            self._camera.request_idr()
        self._steer()  # before: what this unit adds is no backlog yet
        if isinstance(unit, AccessUnit):
            self._send_picture(unit)
        elif unit is not None:
            self._send_sound(unit)
        self._send_rest()
        self._obey(self._stream.exchange(0))
        self._ask_relay()

    def _ask_relay(self) -> None:
        """Keep asking the relay itself: a box half-way may be all that hears us."""
        now, client = self._clock.now(), self._stream.client
        if self._pings.is_due(now):
            client.ping(now // 1000)
            self._flush()
            self._pings.asked(self._link.measure(), now)
        if self._pings.is_lost(client.pongs, self._reading, now):
            raise StreamStalled(f"{self._link.name}: the relay no longer answers")

    def _next_unit(self) -> AccessUnit | SoundUnit | None:
        """
        Wait for a unit.

        While TCP has not sent what it was given, pictures stay where sound can
        overtake them, and so does what is left of one: after a loss they alone
        would fill its window.
        """
        if self._rest:
            soon_s = max(_CHUNK_S, self._reading.rtt_us / 4_000_000)
            return self._outgoing.get(min(_HOLDING_S, soon_s), _HOLD_ALL_US)
        if self._reading.unsent_bytes > _SEGMENT_BYTES:
            return self._outgoing.get(_HOLDING_S, _HOLD_US)
        is_braking = self._controller.is_braking
        return self._outgoing.get(_BRAKING_S if is_braking else _QUEUE_S)

    def _send_picture(self, unit: AccessUnit) -> None:
        timestamp_ms = self._time.video_ms(unit.captured_at)
        nals = avc.split_annex_b(unit.data)
        client = self._stream.client
        if unit.is_idr:
            config = avc.config_of(nals)
            if config is not None and config != self._video_config:
                self._video_config = config
                client.send_video(timestamp_ms, flv.video_config(config))
        if self._video_config is None:
            self._camera.request_idr()
            return
        self._keep_gop_short(unit)
        coded = [nal for nal in nals if avc.nal_type(nal) not in _NOT_SENT]
        body = flv.video_unit(coded, is_idr=unit.is_idr)
        self._flush()
        self._rest.extend(client.video_chunks(timestamp_ms, body))
        self._counters.pictures_sent += 1

    def _send_rest(self) -> None:
        """Send of the picture what goes on its way at once; a long one in turns."""
        while self._rest and self._is_free():
            wire = self._rest.popleft()
            self._stream.send(wire)
            self._counters.bytes_sent += len(wire)
            if self._rest:
                self._reading = self._link.measure()

    def _is_free(self) -> bool:
        """Whether sound after the next chunk would wait neither here nor on the way."""
        reading, most = self._reading, self._controller.most_under_way
        if reading.unsent_bytes <= _SEGMENT_BYTES and reading.backlog_bytes <= most:
            return True
        # those behind would be dropped, and one more IDR is worse than a moment
        return self._outgoing.picture_age_us >= _HOLD_US

    def _keep_gop_short(self, unit: AccessUnit) -> None:
        """Let players begin soon, where nobody asks for an IDR when they join."""
        if unit.is_idr:
            self._idr_due = Micros(unit.captured_at + _STRANGERS_GOP_US)
        elif not self._stream.client.idr_on_join and unit.captured_at >= self._idr_due:
            self._idr_due = Micros(unit.captured_at + _STRANGERS_GOP_US)
            self._camera.request_idr()

    def _send_sound(self, unit: SoundUnit) -> None:
        is_opus = isinstance(unit, OpusUnit)
        if is_opus and not self._is_opus_asked:
            return  # encoded before the last word of the relay
        timestamp_ms = self._time.audio_ms(unit.captured_at)
        client = self._stream.client
        if is_opus != self._is_opus_sent:
            self._is_opus_sent = is_opus
            client.send_audio(timestamp_ms, self._config_tag(opus=is_opus))
        body = flv.opus_unit(unit.data) if is_opus else flv.audio_unit(unit.data)
        client.send_audio(timestamp_ms, body)
        self._flush()

    def _config_tag(self, *, opus: bool) -> bytes:
        if opus:
            return flv.opus_config(self._audio.opus_config or b"")
        return flv.audio_config(self._audio.aac_config)

    def _flush(self) -> None:
        before = self._stream.bytes_sent
        self._stream.flush()
        self._counters.bytes_sent += self._stream.bytes_sent - before

    def _steer(self) -> None:
        self._reading = reading = self._link.measure()
        pictures = self._outgoing.picture_bytes + sum(map(len, self._rest))
        if pictures:
            waiting = reading.backlog_bytes + pictures
            reading = replace(reading, backlog_bytes=waiting)
        steering = self._controller.observe(reading, self._clock.now())
        old, self._steering = self._steering, steering
        if old is None or old.bitrate != steering.bitrate:
            self._camera.set_bitrate(steering.bitrate)
        if old is None or old.pictures_per_second != steering.pictures_per_second:
            self._camera.set_picture_rate(steering.pictures_per_second)

    def _obey(self, events: list[ClientEvent]) -> None:
        for event in events:
            if isinstance(event, IdrRequested):
                self._camera.request_idr()
            elif isinstance(event, OpusWanted):
                self._is_opus_asked = event.wanted
                self._audio.use_opus(wanted=event.wanted)
            elif isinstance(event, Ended):
                raise StreamEnded(f"{self._link.name}: ended by the relay")

    def _tell_published(self, error: MediaError | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone
            self._loop.call_soon_threadsafe(self._settle, error)

    def _settle(self, error: MediaError | None) -> None:
        if self._published.done():
            return
        if error is None:
            self._published.set_result(None)
        else:
            self._published.set_exception(error)
            self._published.exception()  # read: the owner may have given up


def _client(link: Link, *, opus: bool) -> PublishClient:
    return PublishClient(link.url, secrets.token_bytes(RANDOM_BYTES), opus=opus)
