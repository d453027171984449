"""USB cameras beyond their port's promises: times, modes, damage, plugs."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest

from kiosk.codec.i420 import plane_of
from kiosk.codec.shutter import Shutter
from kiosk.devices.testing.v4l2_machine import FakeMachine
from kiosk.devices.testing.v4l2_webcam import Damage, FakeWebcam, Offer, Stamps
from kiosk.errors import DeviceError
from kiosk.ports import DmabufFrame, SoftFrame
from kiosk.v4l2.modes import Wanted
from kiosk.v4l2.opening import OpenCamera, open_camera
from kiosk.v4l2.running import RunningCamera
from kiosk.v4l2.stream import Captured
from kiosk.v4l2.uapi_numbers import Cid, Pixel
from tests.fakes.leaks import held
from tests.fakes.live import Viewer, running
from tests.fakes.waiting import wait_until
from tests.fakes.webcams import CLOCK, camera_on, painted_us, webcam


FORMATS = [
    Pixel.YUYV,
    Pixel.UYVY,
    Pixel.NV12,
    Pixel.YUV420,
    Pixel.MJPEG,
    Pixel.JPEG,
    Pixel.H264,
]
TELLS_EXPOSURE = {Cid.EXPOSURE_ABSOLUTE: 100}
STEERED = {Cid.MPEG_VIDEO_FORCE_KEY_FRAME: 0, Cid.MPEG_VIDEO_BITRATE: 600_000}


@pytest.fixture(params=FORMATS, ids=lambda pixel: pixel.name.lower())
def cam(request: pytest.FixtureRequest) -> FakeWebcam:
    return webcam(request.param, controls=TELLS_EXPOSURE | STEERED, padding=64)


def seen_by(cam: FakeWebcam, n_units: int = 6) -> Viewer:
    """Return what a viewer got of a camera that was opened and closed."""
    camera, viewer = camera_on(cam), Viewer()
    camera.start(viewer.on_unit, viewer.on_preview)
    assert viewer.has(n_units)
    assert wait_until(lambda: len(viewer.previews) >= 2)
    camera.close()
    return viewer


def test_every_picture_is_stamped_with_the_middle_of_its_exposure(
    cam: FakeWebcam,
) -> None:
    frames = seen_by(cam).frames()

    assert len(frames) >= 6
    assert {painted_us(frame) in range(100) for frame in frames} == {True}


def test_the_self_view_shows_the_same_clock(cam: FakeWebcam) -> None:
    for frame in seen_by(cam).previews:
        assert isinstance(frame, SoftFrame)
        assert painted_us(frame) in range(100)


def test_a_driver_that_stamps_the_end_of_a_picture_is_believed() -> None:
    cam = webcam(controls=TELLS_EXPOSURE, stamps=Stamps.END)

    assert {painted_us(f) in range(1000) for f in seen_by(cam).frames()} == {True}


def test_without_a_told_exposure_half_a_period_stands_in() -> None:
    # 8.3 ms are taken for half of an exposure that lasted 10 ms
    errors = [painted_us(frame) for frame in seen_by(webcam()).frames()]

    assert all(error in range(3_000, 3_500) for error in errors[1:])


def test_stamps_of_another_clock_are_told_once_and_give_way_to_the_arrival(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        frames = seen_by(webcam(stamps=Stamps.WALL)).frames()

    late_us = sorted(abs(painted_us(frame) or 0) for frame in frames)
    assert late_us[len(late_us) // 2] < 100_000
    # The wall clock is decades away; a busy machine is late by a second or two.
    assert late_us[-1] < 5_000_000
    assert caplog.text.count("by another clock") == 1


def test_black_white_and_colours_arrive_as_they_were(cam: FakeWebcam) -> None:
    frame = seen_by(cam).frames()[-1]
    luma = plane_of(frame, 0)

    assert not frame.full_range
    black, white = np.percentile(luma[:16], (4, 96))  # beyond is x264's ringing
    assert (black, white) == pytest.approx((16, 235), abs=4)
    # the skin of the scene, in the middle of the head
    assert np.median(plane_of(frame, 1)[55:65, 75:85]) == pytest.approx(112, abs=3)
    assert np.median(plane_of(frame, 2)[55:65, 75:85]) == pytest.approx(150, abs=3)


@pytest.mark.parametrize("damage", [Damage.FLAGGED, Damage.SHORT], ids=str)
def test_damaged_pictures_are_counted_and_never_shown(
    damage: Damage, caplog: pytest.LogCaptureFixture
) -> None:
    cam = webcam(Pixel.MJPEG)
    camera, viewer = camera_on(cam), Viewer()
    camera.start(viewer.on_unit)
    assert viewer.has(3)

    with caplog.at_level(logging.WARNING):
        cam.switches.damage = damage
        assert wait_until(lambda: "damaged pictures" in caplog.text)
    cam.switches.damage = None
    n_units = len(viewer.units)
    assert viewer.has(n_units + 3)
    camera.close()

    assert {painted_us(frame) is not None for frame in viewer.frames()} == {True}


def test_only_damaged_pictures_are_a_stall(caplog: pytest.LogCaptureFixture) -> None:
    cam = webcam(Pixel.MJPEG)
    camera, viewer = camera_on(cam), Viewer()
    camera.start(viewer.on_unit)

    with caplog.at_level(logging.WARNING):
        cam.switches.damage = Damage.CORRUPT
        assert wait_until(lambda: "only damaged pictures for" in caplog.text)
    camera.close()


def test_a_damaged_coded_picture_is_followed_by_an_idr() -> None:
    cam = webcam(Pixel.H264, controls=dict(STEERED))
    camera, viewer = camera_on(cam), Viewer()
    camera.start(viewer.on_unit)
    assert viewer.has(3)

    cam.switches.damage = Damage.CORRUPT
    assert wait_until(lambda: cam.controls[Cid.MPEG_VIDEO_FORCE_KEY_FRAME] == 1)
    cam.switches.damage = None
    n_before = len(viewer.units)
    assert viewer.has(n_before + 3)
    camera.close()

    assert viewer.units[n_before].is_idr


def test_a_camera_that_wakes_slowly_is_waited_for_whenever_it_is_opened(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cam = webcam()
    cam.switches.wakes_s = 2.0
    camera, viewer = camera_on(cam), Viewer()
    camera.start(viewer.on_unit)
    cam.unplug()
    assert wait_until(lambda: not camera.is_open)
    cam.plug()
    n_before = len(viewer.units)
    assert viewer.has(n_before + 3)
    camera.close()

    assert caplog.text.count("lost") == 1


def test_a_camera_whose_first_pictures_are_damaged_is_not_opened_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cam = webcam(Pixel.MJPEG)
    cam.switches.damage = Damage.CORRUPT
    camera, viewer = camera_on(cam), Viewer()

    def warm_up() -> None:
        cam.switches.damage = None

    warming = threading.Timer(2.0, warm_up)
    warming.start()
    camera.start(viewer.on_unit)
    warming.join()
    camera.close()

    assert "lost" not in caplog.text


def test_a_silent_camera_is_found_within_two_seconds_and_opened_again(
    cam: FakeWebcam, caplog: pytest.LogCaptureFixture
) -> None:
    camera, viewer = camera_on(cam), Viewer()
    camera.start(viewer.on_unit)
    assert viewer.has(3)

    with caplog.at_level(logging.WARNING):
        stalled_at = CLOCK.now()
        cam.switches.stalled = True
        assert wait_until(lambda: not camera.is_open)
        found_after_s = (CLOCK.now() - stalled_at) / 1_000_000
        cam.switches.stalled = False
        n_before = len(viewer.units)
        assert viewer.has(n_before + 3)
    assert camera.is_open
    camera.close()

    assert found_after_s < 2
    assert "no picture for 1.5 s" in caplog.text
    assert "opened again after" in caplog.text
    assert len(viewer.frames()) == len(viewer.units)


def test_an_unplugged_camera_is_missed_at_once_and_found_under_another_number(
    cam: FakeWebcam, caplog: pytest.LogCaptureFixture
) -> None:
    camera, viewer = camera_on(cam), Viewer()
    camera.start(viewer.on_unit)
    assert viewer.has(3)

    with caplog.at_level(logging.WARNING):
        unplugged_at = CLOCK.now()
        cam.unplug()
        assert wait_until(lambda: not camera.is_open)
        missed_after_s = (CLOCK.now() - unplugged_at) / 1_000_000
        cam.plug()
        n_before = len(viewer.units)
        assert viewer.has(n_before + 3)
    assert cam.path == "/dev/video2"
    camera.close()

    assert missed_after_s < 0.5
    assert "lost: unplugged" in caplog.text
    assert len(viewer.frames()) == len(viewer.units)


def test_a_listener_that_raises_is_told_and_the_camera_does_not_stay_open(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cam = webcam()
    before = held()
    camera, viewer = camera_on(cam), Viewer()
    faults = [ValueError("a fault of this program")]

    def show(frame: SoftFrame | DmabufFrame) -> None:
        if len(viewer.units) >= 3 and faults:
            raise faults.pop()
        viewer.on_preview(frame)

    camera.start(viewer.on_unit, show)
    assert wait_until(lambda: not camera.is_open)
    assert cam.owner is None
    n_before = len(viewer.units)
    assert viewer.has(n_before + 3)
    camera.close()

    assert "lost: ValueError: a fault of this program" in caplog.text
    caplog.clear()  # with the traceback, which holds what it saw
    assert held() == before


class Stumbling:
    """Takes pictures of a camera that was opened again only when asked twice."""

    def __init__(self) -> None:
        self._faults = [ValueError("a fault of this program")]

    def follow(self, opened: OpenCamera) -> None:
        if self._faults:
            raise self._faults.pop()

    def offer(self, captured: Captured) -> bool:
        return True

    def still(self, captured: Captured) -> None:
        return None


def test_a_fault_when_a_camera_is_opened_again_does_not_leave_it_open_to_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cam, before = webcam(), held()
    wake, wanted = os.eventfd(0), Wanted(320, 240, 30.0)
    opening = partial(open_camera, FakeMachine(cam), "", wanted, CLOCK, wake)
    camera = RunningCamera(opening(), Stumbling(), opening, CLOCK, Shutter("v4l2"))
    with running(camera.run):
        assert camera.came.wait(2.0)
        cam.unplug()
        assert wait_until(lambda: not camera.is_streaming)
        cam.plug()
        is_back = wait_until(lambda: camera.is_streaming)
        camera.closing.set()
    os.close(wake)

    assert is_back
    assert "a fault of this program" in caplog.text
    caplog.clear()  # with the traceback, which holds what it saw
    assert held() == before


def test_a_camera_that_is_away_can_be_closed() -> None:
    cam = webcam()
    before = held()
    camera, viewer = camera_on(cam), Viewer()
    camera.start(viewer.on_unit)
    cam.unplug()
    assert wait_until(lambda: not camera.is_open)

    with pytest.raises(DeviceError, match="busy: started already"):
        camera.start(viewer.on_unit)
    camera.close()

    assert held() == before


def test_a_size_that_is_missing_is_made_of_another_in_the_right_shape() -> None:
    cam = webcam(Pixel.MJPEG)
    camera, viewer = camera_on(cam, size=(480, 270)), Viewer()
    camera.start(viewer.on_unit)
    assert viewer.has(3)
    still = camera.take_still()
    camera.close()

    frames = viewer.frames()

    assert {(f.width, f.height) for f in frames} == {(480, 270)}
    assert {painted_us(f) is not None for f in frames} == {True}
    assert (still.width, still.height) == (640, 360)


def test_a_camera_of_another_shape_is_cropped_not_squeezed() -> None:
    cam = FakeWebcam(CLOCK, offers=(Offer(Pixel.YUYV, ((640, 480),)),))
    camera, viewer = camera_on(cam, size=(320, 180)), Viewer()
    camera.start(viewer.on_unit)
    assert viewer.has(2)
    camera.close()

    frame = viewer.frames()[0]
    rows, columns = np.nonzero(plane_of(frame, 2) > 142)  # the face

    # it is four fifths as wide as it is high, and would be wider than high if squeezed
    assert np.ptp(columns) / np.ptp(rows) == pytest.approx(0.8, abs=0.06)
    # the clock was in the upper 40 of 480 rows, of which 60 are cut off
    assert painted_us(frame) is None


def test_a_driver_with_fewer_buffers_than_asked_for_serves() -> None:
    cam = webcam()
    cam.switches.most_buffers = 2
    camera, viewer = camera_on(cam), Viewer()
    camera.start(viewer.on_unit)

    assert viewer.has(5)
    camera.close()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("pixel", [Pixel.YUYV, Pixel.H264], ids=["raw", "coded"])
def test_a_thousand_rounds_leave_no_thread_and_no_descriptor(pixel: Pixel) -> None:
    cam = webcam(pixel, controls=dict(STEERED))
    camera = camera_on(cam)
    camera.start(Viewer().on_unit)
    camera.close()
    before = held()

    for _ in range(1_000):
        camera.start(Viewer().on_unit)
        camera.close()

    assert held() == before


def test_plugs_within_a_call_leave_no_thread_and_no_descriptor() -> None:
    cam = webcam()
    before = held()
    camera, viewer = camera_on(cam), Viewer()
    camera.start(viewer.on_unit)
    for _ in range(5):
        cam.unplug()
        assert wait_until(lambda: not camera.is_open)
        cam.plug()
        assert wait_until(lambda: camera.is_open)
    camera.close()

    assert held() == before


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    before = held()[0]
    yield
    assert held()[0] <= before + 1
