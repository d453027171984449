"""
``Picamera2`` of a camera that draws: streams, buffers, requests, and the loop.

Buffers are memory files, which are mapped and passed on like dma-bufs.  As of the
real one, a request that is held by somebody does not come back to the sensor, and a
sensor without one takes no picture.
"""

from __future__ import annotations

import mmap
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, Final

import numpy as np

from kiosk.codec.i420 import I420, i420_of, preview_of
from kiosk.codec.painted_clock import paint_i420
from kiosk.codec.scene import Scene
from kiosk.devices.testing.picamera2_faults import Faults
from kiosk.ports import Micros


_ALIGNMENT: Final = 64  # of a YUV420 row on VC4
_JOIN_S: Final = 2.0
_EXPOSURE_US: Final = 10_000
_READOUT_NS: Final = 5_000_000
_BLACK, _GREY = 16, 128


class FakeBuffer:
    """Memory of one picture of one stream; ``planes[0].fd`` is what is shared."""

    def __init__(self, size: int) -> None:
        self.fd = os.memfd_create("fake-picture", os.MFD_CLOEXEC)
        os.truncate(self.fd, size)
        self.map = mmap.mmap(self.fd, size)
        self.planes = (SimpleNamespace(fd=self.fd, offset=0, length=size),)

    def close(self) -> None:
        """Give the memory back."""
        if self.fd >= 0:
            self.map.close()
            os.close(self.fd)
            self.fd = -1


class FakeRequest:
    """
    ``CompletedRequest``: one picture of all streams, counted by who holds it.

    Args:
        camera: Where it goes back to.
        streams: Their configurations, by name.

    """

    def __init__(
        self, camera: FakePicamera2, streams: Mapping[str, Mapping[str, Any]]
    ) -> None:
        self._camera = camera
        self._lock = threading.Lock()
        self._held = 0
        self.stamp_ns = 0
        self.stream_map = {name: _stream(stream) for name, stream in streams.items()}
        self.buffers = {
            name: FakeBuffer(stream["framesize"]) for name, stream in streams.items()
        }
        self.request = SimpleNamespace(
            buffers={self.stream_map[name]: b for name, b in self.buffers.items()},
            metadata={},
        )

    def complete(self, stamp_ns: int) -> None:
        """Begin to be held by the camera's own list."""
        self.stamp_ns = stamp_ns
        self.request.metadata = {"SensorTimestamp": stamp_ns}
        self._held = 1

    def acquire(self) -> None:
        """Hold it."""
        with self._lock:
            if not self._held:
                raise RuntimeError("CompletedRequest: acquiring lock with ref_count 0")
            self._held += 1

    def release(self) -> None:
        """Let go of it."""
        with self._lock:
            self._held -= 1
            if self._held < 0:
                raise RuntimeError("CompletedRequest: negative ref_count")
            is_free = not self._held
        if is_free:
            self._camera.take_back(self)

    def get_metadata(self) -> Mapping[str, Any]:
        """Return what the sensor says of it."""
        return {"SensorTimestamp": self.stamp_ns, "ExposureTime": _EXPOSURE_US}

    def make_buffer(self, name: str) -> Any:
        """Return a copy of a stream's bytes."""
        return np.frombuffer(self.buffers[name].map, np.uint8).copy()


class FakePicamera2:
    """
    ``picamera2.Picamera2`` of one camera.

    Args:
        known: What is known of the camera.
        faults: Of its board.

    """

    camera_controls: Final = {"FrameDurationLimits": (33_333, 120_000, 33_333)}

    def __init__(self, known: Mapping[str, Any], faults: Faults) -> None:
        self._known = known
        self._faults = faults
        self.is_open = True
        self.started = False
        self.post_callback: Callable[[Any], None] | None = None
        self.notifyme_r, self.notifyme_w = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.notifymeread = os.fdopen(self.notifyme_r, "rb")
        self.allocator: Any = None
        self.process_requests = self.hand_out  # picamera2's name for it
        self._configuration: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._free: deque[FakeRequest] = deque()
        self._done: list[FakeRequest] = []
        self._out: set[FakeRequest] = set()
        self._stopping = threading.Event()
        self._sensor: threading.Thread | None = None

    def create_video_configuration(self, **asked: Any) -> dict[str, Any]:
        """Return what is to be configured."""
        return dict(asked)

    def configure(self, configuration: Mapping[str, Any]) -> None:
        """Make the streams and their buffers."""
        if self.started:
            raise RuntimeError("Camera must be stopped before configuring")
        streams: dict[str, Any] = {}
        for name in ("main", "lores"):
            asked = configuration[name]
            if asked is not None:
                size = (name == "main" and self._faults.size) or asked["size"]
                streams[name] = _configured(asked["format"], *size)
        self._configuration = {**configuration, **streams}
        for _ in range(configuration["buffer_count"]):
            self._free.append(FakeRequest(self, streams))

    def stream_configuration(self, name: str) -> Mapping[str, Any]:
        """Return a stream as it became."""
        stream: Mapping[str, Any] = self._configuration[name]
        return stream

    def start(self, *, show_preview: bool | None = False) -> None:
        """Let the sensor run; whoever asked for no preview runs the loop."""
        assert show_preview is None
        self._stopping.clear()
        self.started = True
        self._sensor = threading.Thread(
            target=self._expose, name="fake-sensor", daemon=True
        )
        self._sensor.start()

    def hand_out(self, display: Any) -> None:
        """Hand out the pictures that are complete, on the loop's thread."""
        with self._lock:
            done, self._done = self._done, []
        for request in done:
            if self.post_callback is not None:
                self.post_callback(request)
            request.release()

    def stop(self) -> None:
        """Let the sensor stop."""
        if self._faults.stops_hang is not None:
            self._faults.stops_hang.wait()
        self._stopping.set()
        if self._sensor is not None:
            self._sensor.join(_JOIN_S)
            self._sensor = None
        self.started = False
        self.release_unseen()

    def release_unseen(self) -> None:
        """Let go of pictures that nobody was shown."""
        with self._lock:
            unseen, self._done = self._done, []
        for request in unseen:
            request.release()

    def close(self) -> None:
        """Give everything back but what is held by others."""
        if not self.is_open:
            return
        self.stop()
        if self._faults.close_fails:
            raise RuntimeError("Failed to release camera: Connection timed out")
        self.is_open = False
        self.notifymeread.close()
        os.close(self.notifyme_w)
        with self._lock:
            while self._free:
                _close(self._free.popleft())

    def take_back(self, request: FakeRequest) -> None:
        """Let the sensor have a request again, or its memory go."""
        with self._lock:
            self._out.discard(request)
            if self.is_open:
                self._free.append(request)
            else:
                _close(request)

    @property
    def held(self) -> int:
        """How many requests are neither with the sensor nor waiting for the loop."""
        with self._lock:
            return len(self._out) - len(self._done)

    def _expose(self) -> None:
        main = self._configuration["main"]
        width, height = main["size"]
        scene = Scene(width, height)
        period_us, _ = self._configuration["controls"]["FrameDurationLimits"]
        period_ns = period_us * 1_000
        number, taken_ns, began_ns = 0, 0, time.monotonic_ns() + _READOUT_NS
        picture = self._seen(scene, number, began_ns)
        while not self._stopping.wait(
            max(0, began_ns + number * period_ns - time.monotonic_ns()) / 1e9
        ):
            # a sensor is steady: who is late misses pictures, and shifts none
            number = max(number, (time.monotonic_ns() - began_ns) // period_ns)
            stamp_ns = began_ns + number * period_ns
            number += 1
            is_early = stamp_ns < taken_ns + self._faults.least_period_s * 1e9
            if self._faults.is_stalled or is_early:
                continue
            with self._lock:
                request = self._free.popleft() if self._free else None
            if request is not None:
                taken_ns = stamp_ns
                if not self._faults.is_frozen:
                    picture = self._seen(scene, number, stamp_ns)
                self._take(request, picture, stamp_ns)

    def _seen(self, scene: Scene, number: int, stamp_ns: int) -> I420:
        """Return what is before the sensor."""
        picture = scene.draw(number)
        paint_i420(picture, Micros(stamp_ns // 1_000))
        if self._faults.is_dark:
            height = picture.shape[0] * 2 // 3
            picture[:height], picture[height:] = _BLACK, _GREY
        return picture

    def _take(self, request: FakeRequest, picture: I420, stamp_ns: int) -> None:
        for name, buffer in request.buffers.items():
            stream = self._configuration[name]
            _lay_out(picture, stream, buffer.map)
        request.complete(stamp_ns)
        with self._lock:
            self._out.add(request)
            self._done.append(request)
        os.write(self.notifyme_w, b"\0")


def _close(request: FakeRequest) -> None:
    for buffer in request.buffers.values():
        buffer.close()


class _Stream:
    """A libcamera stream: known by identity, and how it is configured."""

    def __init__(self, frame_size: int) -> None:
        self.configuration = SimpleNamespace(frame_size=frame_size)


def _stream(stream: Mapping[str, Any]) -> _Stream:
    return _Stream(stream["framesize"])


def _configured(form: str, width: int, height: int) -> dict[str, Any]:
    stride = -(-width // _ALIGNMENT) * _ALIGNMENT
    return {
        "format": form,
        "size": (width, height),
        "stride": stride,
        "framesize": stride * height * 3 // 2,
    }


def _lay_out(picture: I420, stream: Mapping[str, Any], memory: mmap.mmap) -> None:
    """Write a picture into a buffer, smaller where the stream is."""
    width, height = stream["size"]
    stride = stream["stride"]
    step = max(1, picture.shape[1] // width)
    small = picture
    if step > 1:
        small = i420_of(preview_of(picture, Micros(0), step))
    rows = np.frombuffer(memory, np.uint8)
    rows[: stride * height].reshape(height, stride)[:, :width] = small[:height]
    half = rows[stride * height : stride * height * 3 // 2]
    chroma = half.reshape(height, stride // 2)
    chroma[:, : width // 2] = small[height:].reshape(height, width // 2)
