"""
Speex's echo canceller and noise suppression: Debian's libspeexdsp1, by ctypes.

Its filter is short, so it is given the loudspeaker's side later by as much as
the echo is late; that delay is searched for all the time
(:mod:`kiosk.codec.echo_delay`).  Delay and filter are known after some seconds
of the other's talk; so long the microphone is turned down while he talks.
"""

from __future__ import annotations

import ctypes
from typing import Final

import numpy as np

from kiosk.codec.ducking import Ducker, talks
from kiosk.codec.echo_delay import MOST_MS, EchoDelayFinder
from kiosk.errors import DeviceError
from kiosk.ports import ECHO_BLOCK, SAMPLE_RATE


NAME: Final = "speex"
LIBRARY: Final = "libspeexdsp.so.1"
CURE: Final = "apt-get install libspeexdsp1"

_TAIL: Final = SAMPLE_RATE // 5
"""How long the filter is: a fifth of a second of room."""

_HEADROOM: Final = SAMPLE_RATE * 5 // 1000
"""The filter begins so much before the delay that was found."""

_MOVED: Final = SAMPLE_RATE // 100
"""Smaller changes of the delay are the filter's own business."""

_LEARNING: Final = 400
"""Blocks of the loudspeaker's talk until the filter does well: 4 s."""

_DELAY_US: Final = 10_000  # the preprocessor overlaps its blocks by one

# speex/speex_echo.h, speex/speex_preprocess.h
_ECHO_SET_SAMPLING_RATE: Final = 24
_PREPROCESS_SET_DENOISE: Final = 0
_PREPROCESS_SET_ECHO_STATE: Final = 24


class SpeexEchoCanceller:
    """
    Implements :class:`kiosk.ports.EchoCanceller` with libspeexdsp.

    Args:
        noise_suppression: Whether steady noise is taken out.
        library: Its file, as the dynamic linker finds it.

    Raises:
        DeviceError: If the library is not installed.

    """

    def __init__(self, *, noise_suppression: bool, library: str = LIBRARY) -> None:
        self._speex = _loaded(library)
        self._echo: int | None = self._speex.speex_echo_state_init(ECHO_BLOCK, _TAIL)
        self._preprocess: int | None = self._speex.speex_preprocess_state_init(
            ECHO_BLOCK, SAMPLE_RATE
        )
        if not self._echo or not self._preprocess:
            self.close()
            raise DeviceError("echo canceller", NAME, "out of memory")
        self._set_up(noise_suppression=noise_suppression)
        self._finder = EchoDelayFinder()
        self._delay = 0
        self._ducker = Ducker()
        self._to_learn = _LEARNING
        self._far = np.zeros(MOST_MS * SAMPLE_RATE // 1000 + ECHO_BLOCK, "<i2")

    @property
    def delay_us(self) -> int:
        """How much later than it went in the near end comes out."""
        return _DELAY_US

    def cancel(self, near: bytes, far: bytes) -> bytes:
        """
        Return a block of the microphone without the loudspeaker.

        Raises:
            DeviceError: After ``close``.

        """
        if self._echo is None:
            raise DeviceError("echo canceller", NAME, "closed")
        self._far = np.concatenate((self._far[ECHO_BLOCK:], np.frombuffer(far, "<i2")))
        self._look_for_delay(near)
        begin = self._far.size - ECHO_BLOCK - self._delay
        late = self._far[begin : begin + ECHO_BLOCK].tobytes()
        out = ctypes.create_string_buffer(2 * ECHO_BLOCK)
        self._speex.speex_echo_cancellation(self._echo, near, late, out)
        self._speex.speex_preprocess_run(self._preprocess, out)
        return self._while_learning(out.raw, far)

    def close(self) -> None:
        """Free the filter; safe to repeat."""
        echo, self._echo = self._echo, None
        preprocess, self._preprocess = self._preprocess, None
        if preprocess:
            self._speex.speex_preprocess_state_destroy(preprocess)
        if echo:
            self._speex.speex_echo_state_destroy(echo)

    def _set_up(self, *, noise_suppression: bool) -> None:
        rate = ctypes.c_int(SAMPLE_RATE)
        self._speex.speex_echo_ctl(
            self._echo, _ECHO_SET_SAMPLING_RATE, ctypes.byref(rate)
        )
        # with the filter at hand it also takes out what the filter left over
        self._speex.speex_preprocess_ctl(
            self._preprocess, _PREPROCESS_SET_ECHO_STATE, self._echo
        )
        denoise = ctypes.c_int(noise_suppression)
        self._speex.speex_preprocess_ctl(
            self._preprocess, _PREPROCESS_SET_DENOISE, ctypes.byref(denoise)
        )

    def _while_learning(self, cleaned: bytes, far: bytes) -> bytes:
        talking = self._to_learn > 0 and talks(far)
        self._to_learn -= talking
        return self._ducker.duck(cleaned, talking=talking)

    def _look_for_delay(self, near: bytes) -> None:
        found = self._finder.compare(
            np.frombuffer(near, "<i2").astype(np.float32),
            self._far[-ECHO_BLOCK:].astype(np.float32),
        )
        if found is None:
            return
        delay = max(0, found - _HEADROOM)
        if abs(delay - self._delay) > _MOVED:
            self._delay = delay
            self._to_learn = _LEARNING
            self._speex.speex_echo_state_reset(self._echo)


def _loaded(library: str) -> ctypes.CDLL:
    try:
        speex = ctypes.CDLL(library)
    except OSError as exc:
        raise DeviceError("echo canceller", NAME, f"{exc}; {CURE}") from exc
    pointer, number = ctypes.c_void_p, ctypes.c_int
    signatures = {
        "speex_echo_state_init": (pointer, (number, number)),
        "speex_echo_state_destroy": (None, (pointer,)),
        "speex_echo_state_reset": (None, (pointer,)),
        "speex_echo_cancellation": (
            None,
            (pointer, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p),
        ),
        "speex_echo_ctl": (number, (pointer, number, pointer)),
        "speex_preprocess_state_init": (pointer, (number, number)),
        "speex_preprocess_state_destroy": (None, (pointer,)),
        "speex_preprocess_run": (number, (pointer, ctypes.c_char_p)),
        "speex_preprocess_ctl": (number, (pointer, number, pointer)),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(speex, name)
        function.restype, function.argtypes = result, arguments
    return speex
