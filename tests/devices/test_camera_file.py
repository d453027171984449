"""The file camera beyond its port's promises."""

from __future__ import annotations

import logging
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.codec.i420 import plane_of
from kiosk.codec.painted_clock import read
from kiosk.devices.camera_file import FileCamera
from kiosk.devices.clock_monotonic import MonotonicClock
from kiosk.errors import DeviceError
from kiosk.ports import Bitrate, Clock, Micros
from tests.fakes.clips import write_sound, write_video
from tests.fakes.leaks import open_descriptors
from tests.fakes.live import Viewer
from tests.fakes.waiting import wait_until


class SlowMachine:
    """A clock on which every step of the program takes 150 ms."""

    def __init__(self) -> None:
        self._now = 1_000_000

    def now(self) -> Micros:
        self._now += 150_000
        return Micros(self._now)

    def wall_s(self) -> float:
        return 0.0


def new_camera(
    path: str,
    *,
    clock: Clock | None = None,
    size: tuple[int, int] = (320, 240),
    paint_clock: bool = False,
) -> FileCamera:
    return FileCamera(
        clock or MonotonicClock(),
        path,
        width=size[0],
        height=size[1],
        bitrate=Bitrate(300_000),
        ceiling=Bitrate(600_000),
        paint_clock=paint_clock,
    )


@pytest.fixture
def clip_path(tmp_path: Path) -> str:
    return write_video(tmp_path / "clip.mp4", pictures=4)


def test_the_file_is_played_again_and_again_at_its_own_pace(clip_path: str) -> None:
    viewer = Viewer()
    with closing(new_camera(clip_path)) as camera:
        camera.start(viewer.on_unit)
        assert viewer.has(11)

    span_us = viewer.units[10].captured_at - viewer.units[0].captured_at
    assert span_us >= 10 * 40_000 - 20_000


def test_with_the_painted_clock_every_picture_carries_its_capture_time(
    clip_path: str,
) -> None:
    viewer = Viewer()
    with closing(new_camera(clip_path, paint_clock=True)) as camera:
        camera.start(viewer.on_unit)
        assert viewer.has(4)

    for frame in viewer.frames():
        painted = read(plane_of(frame, 0), frame.captured_at)
        assert painted == frame.captured_at // 100 * 100


def test_without_it_the_picture_is_the_files_own(clip_path: str) -> None:
    viewer = Viewer()
    with closing(new_camera(clip_path)) as camera:
        camera.start(viewer.on_unit)
        assert viewer.has(2)

    luma = plane_of(viewer.frames()[0], 0)
    assert luma.std() < 8
    assert 170 < luma.mean() < 200


def test_a_machine_too_slow_for_the_file_still_shows_pictures(clip_path: str) -> None:
    viewer = Viewer()
    with closing(new_camera(clip_path, clock=SlowMachine())) as camera:
        camera.start(viewer.on_unit)

        assert viewer.has(3)


@pytest.mark.parametrize("name", ["missing.mp4", "sound.wav", "text.mp4"])
def test_a_file_that_cannot_be_played_is_named_with_the_cure(
    tmp_path: Path, name: str
) -> None:
    write_sound(tmp_path / "sound.wav")
    (tmp_path / "text.mp4").write_text("no video")
    camera = new_camera(str(tmp_path / name))
    before = open_descriptors()

    with pytest.raises(DeviceError, match=f'{name}.*or use camera "synthetic"'):
        camera.start(Viewer().on_unit)

    assert camera.probe().wrong
    assert not camera.is_open
    assert open_descriptors() == before


def test_a_size_that_cannot_be_encoded_is_a_device_error(clip_path: str) -> None:
    before = open_descriptors()

    with pytest.raises(DeviceError, match="both sides must be even"):
        new_camera(clip_path, size=(322, 241)).start(Viewer().on_unit)

    assert open_descriptors() == before


def test_a_file_that_vanishes_closes_the_camera_and_is_named(
    clip_path: str, caplog: pytest.LogCaptureFixture
) -> None:
    viewer = Viewer()
    with closing(new_camera(clip_path)) as camera, caplog.at_level(logging.ERROR):
        camera.start(viewer.on_unit)
        assert viewer.has(1)
        Path(clip_path).unlink()

        assert wait_until(lambda: not camera.is_open)
    assert "clip.mp4" in caplog.text
