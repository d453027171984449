"""
The pusher of a call: devices, encoders and the outgoing stream.

Lives on the event loop and owns the threads: ``mic`` with the devices, and
one ``sender`` for each link it publishes over.  Moving to another link leaves
the devices, the encoders and the mute state alone.
"""

from __future__ import annotations

import asyncio

from kiosk.errors import DeviceError, MediaError, StreamEnded
from kiosk.media.capture import Capture
from kiosk.media.facts import FactPost
from kiosk.media.link import MakeLink
from kiosk.media.outgoing import Outgoing
from kiosk.media.qos import RateController
from kiosk.media.sender import PushCounters, Sender
from kiosk.media.worker import Worker, WorkerRegistry
from kiosk.ports import Clock, PushLost, PushStats
from kiosk.rtmp.url import RtmpUrl


class StreamPusher:
    """
    Implements :class:`kiosk.ports.Pusher`.

    Args:
        capture: The devices, not yet open.
        outgoing: The queue that ``capture`` fills.
        make_link: Returns a fresh link for each attempt to publish.
        controller: Steers bit rate and picture rate.
        post: Told what happens; closed with the pusher.
        registry: Where running threads are entered.

    """

    def __init__(
        self,
        capture: Capture,
        outgoing: Outgoing,
        clock: Clock,
        *,
        make_link: MakeLink,
        controller: RateController,
        post: FactPost,
        registry: WorkerRegistry,
    ) -> None:
        self._capture = capture
        self._outgoing = outgoing
        self._clock = clock
        self._make_link = make_link
        self._controller = controller
        self._post = post
        self._registry = registry
        self._counters = PushCounters()
        self._sending: Worker | None = None
        self._republishing = asyncio.Lock()
        self._reconnects = 0
        self._is_closed = False

    async def start(self, push_url: str) -> None:
        """
        Open camera and microphone and publish, all at the same time.

        When one of them fails, all are closed before the error is raised.

        Raises:
            DeviceError: Camera or microphone cannot be opened.
            MediaError: The relay refused or was silent past the deadline.

        """
        url = RtmpUrl.parse(push_url)
        results = await asyncio.gather(
            self._capture.open(), self._publish(url), return_exceptions=True
        )
        errors = [result for result in results if isinstance(result, BaseException)]
        if not errors:
            return
        await self.close()
        for error in errors:
            if isinstance(error, DeviceError):
                raise error
        raise errors[0]

    async def republish(self, push_url: str) -> None:
        """
        Publish to another URL, with the devices left open.

        Raises:
            MediaError: The relay refused or was silent past the deadline.

        """
        url = RtmpUrl.parse(push_url)
        async with self._republishing:
            self._reconnects += 1
            await self._stop_sending()
            await self._publish(url)

    def set_muted(self, *, muted: bool) -> None:
        """Send silence instead of the microphone from the next period on."""
        self._capture.listening.muted = muted

    async def take_still(self, max_bytes: int) -> bytes:
        """Return one picture of the camera's whole sensor as a JPEG."""
        return await self._capture.take_still(max_bytes)

    @property
    def stats(self) -> PushStats:
        """A snapshot; cheap."""
        controller, listening = self._controller, self._capture.listening
        steering = controller.steering
        drops = self._outgoing.drops
        return PushStats(
            pictures_sent=self._counters.pictures_sent,
            pictures_dropped=drops.video,
            drops={
                "old": drops.video_old,
                "oversize": drops.video_oversize,
                "without_idr": drops.video_without_idr,
                "moved": drops.video_moved,
            },
            sound_dropped=drops.audio,
            bytes_sent=self._counters.bytes_sent,
            bitrate=steering.bitrate,
            pictures_per_second=steering.pictures_per_second,
            capacity=controller.capacity,
            backlog_ms=controller.backlog_ms,
            round_trip_ms=controller.round_trip_ms,
            braked_ms=controller.braked_ms,
            reconnects=self._reconnects,
            muted=listening.muted,
            silenced=listening.is_silenced,
            muted_ms=listening.muted_us / 1000,
            echo_canceller=self._capture.echo_canceller,
            audio_codec="opus" if self._capture.encoder.is_opus else "aac",
            microphone_xruns=listening.xruns,
        )

    async def close(self) -> None:
        """Close camera and microphone, then the stream; safe to repeat."""
        self._is_closed = True
        self._post.close()
        try:
            await self._capture.close()
        finally:
            await self._stop_sending()

    async def _publish(self, url: RtmpUrl) -> None:
        if self._is_closed:
            raise StreamEnded(f"{url.redacted}: closed by us")
        sender = Sender(
            lambda beat: self._make_link(url, beat),
            self._outgoing,
            self._capture.filming,
            self._clock,
            audio=self._capture.encoder,
            controller=self._controller,
            counters=self._counters,
            on_lost=self._lost,
        )
        self._sending = Worker(
            "sender", sender.run, registry=self._registry, wake=sender.wake
        )
        self._sending.start()
        await sender.published()

    async def _stop_sending(self) -> None:
        sending, self._sending = self._sending, None
        if sending is not None:
            await sending.stop()

    def _lost(self, error: MediaError) -> None:
        """Tell of a link that died; on the sender thread."""
        self._post(PushLost(str(error)))
