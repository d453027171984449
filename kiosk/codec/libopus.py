"""
Opus by libopus itself, through ctypes.

FFmpeg drives the same library, but PyAV leads every block of sound through a
filter graph and rational numbers made of Python's integers: fifty times a
second, after the pictures have emptied the processor's caches, that cost four
times as much as the encoding.

The states lie in memory of Python's and need no closing.  Not thread-safe.
"""

from __future__ import annotations

import ctypes
import logging
from functools import lru_cache
from pathlib import Path
from typing import Final

import av

from kiosk.errors import MediaError
from kiosk.ports import SAMPLE_RATE


SYSTEM_LIBRARY: Final = "libopus.so.0"
"""Beside Debian's FFmpeg, which is linked to it; wheels of PyAV bring their own."""

CURE: Final = "apt-get install libopus0"

log = logging.getLogger(__name__)

# opus_defines.h
_APPLICATION_VOIP: Final = 2048
_SET_BITRATE: Final = 4002
_SET_VBR_CONSTRAINT: Final = 4020
_RESET_STATE: Final = 4028

_PACKET_BYTES: Final = 1276  # RFC 6716 3.4: the longest of one frame
_LONGEST: Final = SAMPLE_RATE * 120 // 1000  # samples of a packet


class VoiceEncoder:
    """
    A mono encoder for voices.

    Args:
        bitrate: Bits per second, on average.
        library: Its file, as the dynamic linker finds it.

    Raises:
        MediaError: If the library is missing, or does not take the bit rate.

    """

    def __init__(self, bitrate: int, library: str | None = None) -> None:
        self._opus = opus = _loaded(library or _place())
        self._state = ctypes.create_string_buffer(opus.opus_encoder_get_size(1))
        self._packet = ctypes.create_string_buffer(_PACKET_BYTES)
        state, number = self._state, ctypes.c_int
        wrong = (
            opus.opus_encoder_init(state, SAMPLE_RATE, 1, _APPLICATION_VOIP)
            or opus.opus_encoder_ctl(state, _SET_BITRATE, number(bitrate))
            or opus.opus_encoder_ctl(state, _SET_VBR_CONSTRAINT, number(0))
        )
        if wrong:
            raise MediaError(f"Opus encoder: {_words(opus, wrong)}")

    def encode(self, block: bytes) -> bytes:
        """
        Return the packet of 20 ms of signed 16 bit samples.

        Raises:
            MediaError: If the block has another length.

        """
        opus, packet = self._opus, self._packet
        size = opus.opus_encode(
            self._state, block, len(block) // 2, packet, _PACKET_BYTES
        )
        if size < 0:
            raise MediaError(f"Opus encoder: {_words(opus, size)}")
        return ctypes.string_at(packet, size)


class MonoDecoder:
    """
    A decoder that mixes down what is stereo.

    Raises:
        MediaError: If the library is missing.

    """

    def __init__(self) -> None:
        self._opus = opus = _loaded(_place())
        self._state = ctypes.create_string_buffer(opus.opus_decoder_get_size(1))
        self._pcm = ctypes.create_string_buffer(2 * _LONGEST)
        opus.opus_decoder_init(self._state, SAMPLE_RATE, 1)

    def decode(self, packet: bytes) -> bytes:
        """
        Return the samples of a packet, signed 16 bit.

        Raises:
            MediaError: If it is damaged; the next good one decodes again.

        """
        opus, pcm = self._opus, self._pcm
        samples = opus.opus_decode(self._state, packet, len(packet), pcm, _LONGEST, 0)
        if samples < 0:
            opus.opus_decoder_ctl(self._state, _RESET_STATE)
            raise MediaError(f"Opus packet is damaged: {_words(opus, samples)}")
        return ctypes.string_at(pcm, 2 * samples)


@lru_cache
def is_there(library: str | None = None) -> bool:
    """
    Whether the library can be loaded; where it cannot the log says so, once.

    Args:
        library: Its file, as the dynamic linker finds it.

    """
    try:
        _loaded(library or _place())
    except MediaError as exc:
        log.warning("sound is AAC only", extra={"reason": str(exc)})
        return False
    return True


def _place() -> str:
    beside_av = Path(av.__file__).parents[1] / "av.libs"
    return next((str(file) for file in beside_av.glob("libopus-*")), SYSTEM_LIBRARY)


@lru_cache
def _loaded(path: str) -> ctypes.CDLL:
    try:
        opus = ctypes.CDLL(path)
    except OSError as exc:
        raise MediaError(f"Opus: {exc}; {CURE}") from exc
    pointer, number = ctypes.c_char_p, ctypes.c_int
    signatures = {
        "opus_strerror": (pointer, (number,)),
        "opus_encoder_get_size": (number, (number,)),
        "opus_encoder_init": (number, (pointer, number, number, number)),
        "opus_encode": (number, (pointer, pointer, number, pointer, number)),
        "opus_decoder_get_size": (number, (number,)),
        "opus_decoder_init": (number, (pointer, number, number)),
        "opus_decode": (number, (pointer, pointer, number, pointer, number, number)),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(opus, name)
        function.restype, function.argtypes = result, arguments
    return opus  # opus_..._ctl take what their request says


def _words(opus: ctypes.CDLL, error: int) -> str:
    return bytes(opus.opus_strerror(error)).decode("ascii", "replace")
