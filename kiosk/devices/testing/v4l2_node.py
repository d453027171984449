"""An open node of a fake webcam: what its driver answers, and the pictures it fills in."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from typing import Any, Final

from kiosk.devices.testing.v4l2_description import Description
from kiosk.devices.testing.v4l2_pictures import FakePictures
from kiosk.devices.testing.v4l2_webcam import (
    EXPOSURE_US,
    Damage,
    FakeWebcam,
    Stamps,
    refuse,
)
from kiosk.ports import Micros
from kiosk.v4l2 import uapi
from kiosk.v4l2.uapi import Ioctl
from kiosk.v4l2.uapi_numbers import (
    CAP_TIMEPERFRAME,
    BufFlag,
    Cid,
    Colorspace,
    Pixel,
)


JOIN_S: Final = 2.0
_PAGE: Final = 4096
_DEFAULT_BITRATE: Final = 1_000_000
_WALL_AHEAD_S: Final = 1_000_000_000
_TRANSFER_US: Final = 2_000


class FakeNode:
    """
    Implements :class:`kiosk.v4l2.node.Node`.

    Args:
        webcam: Whose node.

    """

    def __init__(self, webcam: FakeWebcam) -> None:
        self._webcam = webcam
        self._number = webcam.number
        self._readable, self._write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._format: FakePictures | None = None
        self._rate = 30.0
        self._memory = -1
        self._maps: list[mmap.mmap] = []
        self._queued: deque[int] = deque()
        self._done: deque[uapi.Buffer] = deque()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        told = Description(webcam)
        self._answers: dict[Ioctl, Callable[[Any], None]] = {
            Ioctl.QUERYCAP: told.query_cap,
            Ioctl.ENUM_FMT: told.enum_format,
            Ioctl.ENUM_FRAMESIZES: told.enum_size,
            Ioctl.ENUM_FRAMEINTERVALS: told.enum_interval,
            Ioctl.S_FMT: self._set_format,
            Ioctl.S_PARM: self._set_interval,
            Ioctl.REQBUFS: self._request_buffers,
            Ioctl.QUERYBUF: self._query_buffer,
            Ioctl.QBUF: self._queue,
            Ioctl.DQBUF: self._dequeue,
            Ioctl.STREAMON: self._stream_on,
            Ioctl.STREAMOFF: self._stream_off,
            Ioctl.QUERYCTRL: told.query_control,
            Ioctl.G_CTRL: told.get_control,
            Ioctl.S_CTRL: told.set_control,
        }

    def ioctl(self, request: Ioctl, argument: ctypes.Structure) -> None:
        """Answer as the driver does."""
        if request is Ioctl.STREAMOFF:  # waits for a thread that takes the lock
            self._answers[request](argument)
            return
        with self._webcam.lock:
            if self._is_gone:
                refuse(errno.ENODEV)
            self._answers[request](argument)

    def map(self, size: int, offset: int) -> mmap.mmap:
        """Map a buffer."""
        return mmap.mmap(self._memory, size, offset=offset)

    def fileno(self) -> int:
        """Return what is readable while a picture is there."""
        return self._readable

    def close(self) -> None:
        """Give everything back."""
        self._stop()
        with self._webcam.lock:
            self._free()
            for fd in (self._readable, self._write):
                if fd >= 0:
                    os.close(fd)
            self._readable = self._write = -1

    @property
    def _pictures(self) -> FakePictures:
        if self._format is None:
            refuse(errno.EINVAL)
        return self._format

    @property
    def _is_gone(self) -> bool:
        return not self._webcam.is_plugged or self._webcam.number != self._number

    # How it captures.

    def _set_format(self, asked: uapi.Format) -> None:
        self._need_free()
        if self._maps:
            refuse(errno.EBUSY)
        pix = asked.fmt.pix
        offer = self._webcam.rates.get(Pixel(pix.pixelformat), self._webcam.offers[0])
        wanted = (pix.width, pix.height)
        size = wanted if wanted in offer.sizes else offer.sizes[0]
        self._format = made = FakePictures(offer.pixel, *size, self._webcam.padding)
        is_jpeg = offer.pixel in {Pixel.MJPEG, Pixel.JPEG}
        pix.width, pix.height = size
        pix.pixelformat = offer.pixel
        pix.bytesperline = made.pitch
        pix.sizeimage = made.most_bytes
        pix.colorspace = Colorspace.JPEG if is_jpeg else 0
        pix.ycbcr_enc = pix.quantization = 0

    def _set_interval(self, asked: uapi.StreamParm) -> None:
        self._need_free()
        if self._webcam.switches.refuses_rates:
            refuse(errno.EINVAL)
        time = asked.parm.capture.timeperframe
        wanted = Fraction(time.denominator, time.numerator)
        rates = self._webcam.rates[self._pictures.pixel].rates
        rate = min(rates, key=lambda one: abs(one - wanted))
        asked.parm.capture.capability = CAP_TIMEPERFRAME
        time.numerator, time.denominator = 1, rate
        self._rate = float(rate)

    def _need_free(self) -> None:
        owner = self._webcam.owner
        if self._webcam.switches.held_by or owner not in {None, self}:
            refuse(errno.EBUSY)

    # Buffers.

    def _request_buffers(self, asked: uapi.RequestBuffers) -> None:
        self._need_free()
        self._free()
        asked.count = min(asked.count, self._webcam.switches.most_buffers)
        if not asked.count:
            return
        self._webcam.owner = self
        size = self._buffer_bytes
        self._memory = os.memfd_create("v4l2", os.MFD_CLOEXEC)
        os.ftruncate(self._memory, size * asked.count)
        self._maps = [
            mmap.mmap(self._memory, size, offset=size * index)
            for index in range(asked.count)
        ]

    def _free(self) -> None:
        while self._maps:
            self._maps.pop().close()
        memory, self._memory = self._memory, -1
        if memory >= 0:
            os.close(memory)
        if self._webcam.owner is self:
            self._webcam.owner = None

    @property
    def _buffer_bytes(self) -> int:
        return -(-self._pictures.most_bytes // _PAGE) * _PAGE

    def _query_buffer(self, asked: uapi.Buffer) -> None:
        asked.length = self._buffer_bytes
        asked.m.offset = self._buffer_bytes * asked.index

    def _queue(self, asked: uapi.Buffer) -> None:
        if asked.index >= len(self._maps) or asked.index in self._queued:
            refuse(errno.EINVAL)
        self._queued.append(asked.index)

    def _dequeue(self, asked: uapi.Buffer) -> None:
        if self._thread is None:
            refuse(errno.EINVAL)
        if not self._done:
            refuse(errno.EAGAIN)
        os.read(self._readable, 1)
        done = self._done.popleft()
        ctypes.pointer(asked)[0] = done

    # Streaming.

    def _stream_on(self, _: uapi.BufType) -> None:
        if not self._maps:
            refuse(errno.EINVAL)
        self._ended.clear()
        self._pictures.begin()
        self._thread = threading.Thread(
            target=self._run, name="fake-camera", daemon=True
        )
        self._thread.start()

    def _stream_off(self, _: uapi.BufType) -> None:
        self._stop()
        with self._webcam.lock:
            with suppress(BlockingIOError):
                os.read(self._readable, len(self._done) + 1)
            self._queued.clear()
            self._done.clear()

    def _stop(self) -> None:
        self._ended.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(JOIN_S)

    def _run(self) -> None:
        clock, period = self._webcam.clock, 1_000_000 / self._rate
        begin = clock.now() + self._webcam.switches.wakes_s * 1_000_000
        while True:
            # rows are read out, and the picture is sent, one after the other
            sent = period if self._webcam.stamps is Stamps.END else _TRANSFER_US
            ready = begin + EXPOSURE_US + sent
            if self._ended.wait(max(0.0, (ready - clock.now()) / 1_000_000)):
                return
            with self._webcam.lock:
                if self._is_gone:
                    os.close(self._write)  # what polls sees that nothing more comes
                    self._write = -1
                    return
                if self._queued and not self._webcam.switches.stalled:
                    self._fill(self._queued.popleft(), round(begin), round(ready))
            begin = max(begin + period, clock.now() - period)

    def _fill(self, index: int, begin: int, end: int) -> None:
        controls = self._webcam.controls
        idr = bool(controls.get(Cid.MPEG_VIDEO_FORCE_KEY_FRAME))
        if idr:
            controls[Cid.MPEG_VIDEO_FORCE_KEY_FRAME] = 0
        bitrate = controls.get(Cid.MPEG_VIDEO_BITRATE, _DEFAULT_BITRATE)
        middle = Micros(begin + EXPOSURE_US // 2)
        content = bytearray(self._pictures.taken(middle, bitrate, idr=idr))
        damage = self._webcam.switches.damage
        flags = 0
        if damage is Damage.FLAGGED:
            flags = BufFlag.ERROR
        elif damage is Damage.SHORT:
            del content[len(content) // 2 :]
        elif damage is Damage.CORRUPT:
            middle_at = len(content) // 2
            content[middle_at : middle_at + 64] = b"\xff\xc4" * 32
        self._maps[index][: len(content)] = bytes(content)
        self._done.append(self._filled(index, len(content), flags, begin, end))
        os.write(self._write, b"\1")

    def _filled(
        self, index: int, size: int, flags: int, begin: int, end: int
    ) -> uapi.Buffer:
        stamp = begin
        flags |= BufFlag.TIMESTAMP_MONOTONIC
        match self._webcam.stamps:
            case Stamps.START:
                flags |= BufFlag.TSTAMP_SRC_SOE
            case Stamps.END:
                stamp = end
            case Stamps.WALL:
                stamp += _WALL_AHEAD_S * 1_000_000
        return uapi.Buffer(
            index=index,
            bytesused=size,
            flags=flags,
            timestamp=uapi.Timeval(stamp // 1_000_000, stamp % 1_000_000),
        )
