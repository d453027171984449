"""The synthetic camera beyond its port's promises."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from kiosk.codec.i420 import plane_of
from kiosk.codec.painted_clock import read
from kiosk.devices.camera_synthetic import SyntheticCamera
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.errors import DeviceError, DeviceStalled, MediaError
from kiosk.ports import AccessUnit, Bitrate, SoftFrame
from tests.fakes.live import Viewer
from tests.fakes.patience import PATIENCE_S
from tests.fakes.waiting import wait_until


def new_camera(width: int = 640, height: int = 360) -> SyntheticCamera:
    return SyntheticCamera(
        MonotonicClock(),
        width=width,
        height=height,
        bitrate=Bitrate(600_000),
        ceiling=Bitrate(1_000_000),
    )


@pytest.fixture
def camera() -> Iterator[SyntheticCamera]:
    camera = new_camera()
    yield camera
    camera.close()


def painted(frame: SoftFrame) -> int | None:
    return read(plane_of(frame, 0), frame.captured_at)


def test_every_picture_carries_its_capture_time(camera: SyntheticCamera) -> None:
    viewer = Viewer()
    camera.start(viewer.on_unit)
    assert viewer.has(10)
    camera.close()

    frames = viewer.frames()

    assert [painted(f) for f in frames] == [f.captured_at // 100 * 100 for f in frames]


def test_the_self_view_carries_it_too(camera: SyntheticCamera) -> None:
    viewer = Viewer()
    camera.start(viewer.on_unit, viewer.on_preview)
    assert wait_until(lambda: len(viewer.previews) >= 2)
    camera.close()

    for frame in viewer.previews:
        assert isinstance(frame, SoftFrame)
        assert (frame.width, frame.height) == (320, 180)
        assert painted(frame) == frame.captured_at // 100 * 100


def test_a_stalled_camera_is_open_and_silent_until_it_goes_on(
    camera: SyntheticCamera,
) -> None:
    viewer = Viewer()
    camera.start(viewer.on_unit)
    assert viewer.has(2)

    camera.stall()
    threading.Event().wait(0.1)
    n_before = len(viewer.units)
    threading.Event().wait(0.15)

    assert camera.is_open
    assert len(viewer.units) == n_before
    camera.stall(stalled=False)
    assert viewer.has(n_before + 2)


def test_a_size_that_cannot_be_encoded_is_a_device_error() -> None:
    with pytest.raises(DeviceError, match="641x360; both sides must be even"):
        new_camera(641, 360).start(Viewer().on_unit)


def test_a_callback_that_blocks_makes_closing_fail_within_its_second(
    camera: SyntheticCamera,
) -> None:
    release = threading.Event()
    blocked = threading.Event()

    def block(_: AccessUnit) -> None:
        blocked.set()
        release.wait(10)

    camera.start(block)
    assert blocked.wait(PATIENCE_S)

    with pytest.raises(DeviceStalled, match="camera at synthetic"):
        camera.close()
    assert camera.is_open
    release.set()


def test_a_camera_whose_encoder_fails_is_closed_and_says_so(
    camera: SyntheticCamera, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: AccessUnit) -> None:
        raise MediaError("encoder lost its mind")

    with caplog.at_level(logging.ERROR):
        camera.start(fail)

        assert wait_until(lambda: not camera.is_open)
    assert "camera stopped: encoder lost its mind" in caplog.text
