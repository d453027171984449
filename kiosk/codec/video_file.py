"""
Any video file as an endless row of pictures of one size.

Pictures keep their shape; what remains of the size is black.  The file is
opened again for every round, because not every format can seek.  Nothing here
waits: the caller paces.  Not thread-safe.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from kiosk.codec.av_errors import AV_ERRORS, cause_of, require_file
from kiosk.codec.av_frames import SoftFrames, has_full_range, matrix_of
from kiosk.codec.filter_chain import FilterChain, i420_from, to_i420
from kiosk.codec.i420 import I420, black_picture, planes_of
from kiosk.errors import MediaError
from kiosk.ports import Micros, SoftFrame


FALLBACK_RATE = 25.0
LONGEST_STEP_US = 1_000_000
"""Holes in a file's time stamps are cut to this."""


class VideoFile:
    """
    A video file that begins again when it ends.

    Args:
        path: Anything FFmpeg can open.
        width, height: Of the pictures it gives, both even.

    Raises:
        MediaError: If it is absent, or has no video that can be decoded.

    """

    def __init__(self, path: str, width: int, height: int) -> None:
        self._path = path
        self._size = (width, height)
        self._fitting = FilterChain()
        self._whole = SoftFrames()
        self._position_us = 0.0
        self._round_pictures = 0
        self._container, self._frames, self.picture_rate = self._opened()
        try:
            self._frame = self._next_frame()
        except MediaError:
            self._container.close()
            raise
        self._fresh = True

    def advance(self) -> Micros:
        """
        Go to the next picture and return its time since the first one.

        Raises:
            MediaError: If the file is gone or damaged all over.

        """
        if self._fresh:
            self._fresh = False
            return Micros(0)
        before = self._frame.time if self._frame.pts is not None else None
        pictures = self._round_pictures
        self._frame = self._next_frame()
        step_us = 1_000_000 / self.picture_rate
        if self._round_pictures > pictures:
            after = self._frame.time if self._frame.pts is not None else None
            if before is not None and after is not None and after > before:
                step_us = min((after - before) * 1_000_000, LONGEST_STEP_US)
        self._position_us += step_us
        return Micros(round(self._position_us))

    def picture(self) -> I420:
        """
        Return the present picture in the size asked for.

        Raises:
            MediaError: If it cannot be converted.

        """
        width, height = self._size
        shown = _fitted(self._frame, width, height)
        steps = to_i420(
            *shown,
            matrix=matrix_of(self._frame),
            full_range=has_full_range(self._frame),
        )
        try:
            scaled = i420_from(self._fitting.filtered(self._frame, steps))
        except AV_ERRORS as exc:
            raise MediaError(f"{self._path}: {cause_of(exc)}") from exc
        picture = black_picture(width, height)
        left, top = (width - shown[0]) // 2 & ~1, (height - shown[1]) // 2 & ~1
        both = zip(planes_of(picture), planes_of(scaled), strict=True)
        for index, (plane, part) in enumerate(both):
            halves = 1 if index == 0 else 2
            y, x = top // halves, left // halves
            plane[y : y + part.shape[0], x : x + part.shape[1]] = part
        return picture

    def whole_picture(self, at: Micros) -> SoftFrame:
        """
        Return the present picture in the file's own size, taken at ``at``.

        Raises:
            MediaError: If it cannot be converted.

        """
        try:
            return self._whole.of(self._frame, at)
        except AV_ERRORS as exc:
            raise MediaError(f"{self._path}: {cause_of(exc)}") from exc

    def close(self) -> None:
        """Close the file; safe to repeat."""
        self._container.close()

    def _next_frame(self) -> VideoFrame:
        while True:
            try:
                frame = next(self._frames, None)
            except AV_ERRORS as exc:
                # damaged from here on: play what came before, again and again
                if not self._round_pictures:
                    raise MediaError(f"{self._path}: {cause_of(exc)}") from exc
                frame = None
            if frame is not None:
                self._round_pictures += 1
                return frame
            if not self._round_pictures:
                raise MediaError(f"{self._path}: no picture in it can be decoded")
            self._container.close()
            self._round_pictures = 0
            self._container, self._frames, self.picture_rate = self._opened()

    def _opened(self) -> tuple[InputContainer, Iterator[VideoFrame], float]:
        require_file(self._path)
        try:
            # only container_options: `options` crashes av 14.2
            container = av.open(self._path, container_options={})
        except AV_ERRORS as exc:
            raise MediaError(f"{self._path}: {cause_of(exc)}") from exc
        if not container.streams.video:
            container.close()
            raise MediaError(f"{self._path}: no video in it")
        stream: VideoStream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        rate = stream.average_rate or Fraction(0)
        return container, container.decode(stream), float(rate) or FALLBACK_RATE


def _fitted(frame: VideoFrame, width: int, height: int) -> tuple[int, int]:
    """Return the largest even size of the frame's shape within the given one."""
    scale = min(width / frame.width, height / frame.height)
    fitted = (round(frame.width * scale) & ~1, round(frame.height * scale) & ~1)
    return max(2, fitted[0]), max(2, fitted[1])
