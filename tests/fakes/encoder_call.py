"""
A call's camera with picamera2's own encoder, in a process of its own.

Started with ``bcm2835_codec.c`` in LD_PRELOAD: the encoder, its output and its ioctls
are the release's, unmodified; sensor and requests are the fake board's.  Reads a
scenario from its arguments, and prints what came of it as JSON.
"""

from __future__ import annotations

import fcntl
import json
import logging
import struct
import sys
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from typing_extensions import override

from kiosk.devices.camera_picamera2 import Picamera2Camera
from kiosk.devices.camera_picamera2.vendor import InstalledVendor, has_encoder
from kiosk.devices.testing.picamera2_board import FakeBoard
from kiosk.errors import DeviceStalled
from kiosk.ports import Bitrate
from tests.fakes.devices import CLOCK, SIZE
from tests.fakes.h264_wire import nal_types
from tests.fakes.leaks import held
from tests.fakes.live import Viewer
from tests.fakes.waiting import wait_until


SET_CONTROL = 0xC008561C
BITRATE = 0x009909CF
ROUNDS = 30
Story = Mapping[str, Any]


def camera_of(board: FakeBoard, encoder: type[Any] | None = None) -> Picamera2Camera:
    real: type[Any] = import_module("picamera2.encoders.h264_encoder").H264Encoder
    vendor = InstalledVendor(
        cameras=board.cameras,
        open_camera=board.open_camera,
        close_camera=board.close_camera,
        output=import_module("picamera2.outputs").Output,
        encoder=encoder or real,
        ioctl=fcntl.ioctl,
        colour_space=board.colour_space,
    )
    return Picamera2Camera(
        CLOCK,
        width=SIZE[0],
        height=SIZE[1],
        bitrate=Bitrate(300_000),
        ceiling=Bitrate(600_000),
        vendor=lambda: vendor,
    )


def tell(line: str) -> None:
    """Say where the story is, and wait until it may go on."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    sys.stdin.readline()


def call() -> Story:
    """Look at the first unit, ask for an IDR, and lower the bit rate."""
    viewer, camera = Viewer(), camera_of(FakeBoard())
    began = CLOCK.now()
    camera.start(viewer.on_unit, viewer.on_preview)
    assert viewer.has(20)
    camera.request_idr()
    asked = len(viewer.units)
    assert wait_until(lambda: any(u.is_idr for u in viewer.units[asked:]))
    idr_after = next(n for n, u in enumerate(viewer.units[asked:]) if u.is_idr)
    assert viewer.has(asked + 40)
    before = len(viewer.units)
    camera.set_bitrate(Bitrate(50_000))
    assert viewer.has(before + 50)
    camera.close()
    sizes = [len(unit.data) for unit in viewer.units]
    times = [unit.captured_at for unit in viewer.units]
    return {
        "found": has_encoder(),
        "first": nal_types(viewer.units[0].data),
        "decoded": len(viewer.frames()) / len(viewer.units),
        "idr_after": idr_after,
        "before": sum(sizes[before - 20 : before]),
        "after": sum(sizes[before + 30 : before + 50]),
        "rising": times == sorted(set(times)) and began <= times[0] <= CLOCK.now(),
        "threads": sorted(viewer.threads),
        "previews": len(viewer.previews),
    }


def stranger() -> Story:
    """Set another handle's bit rate, which must change nothing."""
    viewer, camera = Viewer(), camera_of(FakeBoard())
    camera.start(viewer.on_unit)
    assert viewer.has(20)
    with open("/dev/video11", "rb+", buffering=0) as other:  # noqa: PTH123
        fcntl.ioctl(other, SET_CONTROL, struct.pack("<Ii", BITRATE, 25_000))
        before = len(viewer.units)
        assert viewer.has(before + 50)
    camera.close()
    sizes = [len(unit.data) for unit in viewer.units]
    return {
        "before": sum(sizes[before - 10 : before]),
        "after": sum(sizes[before + 40 : before + 50]),
    }


def empty() -> Story:
    """Play while parameter sets come without a picture."""
    viewer, camera = Viewer(), camera_of(FakeBoard())
    camera.start(viewer.on_unit)
    for n in range(1, 4):
        assert viewer.has(8 * n)
        camera.request_idr()
    assert viewer.has(32)
    camera.close()
    return {
        "units": len(viewer.units),
        "decoded": len(viewer.frames()),
        "kinds": sorted({tuple(nal_types(u.data)) for u in viewer.units}),
    }


def stall() -> Story:
    """Wait for the camera to be opened anew after the encoder fell silent."""
    board, viewer = FakeBoard(), Viewer()
    camera = camera_of(board)
    camera.start(viewer.on_unit)
    assert viewer.has(5)
    tell("stall")
    first, began = board.opened[0], time.monotonic()
    assert wait_until(lambda: not first.is_open)
    found_s = time.monotonic() - began
    n_before = len(viewer.units)
    tell("go on")
    assert wait_until(lambda: len(viewer.units) >= n_before + 5, 10.0)
    again = viewer.units[n_before].is_idr
    camera.close()
    return {"found_s": found_s, "again_by_idr": again}


def refused() -> Story:
    """Film again and again where the encoder says no."""
    told: list[str] = []

    class Told(logging.Handler):
        @override
        def emit(self, record: logging.LogRecord) -> None:
            told.append(str(record.__dict__["reason"]))

    logging.getLogger("kiosk").addHandler(Told(logging.WARNING))
    camera = camera_of(FakeBoard())
    filmed, counts = 0, set[tuple[int, int]]()
    for _ in range(10):
        viewer = Viewer()
        camera.start(viewer.on_unit)
        filmed += viewer.has(3)
        camera.close()
        counts.add(held())
    return {"told": told, "filmed": filmed, "held": len(counts), "open": camera.is_open}


def older() -> Story:
    """Ask a picamera2 for an IDR that has no ``force_key_frame``."""
    real: type[Any] = import_module("picamera2.encoders.h264_encoder").H264Encoder

    class Older(real):  # type: ignore[misc]
        @property
        def force_key_frame(self) -> None:
            raise AttributeError("force_key_frame")

    viewer, camera = Viewer(), camera_of(FakeBoard(), Older)
    camera.start(viewer.on_unit)
    assert viewer.has(5)
    camera.request_idr()
    came = wait_until(lambda: any(u.is_idr for u in viewer.units[1:]))
    camera.close()
    return {"came": came}


def rounds() -> Story:
    """Open and close again and again."""
    camera = camera_of(FakeBoard())
    camera.start(Viewer().on_unit)
    camera.close()
    before = held()
    for _ in range(ROUNDS):
        camera.start(Viewer().on_unit)
        try:
            camera.close()
        except DeviceStalled:  # a busy machine: here it is what is left that counts
            assert wait_until(lambda: not camera.is_open, 10.0)
            camera.close()
    return {"before": before, "after": held()}


SCENARIOS: Mapping[str, Callable[[], Story]] = {
    story.__name__: story
    for story in (call, stranger, empty, stall, refused, older, rounds)
}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(SCENARIOS[sys.argv[1]]()))
