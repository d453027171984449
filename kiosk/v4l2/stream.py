"""
A camera that streams: buffers that come with the time their picture was taken.

1. Buffers are the driver's, mapped once (V4L2_MEMORY_MMAP); each goes back to the driver
   as soon as its picture was taken out.
2. Of uncoded pictures only the newest counts; coded ones build on each other, and each
   is given out.
3. A buffer that the driver calls damaged, or that is shorter than its picture, is counted
   and given back.
4. Times are CLOCK_MONOTONIC at the middle of the first row's exposure.  The driver
   stamps the start of exposure or the end of the picture, and says which; the exposure
   lasts what the camera tells, or half of the time between pictures, and reading it out
   and sending it takes all of that.  A stamp of another clock is told from its age, and
   the moment of arrival stands in for the end.

Nothing here is told twice to the log and nothing is repaired: an error of the kernel
goes up as it is.
"""

from __future__ import annotations

import ctypes
import errno
import logging
import mmap
import select
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from kiosk.errors import DeviceError
from kiosk.ports import Clock, Micros
from kiosk.v4l2 import uapi
from kiosk.v4l2.controls import exposure_us
from kiosk.v4l2.modes import Mode, fraction_of
from kiosk.v4l2.node import DEVICE, Node
from kiosk.v4l2.uapi import Ioctl
from kiosk.v4l2.uapi_numbers import (
    BUF_TYPE_VIDEO_CAPTURE,
    CAP_TIMEPERFRAME,
    FIELD_NONE,
    MEMORY_MMAP,
    BufFlag,
    Pixel,
    fourcc_text,
)


BUFFERS: Final = 4
LEAST_BUFFERS: Final = 2
"""With one the driver has nowhere to write while the picture is read."""

OLDEST_US: Final = 1_000_000
"""A picture older than this on arrival was stamped by another clock."""
_AHEAD_US: Final = 5_000

_NO_SUCH_CALL: Final = frozenset({errno.ENOTTY, errno.ENOSYS})
_REFUSED: Final = frozenset({errno.EINVAL, errno.ERANGE, errno.EIO, errno.EPIPE})
_BROKEN: Final = select.POLLERR | select.POLLHUP | select.POLLNVAL

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Granted:
    """
    What the driver agreed to.

    Attributes:
        mode: May differ in size and interval from what was asked for.
        pitch: Bytes from one row to the next, of uncoded pictures.
        colorspace, ycbcr_enc, quantization: As in ``v4l2_pix_format``.

    """

    mode: Mode
    pitch: int
    colorspace: int
    ycbcr_enc: int
    quantization: int


@dataclass(slots=True)
class StreamCounts:
    """What happened to the buffers of a camera."""

    pictures: int = 0
    damaged: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Captured:
    """
    A picture as the camera made it.

    Attributes:
        content: Of the driver's buffer; valid until it is given back.
        captured_at: The middle of its exposure.

    """

    content: memoryview
    captured_at: Micros


def configure(node: Node, path: str, mode: Mode) -> Granted:
    """
    Set format, size and rate; starts nothing.

    Raises:
        OSError: If somebody else uses the camera (EBUSY), or it is gone.
        DeviceError: If it does not keep to what it offered.

    """
    asked = uapi.Format(type=BUF_TYPE_VIDEO_CAPTURE)
    asked.fmt.pix.width, asked.fmt.pix.height = mode.width, mode.height
    asked.fmt.pix.pixelformat = mode.pixel
    asked.fmt.pix.field = FIELD_NONE
    node.ioctl(Ioctl.S_FMT, asked)
    pix = asked.fmt.pix
    if pix.pixelformat != mode.pixel:
        got = fourcc_text(pix.pixelformat)
        raise DeviceError(
            DEVICE, path, f"offers {mode.name} and gives {got}; use another camera"
        )
    interval = _set_interval(node, path, mode)
    return Granted(
        Mode(mode.pixel, pix.width, pix.height, interval),
        pix.bytesperline,
        pix.colorspace,
        pix.ycbcr_enc,
        pix.quantization,
    )


def check_free(node: Node) -> None:
    """
    Ask whether anybody streams from the camera, which changes nothing.

    Raises:
        OSError: EBUSY if so.

    """
    node.ioctl(Ioctl.REQBUFS, _buffers_of(0))


class Stream:
    """
    A configured camera; owns its buffers from the constructor on.

    Args:
        node: Stays the caller's, who closes it after this.
        path: Names the camera in errors.
        granted: What :func:`configure` returned.
        clock: CLOCK_MONOTONIC.
        wake: Readable when whoever waits is to look around.

    Raises:
        OSError: EBUSY if somebody else streams; or the device is gone.
        DeviceError: If the driver has too few buffers.

    """

    def __init__(
        self, node: Node, path: str, granted: Granted, clock: Clock, wake: int
    ) -> None:
        self.counts = StreamCounts()
        self._node = node
        self._path = path
        self._mode = granted.mode
        self._least_bytes = _least_bytes(granted)
        self._clock = clock
        self._maps: list[mmap.mmap] = []
        self._held: tuple[int, memoryview] | None = None
        self._is_clock_told = False
        self._poll = select.poll()
        self._poll.register(node.fileno(), select.POLLIN)
        self._poll.register(wake, select.POLLIN)
        try:
            self._take_buffers()
            self._since = clock.now()
            node.ioctl(Ioctl.STREAMON, uapi.BufType(BUF_TYPE_VIDEO_CAPTURE))
        except BaseException:
            self.close()
            raise
        self._exposure_us = exposure_us(node, granted.mode)

    def wait(self, seconds: float) -> bool:
        """
        Wait for a picture; returns whether there may be one.

        Returns early, with False, when woken; an error of the device is told by
        :meth:`take`.
        """
        for fd, events in self._poll.poll(max(0, round(seconds * 1000))):
            if fd == self._node.fileno():
                return bool(events & (select.POLLIN | _BROKEN))
        return False

    def take(self) -> Captured | None:
        """
        Return the next picture that is there, or None; gives the last one back.

        Raises:
            OSError: If the device is gone, or lost its stream.

        """
        self.give_back()
        newest: tuple[uapi.Buffer, Micros] | None = None
        while (buffer := self._dequeued()) is not None:
            at = self._captured_at(buffer)
            if not self._is_whole(buffer):
                self.counts.damaged += 1
                self._queue(buffer.index)
                continue
            if newest is not None:
                self.counts.skipped += 1
                self._queue(newest[0].index)
            newest = buffer, at
            if self._mode.pixel is Pixel.H264:
                break
        if newest is None:
            return None
        buffer, at = newest
        content = memoryview(self._maps[buffer.index])[: buffer.bytesused]
        self._held = buffer.index, content
        self.counts.pictures += 1
        return Captured(content, at)

    def give_back(self) -> None:
        """
        Let the driver have the buffer of the last picture again.

        Raises:
            OSError: If the device is gone.

        """
        held, self._held = self._held, None
        if held is not None:
            held[1].release()
            self._queue(held[0])

    def close(self) -> None:
        """Stop, and free the buffers; never raises, safe to repeat."""
        held, self._held = self._held, None
        if held is not None:
            with suppress(BufferError):  # an error's traceback may still show it
                held[1].release()
        _quietly(self._node, Ioctl.STREAMOFF, uapi.BufType(BUF_TYPE_VIDEO_CAPTURE))
        while self._maps:
            with suppress(BufferError):  # then it goes with that traceback
                self._maps.pop().close()
        _quietly(self._node, Ioctl.REQBUFS, _buffers_of(0))

    def _take_buffers(self) -> None:
        asked = _buffers_of(BUFFERS)
        self._node.ioctl(Ioctl.REQBUFS, asked)
        if asked.count < LEAST_BUFFERS:
            raise DeviceError(
                DEVICE,
                self._path,
                f"its driver has memory for {asked.count} of {BUFFERS} pictures;"
                " choose a smaller [camera] preset",
            )
        for index in range(asked.count):
            buffer = _buffer_at(index)
            self._node.ioctl(Ioctl.QUERYBUF, buffer)
            self._maps.append(self._node.map(buffer.length, buffer.m.offset))
            self._queue(index)

    def _queue(self, index: int) -> None:
        self._node.ioctl(Ioctl.QBUF, _buffer_at(index))

    def _dequeued(self) -> uapi.Buffer | None:
        buffer = _buffer_at(0)
        try:
            self._node.ioctl(Ioctl.DQBUF, buffer)
        except BlockingIOError:
            return None
        if buffer.index >= len(self._maps):
            raise DeviceError(
                DEVICE, self._path, f"its driver gives buffer {buffer.index} of none"
            )
        return buffer

    def _is_whole(self, buffer: uapi.Buffer) -> bool:
        if buffer.flags & BufFlag.ERROR:
            return False
        return buffer.bytesused >= self._least_bytes

    def _captured_at(self, buffer: uapi.Buffer) -> Micros:
        now = self._clock.now()
        stamp = buffer.timestamp.tv_sec * 1_000_000 + buffer.timestamp.tv_usec
        kind = buffer.flags & BufFlag.TIMESTAMP_MASK
        age = now - stamp
        period = 1_000_000 / (self._mode.rate or 30.0)
        if kind != BufFlag.TIMESTAMP_MONOTONIC or not -_AHEAD_US <= age <= OLDEST_US:
            self._tell_clock(age)
            middle = now - period - self._exposure_us / 2
        elif buffer.flags & BufFlag.TSTAMP_SRC_MASK == BufFlag.TSTAMP_SRC_SOE:
            middle = stamp + self._exposure_us / 2
        else:
            middle = stamp - period - self._exposure_us / 2
        return Micros(round(min(max(middle, self._since), now)))

    def _tell_clock(self, age: int) -> None:
        if not self._is_clock_told:
            self._is_clock_told = True
            log.warning(
                "camera at %s stamps its pictures by another clock (%.3f s off):"
                " they count from their arrival",
                self._path,
                age / 1_000_000,
            )


def _set_interval(node: Node, path: str, mode: Mode) -> Fraction | None:
    wanted = mode.interval
    asked = uapi.StreamParm(type=BUF_TYPE_VIDEO_CAPTURE)
    if wanted is None:
        return None
    asked.parm.capture.timeperframe.numerator = wanted.numerator
    asked.parm.capture.timeperframe.denominator = wanted.denominator
    try:
        node.ioctl(Ioctl.S_PARM, asked)
    except OSError as error:
        if error.errno in _NO_SUCH_CALL:
            return wanted  # a driver of one rate
        if error.errno not in _REFUSED:
            raise
        raise DeviceError(
            DEVICE,
            path,
            f"refuses {mode.name}, which it offers; set another [camera] picture_rate"
            " or preset, or use another camera",
        ) from error
    if not asked.parm.capture.capability & CAP_TIMEPERFRAME:
        return wanted
    return fraction_of(asked.parm.capture.timeperframe) or wanted


def _least_bytes(granted: Granted) -> int:
    """Return what a whole uncoded picture takes; coded ones say it themselves."""
    height, pitch = granted.mode.height, granted.pitch
    match granted.mode.pixel:
        case Pixel.YUYV | Pixel.UYVY:
            return pitch * height
        case Pixel.NV12 | Pixel.YUV420:
            return pitch * height * 3 // 2
        case _:
            return 1


def _buffers_of(count: int) -> uapi.RequestBuffers:
    return uapi.RequestBuffers(
        count=count, type=BUF_TYPE_VIDEO_CAPTURE, memory=MEMORY_MMAP
    )


def _buffer_at(index: int) -> uapi.Buffer:
    return uapi.Buffer(index=index, type=BUF_TYPE_VIDEO_CAPTURE, memory=MEMORY_MMAP)


def _quietly(node: Node, request: Ioctl, argument: ctypes.Structure) -> None:
    try:
        node.ioctl(request, argument)
    except OSError:  # it is gone, or never streamed: all the same now
        log.debug("%s failed while closing", request.name)
