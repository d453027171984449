"""Small media files for tests, made on the spot."""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from kiosk.ports import SAMPLE_RATE


def write_video(
    path: Path,
    *,
    size: tuple[int, int] = (160, 120),
    pictures: int = 10,
    rate: int = 25,
    luma: int = 180,
    grain: int = 0,
) -> str:
    """
    Write a grey MPEG-4 clip that grows a little brighter by the picture.

    With ``grain``, so many levels of noise make it as costly as a real picture.
    """
    noise = np.random.default_rng(1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 500_000
        for number in range(pictures):
            plane = np.full((size[1] * 3 // 2, size[0]), 128, np.uint8)
            shape = (size[1], size[0])
            plane[: size[1]] = luma + number + noise.integers(0, grain + 1, shape)
            frame = VideoFrame.from_ndarray(plane, format="yuv420p")
            frame.pts = number
            frame.time_base = Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return str(path)


def write_sound(
    path: Path,
    *,
    seconds: float = 0.5,
    rate: int = SAMPLE_RATE,
    channels: int = 1,
    hertz: int = 500,
    amplitude: float = 0.5,
) -> str:
    """Write a WAV file with a sine on every channel."""
    at = np.arange(round(seconds * rate)) / rate
    tone = np.rint(amplitude * 32767 * np.sin(2 * np.pi * hertz * at)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(tone, channels).tobytes())
    return str(path)


def level(pcm: bytes) -> float:
    """Return the RMS of PCM, of full scale."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float64) / 32768
    return float(np.sqrt(np.mean(samples**2))) if samples.size else 0.0


def loudest_hertz(pcm: bytes) -> float:
    """Return the frequency with the most energy."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    return float(np.argmax(spectrum)) * SAMPLE_RATE / samples.size
