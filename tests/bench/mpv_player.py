"""
mpv as a player, its pictures looked at when they are due on its own clock.

``python -m tests.bench.mpv_player URL SECONDS``: libmpv with the software
renderer, told to wait with each picture until its time, as a window would; the
sound goes to the timed null output.  Ends by printing one JSON object: when
each picture was painted, and how old it was when shown.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import json
import locale
import sys
import threading
import time
from typing import Any

import numpy as np

from kiosk.codec import painted_clock
from kiosk.devices.clock_monotonic import MonotonicClock
from tests.bench.ages import Ages
from tests.bench.peers import HEIGHT, WIDTH


OPTIONS = {
    "vo": "libmpv",
    "ao": "null",
    "profile": "low-latency",
    "hwdec": "no",
    "cache": "no",
    "demuxer-lavf-o": "tcp_nodelay=1",
    "demuxer-lavf-analyzeduration": "0.1",
    "demuxer-lavf-probesize": "20000",
    "demuxer-lavf-probe-info": "yes",
}
"""The low-latency profile, with a probe that finds picture and sound."""

_API_TYPE, _SW_SIZE, _SW_FORMAT, _SW_STRIDE, _SW_POINTER = 1, 17, 18, 19, 20
_FRAME = 1
_PIXEL_BYTES = 4


def why_not() -> str:
    """Return why mpv cannot be measured here; nothing if it can."""
    if ctypes.util.find_library("mpv") is None:
        return "mpv not measured: apt-get install libmpv2"
    return ""


def play(url: str, seconds: float) -> Ages:
    locale.setlocale(locale.LC_NUMERIC, "C")  # or mpv refuses to begin
    mpv = ctypes.CDLL(ctypes.util.find_library("mpv"))
    mpv.mpv_create.restype = ctypes.c_void_p
    handle = ctypes.c_void_p(mpv.mpv_create())
    for name, value in OPTIONS.items():
        _check(mpv.mpv_set_option_string(handle, name.encode(), value.encode()))
    _check(mpv.mpv_initialize(handle))
    context = ctypes.c_void_p()
    software = _Parameters({_API_TYPE: ctypes.c_char_p(b"sw")})
    _check(mpv.mpv_render_context_create(ctypes.byref(context), handle, software))
    try:
        command = (ctypes.c_char_p * 3)(b"loadfile", url.encode(), None)
        _check(mpv.mpv_command(handle, command))
        return _look(mpv, context, seconds)
    finally:
        mpv.mpv_render_context_free(context)
        mpv.mpv_terminate_destroy(handle)


def _look(mpv: Any, context: ctypes.c_void_p, seconds: float) -> Ages:
    news = threading.Event()
    told = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda _: news.set())
    mpv.mpv_render_context_set_update_callback(context, told, None)
    mpv.mpv_render_context_update.restype = ctypes.c_uint64
    pixels = np.zeros((HEIGHT, WIDTH, _PIXEL_BYTES), np.uint8)
    target = _Parameters(
        {
            _SW_SIZE: (ctypes.c_int * 2)(WIDTH, HEIGHT),
            _SW_FORMAT: ctypes.c_char_p(b"rgb0"),
            _SW_STRIDE: ctypes.c_size_t(WIDTH * _PIXEL_BYTES),
            _SW_POINTER: pixels.ctypes.data_as(ctypes.c_void_p),
        }
    )
    clock, ages = MonotonicClock(), Ages()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not news.wait(0.1):
            continue
        news.clear()
        if mpv.mpv_render_context_update(context) & _FRAME:
            _check(mpv.mpv_render_context_render(context, target))  # waits till due
            now = clock.now()
            green = np.ascontiguousarray(pixels[:, :, 1])
            ages.add(now, painted_clock.read(green, now))
    mpv.mpv_render_context_set_update_callback(context, None, None)
    return ages


class _Parameters:
    """An array of kinds and pointers as mpv takes it, and what it points to."""

    def __init__(self, values: dict[int, Any]) -> None:
        self._values = values
        words: list[int] = []
        for kind, value in values.items():
            # texts and pixels are pointers themselves, numbers are pointed to
            is_pointer = isinstance(value, ctypes.c_char_p | ctypes.c_void_p)
            pointer = value if is_pointer else ctypes.byref(value)
            words += [kind, ctypes.cast(pointer, ctypes.c_void_p).value or 0]
        # struct { int; void *; } and a row of zeroes: two words each, 64 bits
        self._as_parameter_ = (ctypes.c_uint64 * (len(words) + 2))(*words)


def _check(error: int) -> None:
    if error < 0:
        raise RuntimeError(f"mpv: error {error}")


if __name__ == "__main__":
    found = play(sys.argv[1], float(sys.argv[2]))
    print(json.dumps({"series": found.series, "unreadable": found.unreadable}))
