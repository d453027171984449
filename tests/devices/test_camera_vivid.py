"""The camera on a real driver: the kernel's vivid, whose test picture moves."""

from __future__ import annotations

import os
from itertools import pairwise

import numpy as np
import pytest

from kiosk.codec.captured_pictures import CapturedPictures
from kiosk.codec.i420 import plane_of
from kiosk.ports import AccessUnit
from kiosk.v4l2.modes import Wanted, modes
from kiosk.v4l2.node import ThisMachine
from kiosk.v4l2.passages import form_of
from kiosk.v4l2.stream import Stream, configure
from kiosk.v4l2.uapi_numbers import Pixel
from tests.fakes.devices import CLOCK, SIZE
from tests.fakes.leaks import held
from tests.fakes.live import Viewer
from tests.fakes.vivid import COLOR_SQUARES, RATE, found_vivid, vivid_camera
from tests.fakes.waiting import wait_until


def test_its_pictures_change_from_one_to_the_next() -> None:
    camera, viewer = vivid_camera(CLOCK, SIZE), Viewer()
    camera.start(viewer.on_unit)
    assert viewer.has(20)
    camera.close()

    changes = [
        float(np.abs(plane_of(a, 0).astype(int) - plane_of(b, 0)).mean())
        for a, b in pairwise(viewer.frames())
    ]

    assert min(changes) > 1


def test_its_stamps_are_monotonic_and_spaced_as_the_rate_asked_for() -> None:
    camera, viewer = vivid_camera(CLOCK, SIZE), Viewer()
    came: list[int] = []

    def note(unit: AccessUnit) -> None:
        came.append(CLOCK.now())
        viewer.on_unit(unit)

    camera.start(note)
    assert viewer.has(30)
    camera.close()

    times = [unit.captured_at for unit in viewer.units]
    ages = [at - taken for at, taken in zip(came, times, strict=True)]
    steps = [b - a for a, b in pairwise(times[5:])]

    assert min(ages) >= 0
    assert np.median(ages) < 500_000  # another clock is off by hours
    assert np.median(steps) == pytest.approx(1_000_000 / RATE, rel=0.1)


@pytest.mark.parametrize("pixel", [Pixel.YUYV, Pixel.UYVY, Pixel.NV12, Pixel.YUV420])
def test_every_format_of_the_driver_becomes_the_same_picture(pixel: Pixel) -> None:
    found, machine = found_vivid(COLOR_SQUARES), ThisMachine()
    node, wake = machine.open(found.node.path), os.eventfd(0)
    (mode, *_) = modes(node, (pixel,), Wanted(320, 180, RATE))
    granted = configure(node, found.stable_name, mode)
    stream = Stream(node, found.stable_name, granted, CLOCK, wake)
    try:
        assert stream.wait(2.0)
        captured = stream.take()
        assert captured is not None
        pictures = CapturedPictures(form_of(granted), 320, 180)
        picture = pictures.picture(captured.content)
        captured.content.release()
    finally:
        stream.close()
        node.close()
        os.close(wake)

    # squares of every colour, from black to white
    assert picture.shape == (270, 320)
    assert np.ptp(picture[:180]) > 100
    assert np.ptp(picture[180:]) > 100


def test_fifty_rounds_leave_no_thread_and_no_descriptor() -> None:
    camera = vivid_camera(CLOCK, SIZE)
    camera.start(Viewer().on_unit)
    camera.close()
    before = held()

    for _ in range(50):
        camera.start(Viewer().on_unit)
        camera.close()

    assert held() == before


def test_a_second_user_is_told_who_has_it() -> None:
    camera, other = vivid_camera(CLOCK, SIZE), vivid_camera(CLOCK, SIZE)
    viewer = Viewer()
    camera.start(viewer.on_unit)

    assert "in use by this kiosk" in other.probe().found
    with pytest.raises(Exception, match=rf"busy: in use by .*process {os.getpid()}"):
        other.start(Viewer().on_unit)
    n_units = len(viewer.units)
    assert wait_until(lambda: len(viewer.units) > n_units + 2)
    camera.close()
