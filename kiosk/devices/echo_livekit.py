"""
WebRTC's echo canceller (AEC3) with noise suppression.

livekit's wheel carries it and needs no room or connection for it.  It finds
the delay of the echo by itself.  Its gain control is not used: it lets 15 dB more
of the echo through (:mod:`kiosk.media.gain` does that).  The first use in a
process loads 28 MB of library; what it holds, its threads included, stays until
the process ends.
"""

# livekit's wheel is typed, its generated protocol buffers only in part
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import logging
from importlib import import_module
from typing import Any

from kiosk.errors import DeviceError
from kiosk.ports import ECHO_BLOCK, SAMPLE_RATE
from kiosk.wheels import make_importable


NAME = "livekit"
CURE = "install the package kiosk-wheels; in a checkout: pip install '.[aec]'"
FLOORS = {"aiofiles": "24", "protobuf": "4.25", "livekit": "1.2"}
"""Oldest versions that do; Debian's protobuf is 3.21."""

_REFUSALS = (RuntimeError, AssertionError)  # its two ways to say no

FILTER_BANK_US, SUPPRESSOR_US = 9_000, 6_000
"""Delay of its band split, and of its noise suppression; measured on 1.2.1."""


def _quiet_import() -> Any:
    # its native side logs through Python, on threads of its own
    logging.getLogger("livekit").setLevel(logging.WARNING)
    make_importable(FLOORS)
    return import_module("livekit.rtc")


class LivekitEchoCanceller:
    """
    Implements :class:`kiosk.ports.EchoCanceller` with livekit's library.

    Args:
        noise_suppression: Whether steady noise is taken out.
        load: Imports the library.

    Raises:
        DeviceError: If it is not installed, or not for this machine.

    """

    def __init__(
        self,
        *,
        noise_suppression: bool,
        load: Any = _quiet_import,
    ) -> None:
        try:
            self._rtc = load()
            self._module = self._rtc.AudioProcessingModule(
                echo_cancellation=True,
                high_pass_filter=True,
                noise_suppression=noise_suppression,
            )
        except ImportError as exc:
            raise DeviceError("echo canceller", NAME, f"{exc}; {CURE}") from exc
        except _REFUSALS as exc:
            raise DeviceError("echo canceller", NAME, str(exc)) from exc
        self._delay_us = FILTER_BANK_US + noise_suppression * SUPPRESSOR_US

    @property
    def delay_us(self) -> int:
        """How much later than it went in the near end comes out."""
        return self._delay_us

    def cancel(self, near: bytes, far: bytes) -> bytes:
        """
        Return a block of the microphone without the loudspeaker.

        Raises:
            DeviceError: If the library says no, or after ``close``.

        """
        module = self._module
        if module is None:
            raise DeviceError("echo canceller", NAME, "closed")
        frame = self._frame(near)
        try:
            module.process_reverse_stream(self._frame(far))
            module.process_stream(frame)
        except _REFUSALS as exc:
            raise DeviceError("echo canceller", NAME, str(exc)) from exc
        return bytes(frame.data)

    def close(self) -> None:
        """Give the canceller back; the library stays loaded."""
        self._module = None

    def _frame(self, pcm: bytes) -> Any:
        return self._rtc.AudioFrame(bytearray(pcm), SAMPLE_RATE, 1, ECHO_BLOCK)
