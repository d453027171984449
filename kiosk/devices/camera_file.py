"""
A camera that plays a video file, in real time and for ever.

For demonstrations with a real face, and for measurements that need the same
pictures twice.  The file's own pace is kept; its pictures are fitted into the
configured size with black bars.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from kiosk.codec.i420 import I420
from kiosk.codec.live_encoder import LiveEncoder
from kiosk.codec.painted_clock import paint_i420
from kiosk.codec.presets import GOP_S
from kiosk.codec.software_camera import SoftwareCamera
from kiosk.codec.video_file import VideoFile
from kiosk.errors import DeviceError, MediaError
from kiosk.ports import (
    AccessUnit,
    Bitrate,
    Clock,
    DmabufFrame,
    Micros,
    Probe,
    SoftFrame,
)


CURE = 'name a video file that ffmpeg can play, or use camera "synthetic"'
SKIP_LATE_US = 100_000
GIVE_UP_LATE_US = 1_000_000
"""A machine too slow for the file leaves pictures out, then slows it down."""

log = logging.getLogger(__name__)


class FileCamera(SoftwareCamera):
    """
    Implements :class:`kiosk.ports.Camera` with a video file.

    Args:
        clock: Stamps and paces the pictures.
        path: Of the file.
        width, height: Of the coded picture in pixels, both even.
        picture_rate: Coded pictures per second at most.
        bitrate: To begin with.
        ceiling: Never exceeded.
        gop_s: Longest time between IDRs in seconds.
        paint_clock: Whether to paint the capture time into the pictures.

    """

    def __init__(
        self,
        clock: Clock,
        path: str,
        *,
        width: int = 640,
        height: int = 360,
        picture_rate: float = 30.0,
        bitrate: Bitrate,
        ceiling: Bitrate,
        gop_s: float = GOP_S,
        paint_clock: bool = False,
    ) -> None:
        super().__init__(
            clock,
            path,
            width=width,
            height=height,
            picture_rate=picture_rate,
            bitrate=bitrate,
            ceiling=ceiling,
            gop_s=gop_s,
        )
        self._path = path
        self._paint_clock = paint_clock

    def probe(self) -> Probe:
        """Say whether the file can be played."""
        try:
            video = VideoFile(self._path, *self._size)
        except MediaError as exc:
            return Probe("no picture", str(exc), CURE)
        video.close()
        return Probe(f"file {self._path} at {video.picture_rate:g} pictures a second")

    def start(
        self,
        on_unit: Callable[[AccessUnit], None],
        on_preview: Callable[[SoftFrame | DmabufFrame], None] | None = None,
    ) -> None:
        """
        Begin to deliver access units.

        Raises:
            DeviceError: If it is open already, or the file cannot be played.

        """
        self._refuse_twice()
        try:
            video = VideoFile(self._path, *self._size)
        except MediaError as exc:
            raise DeviceError("camera", self._path, f"{exc}; {CURE}") from exc
        rate = min(self._picture_rate, video.picture_rate)
        try:
            encoder = self._new_encoder(rate)
        except MediaError as exc:
            video.close()
            raise DeviceError("camera", self._path, str(exc)) from exc
        live = LiveEncoder(encoder, self._wishes, rate, on_unit, on_preview)
        self._run_in_thread(partial(self._run, video), live)

    def _run(self, video: VideoFile, live: LiveEncoder) -> None:
        try:
            self._play(video, live)
        except MediaError as exc:
            log.error("camera stopped: %s", exc)  # noqa: TRY400 - one line is enough
        finally:
            video.close()

    def _play(self, video: VideoFile, live: LiveEncoder) -> None:
        def draw(at: Micros) -> I420:
            picture = video.picture()
            if self._paint_clock:
                paint_i420(picture, at)
            return picture

        start = self._clock.now()
        while not self._closing.is_set():
            due = start + video.advance()
            late = self._clock.now() - due
            if late > GIVE_UP_LATE_US:
                start = Micros(start + late)
            elif late > SKIP_LATE_US:
                continue
            if self._closing.wait(max(0.0, -late / 1_000_000)):
                return
            self._shutter.take(lambda: video.whole_picture(self._clock.now()))
            live.offer(draw, self._clock.now())
