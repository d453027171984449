"""
Any file with sound as an endless row of samples, 48 kHz mono.

The file is opened again for every round.  Nothing here waits: the caller
paces.  Not thread-safe.
"""

from __future__ import annotations

from collections.abc import Iterator

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import InputContainer

from kiosk.codec.av_errors import AV_ERRORS, cause_of, require_file
from kiosk.errors import MediaError
from kiosk.ports import SAMPLE_RATE


class AudioFile:
    """
    A sound file that begins again when it ends.

    Args:
        path: Anything FFmpeg can open.

    Raises:
        MediaError: If it is absent, or has no sound that can be decoded.

    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._waiting = bytearray()
        self._container, self._pcm = self._opened()
        try:
            self._fill(2)
        except MediaError:
            self._container.close()
            raise

    def read(self, n_samples: int) -> bytes:
        """
        Return the next samples, signed 16 bit little endian.

        Raises:
            MediaError: If the file is gone or damaged all over.

        """
        self._fill(2 * n_samples)
        pcm = bytes(self._waiting[: 2 * n_samples])
        del self._waiting[: 2 * n_samples]
        return pcm

    def close(self) -> None:
        """Close the file; safe to repeat."""
        self._container.close()

    def _fill(self, n_bytes: int) -> None:
        sounded = True
        while len(self._waiting) < n_bytes:
            block = self._next_block()
            if block is not None:
                self._waiting += block
                sounded = sounded or bool(block)
                continue
            if not sounded:
                raise MediaError(f"{self._path}: no sound in it can be decoded")
            self._container.close()
            self._container, self._pcm = self._opened()
            sounded = False

    def _next_block(self) -> bytes | None:
        try:
            return next(self._pcm, None)
        except AV_ERRORS:
            return None  # damaged from here on: play what came before again

    def _opened(self) -> tuple[InputContainer, Iterator[bytes]]:
        container = _opened(self._path)
        return container, _pcm_of(container)


def sound_of(path: str, most_s: float) -> Iterator[bytes]:
    """
    Yield the sound of a file once, in blocks of signed 16 bit samples.

    Args:
        path: Anything FFmpeg can open.
        most_s: What is beyond is left out, as is what is damaged.

    Raises:
        MediaError: It is absent, or has no sound that can be decoded.

    """
    left, container = int(most_s * SAMPLE_RATE) * 2, _opened(path)
    with container:
        pcm = _pcm_of(container)
        begun = False
        while left > 0:
            try:
                block = next(pcm, None)
            except AV_ERRORS as exc:
                if not begun:
                    raise MediaError(f"{path}: {cause_of(exc)}") from exc
                return
            if block is None:
                break
            begun = begun or bool(block)
            yield block[:left]
            left -= len(block)
        if not begun:
            raise MediaError(f"{path}: no sound in it can be decoded")


def _opened(path: str) -> InputContainer:
    require_file(path)
    try:
        container = av.open(path, container_options={})
    except AV_ERRORS as exc:
        raise MediaError(f"{path}: {cause_of(exc)}") from exc
    if not container.streams.audio:
        container.close()
        raise MediaError(f"{path}: no sound in it")
    return container


def _pcm_of(container: InputContainer) -> Iterator[bytes]:
    resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    for frame in container.decode(container.streams.audio[0]):
        frame.pts = None
        yield _joined(resampler.resample(frame))
    yield _joined(resampler.resample(None))


def _joined(frames: list[AudioFrame]) -> bytes:
    return b"".join(bytes(f.planes[0])[: f.samples * 2] for f in frames)
