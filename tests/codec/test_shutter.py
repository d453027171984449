"""A still is taken by the camera's own thread, or it is said why not."""

from __future__ import annotations

import threading

import pytest

from kiosk.codec.i420 import black_picture, soft_frame
from kiosk.codec.shutter import Shutter
from kiosk.errors import DeviceError, DeviceStalled
from kiosk.ports import Micros, SoftFrame


def picture() -> SoftFrame:
    return soft_frame(black_picture(16, 16), Micros(7))


def not_wanted() -> SoftFrame:
    raise AssertionError("nobody asked")


def test_a_picture_that_nobody_asked_for_is_not_taken() -> None:
    shutter = Shutter("cam")
    shutter.open()

    shutter.take(not_wanted)


def test_whoever_asks_gets_the_next_picture_once() -> None:
    shutter = Shutter("cam")
    shutter.open()
    stop = threading.Event()
    taken: list[SoftFrame] = []

    def still() -> SoftFrame:
        taken.append(picture())
        return taken[-1]

    def film() -> None:
        while not stop.wait(0.001):
            shutter.take(still)

    camera = threading.Thread(target=film)
    camera.start()
    got = shutter.press()
    stop.set()
    camera.join()

    assert taken == [got]


def test_a_camera_that_does_not_come_by_is_stalled() -> None:
    shutter = Shutter("cam")
    shutter.open()

    with pytest.raises(DeviceStalled):
        shutter.press(0.01)
    shutter.take(not_wanted)


def test_closing_ends_the_wait_of_whoever_asked() -> None:
    shutter = Shutter("cam")
    shutter.open()
    threading.Timer(0.05, shutter.close).start()

    with pytest.raises(DeviceError, match="not open"):
        shutter.press(5.0)


def test_a_picture_that_comes_too_late_is_nobodys() -> None:
    shutter = Shutter("cam")
    shutter.open()

    def closes_meanwhile() -> SoftFrame:
        shutter.close()
        return picture()

    threading.Timer(0.05, lambda: shutter.take(closes_meanwhile)).start()

    with pytest.raises(DeviceError, match="not open"):
        shutter.press(5.0)
